"""Operations of the Labels menu through their dialogs, and what happens while they compute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractSpinBox
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.operation_dialog import OperationDialog
from app.workspaces.segment.space import SegmentSpace
from engine.data.labels import operations
from tests.app.segment.driving import (
    LEFT,
    choose,
    dialog,
    go,
    key,
    place,
    press,
    settled,
    stroke,
    view_of,
)
from tests.helpers import pointer
from widgets.viewer.volume.box import Box

K = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


def put(space: SegmentSpace, *blocks: tuple[int, Any]) -> np.ndarray:
    """Labels in blocks of the volume, as one step."""
    labels = np.zeros(space.study.model.shape, np.uint8)
    for value, where in blocks:
        labels[where] = value
    space.study.model.replace(labels, "Blocks")
    space.study.name_used()
    return labels


def ask(window: MainWindow, qtbot: QtBot, title: str) -> OperationDialog:
    choose(window, "Labels", title)
    return cast(OperationDialog, dialog(window, qtbot, OperationDialog))


def type_in(shown: OperationDialog, name: str, text: str) -> None:
    """Write into a field."""
    field = shown.form.control(name).editor()
    assert isinstance(field, QAbstractSpinBox)
    field.setFocus()
    QTest.keyClick(field, K.Key_A, CONTROL)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, K.Key_Tab)


def apply(window: MainWindow, qtbot: QtBot, shown: OperationDialog) -> str:
    press(shown, "Apply")
    settled(window, qtbot)
    return shown.status.text()


def test_islands_keep_the_largest(window: MainWindow, space: SegmentSpace, qtbot: QtBot) -> None:
    put(space, (1, np.s_[2:6, 3:9, 4:10]), (1, np.s_[9, 15, 20]))
    said = apply(window, qtbot, ask(window, qtbot, "Islands"))
    assert said == "1 voxel changed. Undo: Ctrl+Z."
    assert space.study.model.count(1) == 4 * 6 * 6
    assert space.study.model.names()[-1] == "Islands"
    space.study.editor.undo()
    assert space.study.model.array[9, 15, 20] == 1


def test_dilation_is_in_millimetres(window: MainWindow, space: SegmentSpace, qtbot: QtBot) -> None:
    put(space, (1, np.s_[6, 10, 12]))
    shown = ask(window, qtbot, "Dilate")
    type_in(shown, "radius_mm", "3")
    apply(window, qtbot, shown)
    d, h, w = np.indices(space.study.model.shape)
    far = np.hypot(np.hypot(2.0 * (d - 6), 1.5 * (h - 10)), 1.0 * (w - 12))
    np.testing.assert_array_equal(space.study.model.array == 1, far <= 3)


def test_fill_holes_smooth_and_interpolate(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    model = space.study.model
    labels = put(space, (1, np.s_[2:6, 3:12, 4:14]), (0, np.s_[3, 6, 8]))
    apply(window, qtbot, ask(window, qtbot, "Fill holes"))
    assert model.array[3, 6, 8] == 1
    assert (model.array != labels).sum() == 1
    put(space, (1, np.s_[2:6, 3:12, 4:14]), (1, np.s_[3, 12, 8]))
    shown = ask(window, qtbot, "Smooth")
    assert "changed" in apply(window, qtbot, shown)
    assert model.array[3, 12, 8] == 0, "the spike is gone"
    put(space, (1, np.s_[2, 3:12, 4:14]), (1, np.s_[6, 3:12, 4:14]))
    apply(window, qtbot, ask(window, qtbot, "Interpolate"))
    np.testing.assert_array_equal(model.array[4], model.array[2])
    names = model.names()
    assert [n for n in names if n != "Blocks"] == ["Fill holes", "Smooth", "Interpolate slices"]


def test_growing_from_strokes_finds_the_edges(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    view, study = view_of(space), space.study
    key(view, K.Key_B)
    study.editor.setSize(3)
    go(view, (6, 0, 0))
    stroke(view, (6, 10, 10), (6, 10, 14))
    key(view, K.Key_M)
    stroke(view, (6, 2, 2), (6, 2, 20), (6, 17, 20), (6, 17, 2), (6, 2, 2))
    apply(window, qtbot, ask(window, qtbot, "Grow from seeds"))
    bright = study.image().array[0] > 300
    found = study.model.array == 1
    overlap = 2 * (found & bright).sum() / (found.sum() + bright.sum())
    assert overlap > 0.9


def test_an_operation_that_changes_nothing_says_so(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    assert apply(window, qtbot, ask(window, qtbot, "Fill holes")) == "Nothing changed."
    assert space.study.model.names() == []


@pytest.mark.parametrize("text", ["-1", "much", ""])
def test_a_bad_value_is_refused_in_words(
    text: str, window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    labels = put(space, (1, np.s_[6, 10, 12]))
    shown = ask(window, qtbot, "Dilate")
    field = shown.form.control("radius_mm").editor()
    field.setFocus()
    QTest.keyClick(field, K.Key_A, CONTROL)
    QTest.keyClick(field, K.Key_Backspace)
    QTest.keyClicks(field, text)
    said = apply(window, qtbot, shown)
    assert said
    assert "voxel" not in said
    np.testing.assert_array_equal(space.study.model.array, labels)


def test_a_locked_label_is_refused(window: MainWindow, space: SegmentSpace, qtbot: QtBot) -> None:
    labels = put(space, (1, np.s_[6, 10, 12]))
    space.study.table.change(1, locked=True)
    shown = ask(window, qtbot, "Dilate")
    apply(window, qtbot, shown)
    assert "locked" in window.message.message()
    assert shown.status.text() == ""
    assert shown.apply_button is not None
    assert shown.apply_button.isEnabled()
    np.testing.assert_array_equal(space.study.model.array, labels)


def test_a_closed_dialog_does_not_mind_the_next_one(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    put(space, (1, np.s_[6, 10, 12]))
    first = ask(window, qtbot, "Dilate")
    with qtbot.waitSignal(first.destroyed):
        QTest.keyClick(first, K.Key_Escape)
    said = apply(window, qtbot, ask(window, qtbot, "Dilate"))
    assert "changed" in said


# --- while it computes


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Operations that wait, watching for a cancel, until they are let go."""
    free, plain = threading.Event(), operations.apply

    def slow(what: Any, subject: Any, params: Any) -> Any:
        while not free.wait(0.01):
            subject.watch(0.5)
        return plain(what, subject, params)

    monkeypatch.setattr(operations, "apply", slow)
    return free.set


