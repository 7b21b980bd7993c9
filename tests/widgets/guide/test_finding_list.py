from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.guide.finding_list import MOST, FindingItem, FindingList

LEFT = Qt.MouseButton.LeftButton
ITEMS = [
    FindingItem("error", "Values", "NaN.", "Fill them.", fix="Fill values"),
    FindingItem("note", "Sizes", "They differ.", "Nothing needs to be done."),
    FindingItem("warning", "Copies", "Twice.", "Keep one.", fix="Keep the first"),
]


def shown(qtbot: QtBot, items: list[FindingItem]) -> FindingList:
    found = FindingList()
    qtbot.addWidget(found)
    found.setItems(items)
    found.show()
    return found


def test_buttons_say_what_is_to_be_mended(qtbot: QtBot) -> None:
    found = shown(qtbot, ITEMS)
    first, second = found.buttons()
    assert (first.text(), second.text()) == ("Fill values", "Keep the first")
    assert found.checked() == ()
    with qtbot.waitSignal(found.toggled):
        QTest.mouseClick(second, LEFT)
    assert found.checked() == (2,)
    found.setAllChecked(True)
    assert found.checked() == (0, 2)
    assert first.isChecked()
    found.setItems(ITEMS[1:2])
    assert found.checked() == ()
    assert not found.canMend()


def test_many_rows_come_a_few_at_a_time_and_all_can_be_marked(qtbot: QtBot) -> None:
    found = shown(qtbot, ITEMS[:1] * (MOST + 20))
    assert len(found.buttons()) < 10
    found.setAllChecked(True)
    assert len(found.checked()) == MOST + 20
    qtbot.waitUntil(lambda: len(found.buttons()) == MOST, timeout=20_000)
    assert all(button.isChecked() for button in found.buttons())
