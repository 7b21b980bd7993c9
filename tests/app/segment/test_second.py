"""A second file while an image is open: a layer, labels, or in place of the first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from tests.app.segment.driving import (
    AFFINE,
    SHAPE,
    answer,
    dialog,
    file_answer,
    key,
    no_dialog,
    phantom,
    pick,
    read_nifti,
    settled,
    stroke,
    view_of,
    write_nifti,
)
from widgets.panels.choice_dialog import ChoiceDialog
from widgets.viewer.volume.layers import LayerKind

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another image of the same grid."""
    return write_nifti(tmp_path / "other.nii.gz", phantom(seed=7), AFFINE)


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """Labels 1 and 4 of the head's grid."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:6, 3:9, 4:10], labels[7, 5, 5] = 1, 4
    return write_nifti(tmp_path / "mask.nii.gz", labels, AFFINE)


def paint(space: SegmentSpace) -> np.ndarray:
    """A stroke of label 1; the labels as they are then."""
    key(view_of(space), Qt.Key.Key_B)
    stroke(view_of(space), (6, 8, 4), (6, 8, 18))
    assert not space.isSaved()
    return space.study.model.array.copy()


def test_a_probability_is_shown_as_a_map(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    values = np.linspace(0, 1, np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    window.open([write_nifti(tmp_path / "probability.nii.gz", values, AFFINE)])
    pick(window, qtbot, "Show it as a map")
    (layer,) = (each for each in space.study.stack if each.kind is LayerKind.MAP)
    assert layer.name == "probability"
    assert layer.look.threshold == pytest.approx(0.5, abs=0.01)
    # Clear below the threshold: there the head is seen as it was.
    view = view_of(space)
    view.setIndex(0)
    shown = left_half(view)
    layer.change(visible=False)
    assert left_half(view) == shown
    layer.change(visible=True)
    view.setIndex(SHAPE[0] - 1)
    shown = left_half(view)
    layer.change(visible=False)
    assert left_half(view) != shown


def left_half(view: QWidget) -> QImage:
    """What is seen there; the colour bar is at the right."""
    return view.grab(QRect(0, 0, view.width() // 2, view.height())).toImage()


def test_it_is_laid_over_and_taken_away(
    window: MainWindow, space: SegmentSpace, other: Path, qtbot: QtBot
) -> None:
    before = paint(space)
    window.open([other])
    pick(window, qtbot, "Lay it over")
    qtbot.waitUntil(lambda: len(space.study.stack) == 3)
    names = [layer.name for layer in space.study.stack]
    assert names == ["head", "other", "Labels"]
    layer = list(space.study.stack)[1]
    assert 0 < layer.look.opacity < 1
    np.testing.assert_array_equal(layer.array[0], phantom(seed=7))
    assert space.study.remove(layer)
    np.testing.assert_array_equal(space.study.model.array, before)
    assert not space.study.remove(space.study.image()), "the image stays"


def test_undoing_opened_labels_goes_back_to_their_file(
    window: MainWindow, space: SegmentSpace, mask: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """Else Ctrl+S would write the older labels into the newer file."""
    paint(space)
    first = tmp_path / "first.nii.gz"
    space.files.saveLabels(first)
    settled(window, qtbot)
    window.open([mask])
    pick(window, qtbot, "Use it as labels")
    qtbot.waitUntil(lambda: space.study.model.position() == 2)
    assert space.study.label_file.path == mask
    space.study.editor.undo()
    assert space.study.label_file.path == first
    space.study.editor.redo()
    assert space.study.label_file.path == mask


def test_it_becomes_labels_which_can_be_undone(
    window: MainWindow, space: SegmentSpace, mask: Path, qtbot: QtBot
) -> None:
    before = paint(space)
    window.open([mask])
    pick(window, qtbot, "Use it as labels")
    qtbot.waitUntil(lambda: space.study.model.position() == 2)
    np.testing.assert_array_equal(space.study.model.array, read_nifti(mask))
    assert space.study.table.label(4) is not None
    assert space.study.label_file is not None
    assert space.study.label_file.path == mask
    assert space.isSaved()
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(space.study.model.array, before)
    assert not space.isSaved()


@pytest.mark.parametrize("reply", ["Cancel", "Discard", "Save"])
def test_it_takes_the_place_when_labels_are_safe(
    reply: str, window: MainWindow, space: SegmentSpace, other: Path, tmp_path: Path,
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before, volume = paint(space), space.study.volume
    target = tmp_path / "kept.nii.gz"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(target))
    window.open([other])
    pick(window, qtbot, "Open it alone")
    assert "head" in answer(window, qtbot, reply)
    settled(window, qtbot)
    if reply == "Cancel":
        assert space.study.volume is volume
        np.testing.assert_array_equal(space.study.model.array, before)
    else:
        qtbot.waitUntil(lambda: space.study.volume is not volume)
        assert space.study.name() == "other"
        assert not space.study.model.array.any()
        assert space.study.model.names() == []
    assert target.exists() == (reply == "Save")
    if target.exists():
        np.testing.assert_array_equal(read_nifti(target), before)


def test_saved_labels_are_not_asked_about(
    window: MainWindow, space: SegmentSpace, other: Path, qtbot: QtBot
) -> None:
    window.open([other])
    pick(window, qtbot, "Open it alone")
    qtbot.waitUntil(lambda: space.study.name() == "other")
    assert no_dialog(window)


@pytest.mark.parametrize("reply", ["Cancel", "Discard"])
def test_closing_asks_for_unsaved_labels(
    reply: str, window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    paint(space)
    QTest.keyClick(window, Qt.Key.Key_W, CONTROL)
    answer(window, qtbot, reply)
    assert (space.study.volume is None) == (reply == "Discard")


def test_a_session_in_place_of_unsaved_labels_asks_too(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    session = tmp_path / "study.reverie"
    space.sessions.save(session)
    settled(window, qtbot)
    before = paint(space)
    window.open([session])
    answer(window, qtbot, "Cancel")
    settled(window, qtbot)
    np.testing.assert_array_equal(space.study.model.array, before)
    window.open([session])
    answer(window, qtbot, "Discard")
    qtbot.waitUntil(lambda: not space.study.model.array.any())


@pytest.mark.parametrize("reply", ["Cancel", "Resample"])
def test_labels_of_another_grid_are_asked_about(
    reply: str, window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # Voxels of half the size, so that each of the image's takes the middle of eight.
    fine = np.zeros([2 * n for n in SHAPE], np.uint8)
    fine[4:12, 6:18, 8:20] = 3
    affine = AFFINE.copy()
    affine[:3, :3] /= 2
    affine[:3, 3] -= 0.5 * affine[:3, :3].sum(axis=1)
    path = write_nifti(tmp_path / "fine.nii.gz", fine, affine)
    before = paint(space)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", file_answer(path))
    QTest.keyClick(window, Qt.Key.Key_O, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    asked = answer(window, qtbot, reply)
    assert "fine.nii.gz" in asked
    assert "48 x 40 x 24 voxels" in asked
    settled(window, qtbot)
    if reply == "Cancel":
        np.testing.assert_array_equal(space.study.model.array, before)
        return
    expected = np.zeros(SHAPE, np.uint8)
    expected[2:6, 3:9, 4:10] = 3
    np.testing.assert_array_equal(space.study.model.array, expected)
    assert space.study.label_file is None, "the file holds another grid"
    assert not space.isSaved()
    assert space.study.table.label(3) is not None


def test_labels_without_an_image_say_what_to_do(
    window: MainWindow, mask: Path, qtbot: QtBot
) -> None:
    window.spaces.segment().files.openLabels(mask)
    assert "no open image" in window.message.message()


def test_a_layer_of_an_image_that_was_closed_meanwhile_becomes_the_image(
    window: MainWindow, space: SegmentSpace, other: Path, qtbot: QtBot
) -> None:
    window.open([other])
    dialog(window, qtbot, ChoiceDialog)
    space.study.close()
    pick(window, qtbot, "Lay it over the image")
    assert space.study.name() == "other"
    assert len(space.study.stack) == 2


def test_labels_for_an_image_that_was_closed_meanwhile_are_let_go(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    path = write_nifti(tmp_path / "mask.nii.gz", np.ones((4, 5, 6), np.uint8), AFFINE)
    space.files.openLabels(path)
    space.study.close()
    settled(window, qtbot)
    assert no_dialog(window)
    assert space.study.volume is None
