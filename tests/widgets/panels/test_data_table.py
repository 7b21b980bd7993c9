"""A table of figures: sorting, filtering, and choosing by mouse and keys."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.data_table import NOTHING, Column, DataTable, Line

LEFT = Qt.MouseButton.LeftButton
COLUMNS = (Column("Case"), Column("Label"), Column("Dice", digits=2), Column("State"))
LINES = (
    Line(("b", "lung", 0.5, ""), "lung"),
    Line(("b", "heart", 0.0, "missed"), "heart", "nothing was found"),
    Line(("a", "lung", float("nan"), ""), "lung"),
    Line(("a", "heart", 0.25, ""), "heart"),
)


@pytest.fixture
def table(qtbot: QtBot) -> DataTable:
    made = DataTable(filters=True)
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.setLines(COLUMNS, LINES)
    made.show()
    qtbot.waitExposed(made)
    return made


def text(table: DataTable, row: int, column: int) -> str:
    model = table.view.model()
    assert model is not None, "it has lines"
    return str(model.index(row, column).data())


def sort_by(table: DataTable, column: int) -> None:
    head = table.view.horizontalHeader()
    assert head is not None, "a table has one"
    place = head.sectionViewportPosition(column) + 8
    bar = head.viewport()
    assert bar is not None, "a header has one"
    middle = bar.rect().center()
    middle.setX(place)
    QTest.mouseClick(bar, LEFT, pos=middle)


def test_numbers_are_written_alike_and_what_is_missing_is_a_dash(table: DataTable) -> None:
    assert [text(table, row, 2) for row in range(4)] == ["0.50", "0.00", NOTHING, "0.25"]


def test_a_click_on_a_title_sorts_numbers_by_value(table: DataTable) -> None:
    sort_by(table, 2)
    rising = table.shown()
    sort_by(table, 2)
    assert sorted([rising, table.shown()]) == [[0, 3, 1, 2], [2, 1, 3, 0]]


def test_filters_add_up(table: DataTable) -> None:
    QTest.keyClicks(table.text, "B")
    assert table.shown() == [0, 1]
    table.group.setCurrentText("heart")
    assert table.shown() == [1]
    table.text.clear()
    assert table.shown() == [1, 3]
    table.faults.click()
    assert table.shown() == [1]


def test_lines_are_chosen_by_mouse_and_keys_in_the_order_in_sight(
    table: DataTable, qtbot: QtBot
) -> None:
    chosen: list[int] = []
    table.chosen.connect(chosen.append)
    table.group.setCurrentText("heart")
    port = table.view.viewport()
    model = table.view.model()
    assert port is not None, "a table has one"
    assert model is not None, "it has lines"
    QTest.mouseClick(port, LEFT, pos=table.view.visualRect(model.index(0, 0)).center())
    QTest.keyClick(table.view, Qt.Key.Key_Down)
    assert chosen == [1, 3]
    assert table.current() == 3
    table.choose(1)
    assert table.current() == 1


def test_what_is_wrong_stands_out(table: DataTable) -> None:
    model = table.view.model()
    assert model is not None, "it has lines"
    role = Qt.ItemDataRole
    assert model.index(1, 2).data(role.ForegroundRole) is not None
    assert model.index(0, 2).data(role.ForegroundRole) is None
    assert model.index(1, 2).data(role.ToolTipRole) == "nothing was found"


def test_other_lines_take_no_filter_over(table: DataTable) -> None:
    QTest.keyClicks(table.text, "nobody")
    assert table.shown() == []
    table.setLines(COLUMNS, LINES[:1])
    assert table.shown() == [0]
    assert not table.faults.isVisible()
    assert not table.group.isVisible()
