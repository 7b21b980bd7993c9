"""The table of runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.run_table.rows import BEST, ITERATIONS, NAME, STATE, RunItem
from widgets.panels.run_table.table import RunsTable

LEFT = Qt.MouseButton.LeftButton
ITEMS = (
    RunItem(
        "/r/heart", "heart", "Finished", method="cDAL", task="Segmenter", done=40, total=40,
        best=0.91, best_name="validation Dice", data="acdc/images", started=3e8, size=5_000_000,
    ),
    RunItem(
        "/r/brain", "brain", "Stopped", method="CDM", task="Classifier", done=900, total=1000,
        data="brats", started=2e8, took=75, notes="too few cases",
    ),
    RunItem(
        "/r/Brain-2", "Brain-2", "Training", live=True, method="CDM", task="Classifier", done=1000,
        total=2000, best=0.7, best_name="balanced accuracy", data="brats", started=1e8,
    ),
)  # fmt: skip


@pytest.fixture
def table(qtbot: QtBot) -> RunsTable:
    table = RunsTable()
    qtbot.addWidget(table)
    table.resize(1100, 400)
    table.setItems(ITEMS)
    table.show()
    qtbot.waitExposed(table)
    return table


def names(table: RunsTable) -> list[str]:
    return [item.name for item in table.shown()]


def click_head(table: RunsTable, column: int) -> None:
    head = table.view.horizontalHeader()
    assert head is not None
    place = QPoint(head.sectionViewportPosition(column) + 20, head.height() // 2)
    QTest.mouseClick(head.viewport(), LEFT, pos=place)


def click_row(table: RunsTable, row: int, *, more: bool = False, twice: bool = False) -> None:
    place = QPoint(30, table.view.rowViewportPosition(row) + 5)
    keys = Qt.KeyboardModifier.ControlModifier if more else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(table.view.viewport(), LEFT, keys, place)
    if twice:
        QTest.mouseDClick(table.view.viewport(), LEFT, keys, place)


def test_the_newest_is_on_top_and_heads_sort(table: RunsTable) -> None:
    assert names(table) == ["heart", "brain", "Brain-2"]
    click_head(table, NAME)
    assert names(table) == ["brain", "Brain-2", "heart"], "whatever the case of letters"
    click_head(table, ITERATIONS)
    assert names(table) == ["heart", "brain", "Brain-2"], "as numbers, not as text"
    click_head(table, BEST)
    assert names(table) == ["brain", "Brain-2", "heart"], "none is less than any"


def test_all_words_have_to_be_there(table: RunsTable) -> None:
    QTest.keyClicks(table.words, "BRATS few")
    assert names(table) == ["brain"]
    assert table.count() == "1 of 3 runs"
    QTest.keyClicks(table.words, "x")
    assert names(table) == []
    assert not table.view.isVisible()
    table.words.clear()
    assert table.count() == "3 runs"


def test_methods_and_states_that_there_are_narrow_it(table: RunsTable) -> None:
    assert [table.method.itemText(i) for i in range(3)] == ["All methods", "CDM", "cDAL"]
    table.method.setCurrentIndex(1)
    assert names(table) == ["brain", "Brain-2"]
    table.state.setCurrentIndex(table.state.findText("Training"))
    assert names(table) == ["Brain-2"]
    # What was chosen stays, also when no run is so any more.
    table.setItems([replace(item, state="Finished") for item in ITEMS])
    assert names(table) == []
    assert table.state.currentText() == "Training"


def test_a_selection_outlives_new_rows(table: RunsTable) -> None:
    click_row(table, 0)
    click_row(table, 2, more=True)
    assert table.keys() == ["/r/heart", "/r/Brain-2"]
    table.setItems([replace(ITEMS[0], done=41), *ITEMS[1:]])
    assert table.keys() == ["/r/heart", "/r/Brain-2"]
    table.setItems([ITEMS[2], RunItem("/r/new", "new", started=9e8)])
    assert names(table) == ["new", "Brain-2"]
    assert table.keys() == ["/r/Brain-2"]


def test_double_click_and_keys_act_on_rows(table: RunsTable, qtbot: QtBot) -> None:
    with qtbot.waitSignal(table.opened) as told:
        click_row(table, 1, twice=True)
    assert told.args == ["/r/brain"]
    with qtbot.waitSignal(table.opened):
        QTest.keyClick(table.view, Qt.Key.Key_Return)
    with qtbot.waitSignal(table.deletePressed):
        QTest.keyClick(table.view, Qt.Key.Key_Delete)


def test_cells_say_it_in_words(table: RunsTable) -> None:
    model = table.view.model()
    assert model is not None
    rows = [[model.index(r, c).data() for c in range(9)] for r in range(3)]
    assert rows[0][:6] == ["heart", "Finished", "cDAL · Segmenter", "40", "0.910 Dice",
                           "acdc/images"]  # fmt: skip
    assert rows[1][ITERATIONS] == "900 of 1,000"
    assert rows[1][7:] == ["1 min 15 s", ""]
    assert model.index(1, NAME).data(Qt.ItemDataRole.ToolTipRole) == "/r/brain\n\ntoo few cases"
    assert not model.index(1, STATE).data(Qt.ItemDataRole.DecorationRole).isNull()


def test_all_columns_have_room_in_a_small_window(table: RunsTable) -> None:
    viewport = table.view.viewport()
    assert viewport is not None
    assert sum(table.view.columnWidth(c) for c in range(9)) <= viewport.width()
