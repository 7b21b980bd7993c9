"""The table of labels in the window: rows, locks, deleting, files and presets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QColorDialog, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from tests.app.segment.driving import (
    LEFT,
    RIGHT,
    choose,
    dialog,
    file_answer,
    go,
    key,
    settled,
    stroke,
    view_of,
)
from widgets.panels.volume.label_rows import COLOUR, EYE, LOCK, NAME

K = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


def cell(space: SegmentSpace, row: int, column: int) -> QPoint:
    """The middle of a cell of the table."""
    view = space.view.labels.view
    rows = view.model()
    assert rows is not None
    return view.visualRect(rows.index(row, column)).center()


def click(space: SegmentSpace, row: int, column: int) -> None:
    QTest.mouseClick(space.view.labels.view.viewport(), LEFT, pos=cell(space, row, column))


def paint(space: SegmentSpace) -> np.ndarray:
    """A stroke of label 1, another of a new label 2 across it."""
    view = view_of(space)
    key(view, K.Key_B)
    go(view, (6, 0, 0))
    stroke(view, (6, 10, 4), (6, 10, 18))
    key(view, K.Key_M)
    stroke(view, (6, 3, 12), (6, 6, 12))
    return space.study.model.array.copy()


def test_a_row_is_renamed_and_coloured(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    table, panel = space.study.table, space.view.labels
    click(space, 0, NAME)
    QTest.mouseDClick(panel.view.viewport(), LEFT, pos=cell(space, 0, NAME))
    field = panel.view.findChild(QLineEdit)
    assert field is not None
    QTest.keyClick(field, K.Key_A, CONTROL)
    QTest.keyClicks(field, "Hippocampus")
    QTest.keyClick(field, K.Key_Return)
    qtbot.waitUntil(lambda: table.name(1) == "Hippocampus")
    click(space, 0, COLOUR)
    colours = dialog(window, qtbot, QColorDialog)
    assert isinstance(colours, QColorDialog)
    colours.setCurrentColor(QColor(10, 200, 30))
    colours.accept()
    assert table.colour(1) == (10, 200, 30)
    look = space.study.display.layer()
    assert look is not None
    click(space, 0, EYE)
    assert not table.labels()[0].visible


def test_a_lock_protects_from_brush_eraser_and_fill(space: SegmentSpace, qtbot: QtBot) -> None:
    view, model = view_of(space), space.study.model
    paint(space)
    click(space, 0, LOCK)
    assert space.study.table.locked() == {1}
    ones = model.array == 1
    space.study.table.setActive(2)
    key(view, K.Key_B)
    stroke(view, (6, 6, 8), (6, 14, 8))
    key(view, K.Key_E)
    stroke(view, (6, 10, 4), (6, 10, 18))
    stroke(view, (6, 10, 4), (6, 10, 18), button=RIGHT)
    np.testing.assert_array_equal(model.array == 1, ones)
    space.study.table.setActive(1)
    key(view, K.Key_B)
    steps = model.position()
    stroke(view, (6, 16, 4), (6, 16, 18))
    np.testing.assert_array_equal(model.array == 1, ones)
    assert model.position() == steps


def test_deleting_clears_voxels_and_undo_brings_row_and_voxels_back(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    table, model = space.study.table, space.study.model
    labels = paint(space)
    table.change(2, name="Tail", colour=(1, 2, 3))
    click(space, 1, NAME)
    QTest.keyClick(space.view.labels.view, K.Key_Delete)
    settled(window, qtbot)
    assert [row.value for row in table.labels()] == [1]
    assert not model.count(2)
    QTest.keyClick(window, K.Key_Z, CONTROL)
    np.testing.assert_array_equal(model.array, labels)
    back = table.label(2)
    assert back is not None
    assert (back.name, back.colour) == ("Tail", (1, 2, 3))


def test_deleting_a_locked_label_is_refused(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    labels = paint(space)
    click(space, 0, LOCK)
    click(space, 0, NAME)
    QTest.keyClick(space.view.labels.view, K.Key_Delete)
    settled(window, qtbot)
    assert "locked" in window.message.message()
    assert len(space.study.table.labels()) == 2
    np.testing.assert_array_equal(space.study.model.array, labels)


def test_a_cancelled_delete_keeps_the_row(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    labels = paint(space)
    space.view.labels.deleteRequested.emit(2)
    window.spaces.computing.cancelAll()
    settled(window, qtbot)
    assert space.study.table.label(2) is not None
    np.testing.assert_array_equal(space.study.model.array, labels)


def test_a_table_goes_to_a_file_and_comes_back(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    table = space.study.table
    paint(space)
    table.change(1, name="Head", colour=(9, 8, 7))
    path = tmp_path / "labels.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(path))
    choose(window, "File", "Export label table")
    settled(window, qtbot)
    rows = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    assert ["1", "9", "8", "7"] in [row[:4] for row in rows]
    before = table.labels()
    table.reset([])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", file_answer(path))
    choose(window, "File", "Import label table")
    settled(window, qtbot)
    assert [(r.value, r.name, r.colour) for r in table.labels()] == [
        (r.value, r.name, r.colour) for r in before
    ]


def test_a_table_that_is_none_is_named(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    before = space.study.table.labels()
    path = tmp_path / "no-table.txt"
    path.write_text("this is\nno table\n")
    space.exporting.importTable(path)
    settled(window, qtbot)
    assert "no-table.txt" in window.message.message()
    assert space.study.table.labels() == before


def test_a_preset_names_labels_and_keeps_those_in_use(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    labels = paint(space)
    menu = space.view.labels.presets_button.menu()
    assert menu is not None
    action = next(a for a in menu.actions() if "ippocamp" in a.text())
    action.trigger()
    names = [row.name for row in space.study.table.labels()]
    assert any("nterior" in name for name in names), names
    assert {1, 2} <= {row.value for row in space.study.table.labels()}
    np.testing.assert_array_equal(space.study.model.array, labels)
