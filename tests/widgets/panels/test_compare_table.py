from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.panels.compare_table import OTHER, SAME, CompareGroup, CompareTable
from widgets.theme import apply_theme

LEFT = Qt.MouseButton.LeftButton
DONE = CompareGroup("What came of it", [("Took", ("1 s", "2 s"))])
SEED = CompareGroup(SAME, [("Seed", ("0", "0"))], open=False)


def test_what_differs_comes_first_and_the_rest_is_folded(qtbot: QtBot) -> None:
    table = CompareTable(dots=True)
    qtbot.addWidget(table)
    groups = (DONE, CompareGroup(OTHER, [("Batch", ("4", "8"))], none="Nothing"), SEED)
    table.setGroups(["a", "b"], groups)
    table.show()
    assert table.rows(OTHER) == [("Batch", "4", "8")]
    assert table.isOpen(OTHER)
    assert not table.isOpen(SAME)
    item = table.topLevelItem(2)
    assert item is not None
    place = table.visualItemRect(item).center()
    QTest.mouseClick(table.viewport(), LEFT, pos=place)
    QTest.mouseDClick(table.viewport(), LEFT, pos=place)
    assert table.isOpen(SAME)
    table.setGroups(["a", "b"], groups)
    assert table.isOpen(SAME), "as the user left it"
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    apply_theme(application, "light")
    table.setGroups(["a"], (DONE, CompareGroup(OTHER, [], none="Nothing else"), SEED))
    assert table.rows(OTHER)[0][0] == "Nothing else"


def test_each_has_the_colour_of_its_curves_if_asked(qtbot: QtBot) -> None:
    for dots in (True, False):
        table = CompareTable(dots=dots)
        qtbot.addWidget(table)
        table.setGroups(["a", "b"], (DONE,))
        head = table.headerItem()
        assert head is not None
        assert [head.icon(column).isNull() for column in range(3)] == [True, not dots, not dots]


def test_parts_that_labels_share_stand_above_them_once(qtbot: QtBot) -> None:
    table = CompareTable()
    qtbot.addWidget(table)
    rows = [
        ("Seed", ("0", "1")), ("T2 to T1 › SSIM", ("0.3", "0.4")),
        ("T2 to T1 › PSNR", ("12", "13")), ("PD to T1 › SSIM", ("0.5", "")),
    ]  # fmt: skip
    table.setGroups(["a", "b"], (CompareGroup("Figures", rows),))
    table.show()
    assert table.rows("Figures") == [(label, *values) for label, values in rows]
    group = table.topLevelItem(0)
    assert group is not None
    shown = [item.text(0).strip() for place in range(group.childCount())
             if (item := group.child(place)) is not None]  # fmt: skip
    assert shown == ["Seed", "T2 to T1", "SSIM", "PSNR", "PD to T1", "SSIM"]
    assert group.text(0) == "Figures (4)"
