"""Painting with real events: keys, buttons, the wheel, undo from everywhere, and who gets keys."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from tests.app.segment.driving import (
    AXIAL,
    CORONAL,
    LEFT,
    RIGHT,
    SAGITTAL,
    choose,
    go,
    key,
    menu_action,
    place,
    settled,
    stroke,
    view_of,
)
from tests.helpers import pointer
from widgets.paint.labels.settings import FillBy
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.planes import PlaneName

K = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
UNDO_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.mark.parametrize(
    ("plane", "voxels"),
    [
        (AXIAL, ((3, 6, 5), (3, 6, 15))),
        (CORONAL, ((3, 6, 5), (3, 6, 15))),
        (SAGITTAL, ((4, 5, 9), (4, 14, 9))),
    ],
)
def test_a_stroke_lands_on_the_voxels_it_was_drawn_over(
    plane: PlaneName, voxels: tuple[tuple[int, int, int], ...], space: SegmentSpace
) -> None:
    view = view_of(space, plane)
    key(view, K.Key_B)
    space.study.editor.setSize(1)
    go(view, voxels[0])
    stroke(view, *voxels)
    expected = np.zeros(space.study.model.shape, bool)
    expected[tuple(slice(a, b + 1) for a, b in zip(*voxels, strict=True))] = True
    np.testing.assert_array_equal(space.study.model.array == 1, expected)
    assert space.study.model.names() == ["Brush stroke: Label 1"]


def test_brush_and_eraser_keep_sizes_of_their_own(space: SegmentSpace) -> None:
    view, editor = view_of(space), space.study.editor
    key(view, K.Key_B)
    brush = editor.size()
    key(view, "]", "]")
    assert editor.size() == brush + 2
    key(view, K.Key_E)
    assert editor.tool() is ToolName.ERASER
    eraser = editor.size()
    key(view, "[")
    assert editor.size() == eraser - 1
    key(view, K.Key_B)
    assert editor.size() == brush + 2


def test_eraser_and_right_drag_erase(space: SegmentSpace) -> None:
    view, model, table = view_of(space), space.study.model, space.study.table
    key(view, K.Key_B)
    stroke(view, (5, 8, 4), (5, 8, 18))
    key(view, K.Key_M)
    assert table.active() == 2
    stroke(view, (5, 14, 4), (5, 14, 18))
    ones, twos = model.count(1), model.count(2)
    # The right button takes the active label alone.
    stroke(view, (5, 8, 4), (5, 8, 18), (5, 14, 18), (5, 14, 4), button=RIGHT)
    assert (model.count(1), model.count(2)) == (ones, 0)
    assert twos
    key(view, K.Key_E)
    stroke(view, (5, 8, 4), (5, 8, 18))
    assert not model.array.any()
    assert model.names()[-2:] == ["Erase", "Erase"]


def test_the_wheel_goes_on_painting_on_the_next_slice(space: SegmentSpace) -> None:
    view, model = view_of(space), space.study.model
    key(view, K.Key_B)
    go(view, (4, 0, 0))
    at = place(view, (4, 10, 12))
    pointer.press(view, at)
    for _ in range(3):
        pointer.wheel(view, at, 1)
    pointer.release(view, at)
    painted = np.flatnonzero(model.array.any(axis=(1, 2)))
    assert len(painted) == 4
    assert len({int((model.array[d] == 1).sum()) for d in painted}) == 1
    assert model.position() == 1


def test_keys_change_the_label(space: SegmentSpace) -> None:
    view, table = view_of(space), space.study.table
    key(view, K.Key_M, K.Key_M)
    assert (len(table.labels()), table.active()) == (3, 3)
    key(view, ",")
    assert table.active() == 2
    key(view, ".", ".")
    assert table.active() == 1
    key(view, K.Key_B, K.Key_X)
    assert table.active() == 0
    key(view, K.Key_X)
    assert table.active() == 1


def test_a_click_without_effect_makes_no_step(space: SegmentSpace) -> None:
    view = view_of(space)
    key(view, K.Key_E)
    pointer.click(view, place(view, (5, 8, 8)))
    assert space.study.model.names() == []
    assert space.isSaved()


# --- undo


def test_undo_by_menu_and_keys_tells_what_it_undoes(
    window: MainWindow, space: SegmentSpace
) -> None:
    view, model = view_of(space), space.study.model
    assert not menu_action(window, "Edit", "Undo").isEnabled()
    key(view, K.Key_B)
    stroke(view, (5, 8, 4), (5, 8, 18))
    first = model.array.copy()
    key(view, K.Key_E)
    stroke(view, (5, 8, 4), (5, 8, 10))
    second = model.array.copy()
    assert menu_action(window, "Edit", "Undo").text() == "Undo Erase"
    choose(window, "Edit", "Undo")
    np.testing.assert_array_equal(model.array, first)
    assert menu_action(window, "Edit", "Undo").text() == "Undo Brush stroke: Label 1"
    assert menu_action(window, "Edit", "Redo").text() == "Redo Erase"
    QTest.keyClick(window, K.Key_Y, CONTROL)
    np.testing.assert_array_equal(model.array, second)
    QTest.keyClick(window, K.Key_Z, CONTROL)
    QTest.keyClick(window, K.Key_Z, CONTROL)
    assert not model.array.any()
    QTest.keyClick(window, K.Key_Z, UNDO_KEYS)
    np.testing.assert_array_equal(model.array, first)
    assert window.isWindowModified()


def test_a_click_in_the_history_goes_there(space: SegmentSpace) -> None:
    view, model, history = view_of(space), space.study.model, space.view.history
    key(view, K.Key_B)
    states = [model.array.copy()]
    for row in (4, 9, 14):
        stroke(view, (5, row, 4), (5, row, 18))
        states.append(model.array.copy())
    space.view.showPanel(history)
    for step in (1, 3, 0, 2):
        rows = history.view.model()
        assert rows is not None
        rect = history.view.visualRect(rows.index(step, 0))
        QTest.mouseClick(history.view.viewport(), LEFT, pos=rect.center())
        np.testing.assert_array_equal(model.array, states[step])
        assert history.state() == f"Step {step} of 3"


def test_undo_during_a_polygon_takes_its_last_corner(
    window: MainWindow, space: SegmentSpace
) -> None:
    view, model = view_of(space), space.study.model
    key(view, "3")
    go(view, (5, 0, 0))
    corners = [(5, 4, 4), (5, 4, 18), (5, 15, 18), (5, 15, 4)]
    for corner in corners:
        pointer.click(view, place(view, corner))
    QTest.keyClick(view, K.Key_Z, CONTROL)
    key(view, K.Key_Return)
    cut = model.array[5]
    assert model.names() == ["Polygon: Label 1"]
    assert cut[5, 17]
    assert not cut[14, 5], "the fourth corner was taken back"


def test_escape_abandons_a_stroke(window: MainWindow, space: SegmentSpace) -> None:
    view, model = view_of(space), space.study.model
    key(view, K.Key_B)
    pointer.press(view, place(view, (5, 8, 8)))
    pointer.move(view, place(view, (5, 8, 14)), LEFT)
    assert model.array.any()
    QTest.keyClick(view, K.Key_Escape)
    assert not model.array.any()
    pointer.release(view, place(view, (5, 8, 14)))
    assert model.names() == []


# --- fills


def test_a_fill_through_slices_follows_the_values(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    view, study = view_of(space), space.study
    key(view, K.Key_F, K.Key_T)
    assert study.editor.settings.volume
    study.editor.change(fill_by=FillBy.INTENSITY, tolerance=100.0)
    go(view, (6, 0, 0))
    pointer.click(view, place(view, (6, 10, 12)))
    settled(window, qtbot)
    bright = study.image().array[0] > 300
    np.testing.assert_array_equal(study.model.array == 1, bright)
    assert study.model.names() == ["Fill"]
    QTest.keyClick(view, K.Key_Z, CONTROL)
    assert not study.model.array.any()


def test_a_fill_that_comes_late_does_not_take_a_stroke_away(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    view, study = view_of(space), space.study
    key(view, K.Key_F, K.Key_T)
    study.editor.change(fill_by=FillBy.INTENSITY, tolerance=100.0)
    go(view, (6, 0, 0))
    pointer.click(view, place(view, (6, 10, 12)))
    key(view, K.Key_B)
    pointer.press(view, place(view, (6, 2, 2)))
    qtbot.waitUntil(lambda: not window.spaces.computing.underWay())
    pointer.move(view, place(view, (6, 2, 8)), LEFT)
    pointer.release(view, place(view, (6, 2, 8)))
    qtbot.waitUntil(lambda: len(study.model.names()) == 2)
    assert study.model.array[6, 2, 5] == 1
    assert study.model.array[6, 10, 12] == 1


# --- who gets the keys


def test_letters_stay_in_a_text_field(space: SegmentSpace, qtbot: QtBot) -> None:
    key(view_of(space), K.Key_B)
    panel, table = space.view.labels, space.study.table
    QTest.mouseClick(panel.add_button, LEFT)  # begins to edit the new name
    field = panel.view.findChild(QLineEdit)
    assert field is not None
    QTest.keyClick(field, K.Key_A, CONTROL)
    QTest.keyClicks(field, "embx")
    QTest.keyClick(field, K.Key_Return)
    qtbot.waitUntil(lambda: table.name(2) == "embx")
    assert space.study.editor.tool() is ToolName.BRUSH
    assert table.active() == 2


def test_commands_act_in_their_workspace_only(
    window: MainWindow, space: SegmentSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for holder, name in (
        (space.asking, "save"), (space.asking, "askOpen"),
        (window.files, "ask_save_image"), (window.files, "ask_open"),
    ):  # fmt: skip
        monkeypatch.setattr(holder, name, lambda *_, n=name: asked.append(n))
    view = view_of(space)
    key(view, K.Key_B)
    stroke(view, (5, 8, 4), (5, 8, 18))
    window.spaces.show("synthesize")
    titles = [a.text().replace("&", "") for a in window.bar().actions() if a.isVisible()]
    assert "Labels" not in titles
    QTest.keyClick(window, K.Key_Z, CONTROL)
    assert space.study.model.position() == 1, "Ctrl+Z is the mask's there"
    canvas = window.view.canvas
    before = canvas.model.canUndo()
    QTest.mouseClick(canvas, LEFT)
    assert canvas.model.canUndo() or before
    window.spaces.show("segment")
    steps = canvas.model.count()
    QTest.keyClick(window, K.Key_Z, CONTROL)
    assert space.study.model.position() == 0
    assert canvas.model.count() == steps


def test_files_of_each_workspace_have_the_same_keys(
    window: MainWindow, image: object, space: SegmentSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []

    def ask(_parent: object, title: str, *_rest: object) -> tuple[str, str]:
        titles.append(title)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    QTest.keyClick(window, K.Key_O, CONTROL)
    QTest.keyClick(window, K.Key_S, CONTROL)
    window.spaces.show("synthesize")
    QTest.keyClick(window, K.Key_O, CONTROL)
    QTest.keyClick(window, K.Key_S, CONTROL)  # no image to save there
    assert titles == ["Open image", "Save labels", "Open mask"]