def test_what_is_painted_meanwhile_stays(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot, held: Callable[[], None]
) -> None:
    view, model = view_of(space), space.study.model
    put(space, (1, np.s_[6, 10, 12]))
    press(ask(window, qtbot, "Dilate"), "Apply")
    key(view, K.Key_B)
    space.study.editor.setSize(1)
    go(view, (3, 0, 0))
    stroke(view, (3, 2, 2), (3, 2, 8))
    # A stroke is under way when the result comes.
    pointer.press(view, place(view, (3, 17, 2)))
    held()
    settled(window, qtbot)
    assert model.isEditing()
    pointer.move(view, place(view, (3, 17, 8)), LEFT)
    pointer.release(view, place(view, (3, 17, 8)))
    qtbot.waitUntil(lambda: len(model.names()) == 4)
    assert model.array[3, 2, 2:9].all()
    assert model.array[3, 17, 2:9].all()
    assert model.count(1) > 15
    assert model.names()[-1] == "Dilate, erode, open, close"


def test_the_status_bar_cancels_it(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot, held: Callable[[], None]
) -> None:
    labels = put(space, (1, np.s_[6, 10, 12]))
    shown = ask(window, qtbot, "Dilate")
    press(shown, "Apply")
    qtbot.waitUntil(window.status.progress.isVisible)
    assert "Dilate" in window.status.progress.text()
    assert shown.status.text() == "Working…"
    QTest.mouseClick(window.status.progress.cancel_button, LEFT)
    settled(window, qtbot)
    held()
    assert not window.status.progress.isVisible()
    assert shown.status.text() == ""
    np.testing.assert_array_equal(space.study.model.array, labels)


def test_a_result_for_an_image_that_was_closed_is_dropped(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot, held: Callable[[], None]
) -> None:
    space.study.model.begin("Dot")
    space.study.model.paint(Box((6, 10, 12), (7, 11, 13)), np.ones((1, 1, 1), bool), 1)
    space.study.model.commit()
    shown = ask(window, qtbot, "Dilate")
    press(shown, "Apply")
    space.study.close()
    held()
    settled(window, qtbot)
    assert space.study.model.shape == (1, 1, 1)


def test_an_operation_makes_the_first_label(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    space.study.table.reset(())
    assert ask(window, qtbot, "Threshold").isVisible()
