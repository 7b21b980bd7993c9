"""Opening images: from the start page, of several parts, with time, and what cannot be opened."""

from __future__ import annotations

from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest
from pydicom.uid import generate_uid
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from tests.app.segment.driving import (
    AFFINE,
    LEFT,
    drop,
    file_answer,
    key,
    no_dialog,
    open_image,
    phantom,
    pick,
    settled,
    stroke,
    view_of,
    write_nifti,
)
from tests.engine.data.volumes.dicoms import stack
from widgets.panels.choice_dialog import ChoiceDialog


def test_the_button_of_the_start_page_opens_a_file(
    window: MainWindow, image: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = window.spaces.segment()
    assert space.view.pages.currentWidget() is space.view.start
    monkeypatch.setattr(QFileDialog, "getOpenFileName", file_answer(image))
    QTest.mouseClick(space.view.start.open_file, LEFT)
    qtbot.waitUntil(lambda: space.study.volume is not None)
    assert space.view.pages.currentWidget() is space.view.columns
    assert window.windowTitle() == "head[*] — Reverie"
    assert not window.isWindowModified()
    np.testing.assert_array_equal(space.study.image().array[0], phantom())
    header = nib.load(image).affine
    np.testing.assert_allclose(space.study.image().grid.affine, header)


def test_without_a_file_there_is_a_phantom_to_try(window: MainWindow, qtbot: QtBot) -> None:
    space = window.spaces.segment()
    QTest.mouseClick(space.view.start.try_phantom, LEFT)
    qtbot.waitUntil(lambda: space.study.volume is not None, timeout=20_000)
    assert space.study.name() == "phantom"
    assert space.study.image().array.max() > 300


def test_a_drop_opens_and_the_card_opens_again(
    window: MainWindow, image: Path, qtbot: QtBot
) -> None:
    space = window.spaces.segment()
    assert drop(space.view.start, [image])
    qtbot.waitUntil(lambda: space.study.volume is not None)
    settled(window, qtbot)
    QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert space.study.volume is None
    assert space.view.pages.currentWidget() is space.view.start
    settled(window, qtbot)
    (card,) = space.view.start.cards()
    QTest.mouseClick(card, LEFT)
    qtbot.waitUntil(lambda: space.study.volume is not None)
    assert space.study.name() == "head"


def test_a_folder_of_two_series_asks_which(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "study"
    first, second = phantom((5, 12, 10), 1), phantom((7, 12, 10), 2)
    stack(folder / "a", first)
    stack(folder / "b", second, SeriesInstanceUID=generate_uid(), SeriesDescription="Thin")
    space = window.spaces.segment()
    window.open([folder])
    pick(window, qtbot, "Thin")
    qtbot.waitUntil(lambda: space.study.volume is not None)
    np.testing.assert_array_equal(space.study.image().array[0], second)


def test_cancelling_the_choice_opens_nothing(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    with h5py.File(tmp_path / "many.h5", "w") as file:
        for name in ("scan", "other"):
            file.create_dataset(name, data=phantom((4, 8, 8)))
    window.open([tmp_path / "many.h5"])
    qtbot.waitUntil(lambda: bool(window.findChildren(ChoiceDialog)))
    QTest.keyClick(window.findChildren(ChoiceDialog)[0], Qt.Key.Key_Escape)
    settled(window, qtbot)
    assert window.spaces.segment().study.volume is None
    assert no_dialog(window)


def test_a_data_set_of_several_is_chosen(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    wanted = phantom((4, 8, 8), 5)
    with h5py.File(tmp_path / "many.h5", "w") as file:
        file.create_dataset("scan", data=phantom((4, 8, 8)))
        file.create_dataset("other", data=wanted)
    space = window.spaces.segment()
    window.open([tmp_path / "many.h5"])
    pick(window, qtbot, "other")
    qtbot.waitUntil(lambda: space.study.volume is not None)
    np.testing.assert_array_equal(space.study.image().array[0], wanted)


def test_points_in_time_are_stepped_through_by_keys(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    times = np.stack([phantom(seed=n) for n in range(3)])
    space = open_image(window, qtbot, write_nifti(tmp_path / "moving.nii", times, AFFINE))
    assert space.view.time.isVisible()
    key(view_of(space), Qt.Key.Key_Right, modifiers=Qt.KeyboardModifier.AltModifier)
    assert space.study.stack.time() == 1
    np.testing.assert_array_equal(space.study.editor.image, times[1])
    assert space.study.model.shape == times.shape[1:]


# --- what cannot be opened


def _told(window: MainWindow, qtbot: QtBot) -> str:
    qtbot.waitUntil(window.message.isVisible)
    settled(window, qtbot)
    return window.message.message()


def _broken(folder: Path) -> dict[str, Path]:
    good = write_nifti(folder / "good.nii.gz", phantom(), AFFINE).read_bytes()
    (folder / "torn.nii.gz").write_bytes(good[: len(good) // 2])
    (folder / "word.dcm").write_bytes(b"this is no DICOM file")
    (folder / "empty").mkdir()
    return {name: folder / name for name in ("torn.nii.gz", "word.dcm", "empty", "missing.nii.gz")}


@pytest.mark.parametrize("name", ["torn.nii.gz", "word.dcm", "empty", "missing.nii.gz"])
def test_what_cannot_be_read_is_named_and_changes_nothing(
    name: str, window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    key(view_of(space), Qt.Key.Key_B)
    stroke(view_of(space), (5, 8, 8), (5, 8, 14))
    before, volume = space.study.model.array.copy(), space.study.volume
    window.open([_broken(tmp_path)[name]])
    assert name in _told(window, qtbot)
    assert no_dialog(window)
    assert space.study.volume is volume
    np.testing.assert_array_equal(space.study.model.array, before)
    stroke(view_of(space), (5, 12, 8), (5, 12, 14))
    assert space.study.model.position() == 2


def test_what_cannot_be_read_leaves_the_start_page(
    window: MainWindow, tmp_path: Path, image: Path, qtbot: QtBot
) -> None:
    window.open([_broken(tmp_path)["torn.nii.gz"]])
    assert "torn.nii.gz" in _told(window, qtbot)
    space = window.spaces.segment()
    assert space.view.pages.currentWidget() is space.view.start
    open_image(window, qtbot, image)
