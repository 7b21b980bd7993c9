from __future__ import annotations

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.guide.choice_list import Choice, ChoiceList

LEFT = Qt.MouseButton.LeftButton
CHOICES = [
    Choice("a", "First", "The first of them."),
    Choice("b", "Second", "Another."),
    Choice("c", "Third", "Not now.", enabled=False),
]


def shown(qtbot: QtBot) -> ChoiceList:
    found = ChoiceList()
    qtbot.addWidget(found)
    found.setChoices(CHOICES)
    with qtbot.waitActive(found):
        found.show()
        found.activateWindow()
    return found


def test_a_click_anywhere_on_an_answer_takes_it(qtbot: QtBot) -> None:
    found = shown(qtbot)
    assert found.choice() == ""
    card = found.button("b").parentWidget()
    assert card is not None
    with qtbot.waitSignal(found.chosen) as told:
        QTest.mouseClick(card, LEFT, pos=QPoint(card.width() - 4, card.height() - 4))
    assert told.args == ["b"]
    assert found.choice() == "b"
    assert card.property("chosen")
    out_of_reach = found.button("c").parentWidget()
    assert out_of_reach is not None
    QTest.mouseClick(out_of_reach, LEFT)
    assert found.choice() == "b"


def test_the_keys_go_from_answer_to_answer(qtbot: QtBot) -> None:
    found = shown(qtbot)
    found.focusAnswer()
    assert found.button("a").hasFocus()
    with qtbot.waitSignal(found.chosen):
        QTest.keyClick(found.button("a"), Qt.Key.Key_Space)
    QTest.keyClick(found.button("a"), Qt.Key.Key_Down)
    assert found.choice() == "b"


def test_setting_is_silent_and_answers_can_be_others(qtbot: QtBot) -> None:
    found = shown(qtbot)
    with qtbot.assertNotEmitted(found.chosen):
        found.setChosen("b")
        found.setChoices(CHOICES[:1], "a")
    assert found.keys() == ("a",)
    assert found.choice() == "a"
