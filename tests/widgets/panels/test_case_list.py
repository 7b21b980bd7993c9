from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.case_list import CaseLine, CaseList

LINES = (
    CaseLine("a", "done", "heart 3 ml"),
    CaseLine("b", "kept", "heart 4 ml", "as before"),
    CaseLine("c", "failed", "c.png is empty."),
)


@pytest.fixture
def cases(qtbot: QtBot) -> CaseList:
    found = CaseList("Nothing yet.")
    qtbot.addWidget(found)
    found.resize(300, 200)
    found.show()
    return found


def click(cases: CaseList, row: int) -> None:
    item = cases.view.topLevelItem(row)
    port = cases.view.viewport()
    assert item is not None
    assert port is not None
    place = cases.view.visualItemRect(item).center()
    QTest.mouseClick(port, Qt.MouseButton.LeftButton, pos=place)


def test_a_click_or_enter_chooses_and_nothing_else_does(cases: CaseList) -> None:
    chosen: list[int] = []
    cases.chosen.connect(chosen.append)
    cases.setCases(LINES)
    click(cases, 1)
    assert chosen == [1]
    QTest.keyClick(cases.view, Qt.Key.Key_Down)
    assert chosen == [1]
    QTest.keyClick(cases.view, Qt.Key.Key_Return)
    assert chosen == [1, 2]


def test_new_cases_leave_the_chosen_one_alone(cases: CaseList) -> None:
    chosen: list[int] = []
    cases.setCases(LINES[:2])
    click(cases, 1)
    cases.chosen.connect(chosen.append)
    cases.setCases(LINES)
    assert cases.cases() == LINES
    assert chosen == []
    QTest.keyClick(cases.view, Qt.Key.Key_Return)
    assert chosen == [1]


def test_an_empty_list_says_what_will_be_there(cases: CaseList) -> None:
    assert not cases.view.isVisible()
    cases.setCases(LINES)
    assert cases.view.isVisible()
    item = cases.view.topLevelItem(1)
    assert item is not None
    assert item.toolTip(0) == "as before"
    cases.setCases(())
    assert not cases.view.isVisible()
