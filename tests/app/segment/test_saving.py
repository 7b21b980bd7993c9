"""Saving labels: formats, geometry, what may be in the way, and that the title says it."""

from __future__ import annotations

import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from tests.app.segment.driving import (
    AFFINE,
    answer,
    file_answer,
    go,
    key,
    no_dialog,
    open_image,
    phantom,
    read_nifti,
    settled,
    stroke,
    view_of,
    write_nifti,
)
from tests.engine.data.volumes.dicoms import stack

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def paint(space: SegmentSpace, row: int = 8) -> np.ndarray:
    """Strokes of two labels on two slices; the labels as they are then."""
    view = view_of(space)
    key(view, Qt.Key.Key_B)
    go(view, (4, 0, 0))
    stroke(view, (4, row, 4), (4, row, 15))
    if space.study.table.label(2) is None:
        key(view, Qt.Key.Key_M)
    go(view, (2, 0, 0))
    stroke(view, (2, row, 4), (2, row, 9))
    return space.study.model.array.copy()


def save_as(
    window: MainWindow, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, kind: str = ""
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(path, kind))
    QTest.keyClick(window, Qt.Key.Key_S, CONTROL | SHIFT)
    settled(window, qtbot)


def test_nifti_has_the_images_geometry_and_whole_numbers(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tilted = AFFINE @ nib.affines.from_matvec(nib.eulerangles.euler2mat(0.2, -0.1, 0.3), [3, 4, 5])
    source = write_nifti(tmp_path / "tilted.nii.gz", phantom(), tilted)
    space = open_image(window, qtbot, source)
    labels = paint(space)
    target = tmp_path / "labels.nii.gz"
    save_as(window, target, qtbot, monkeypatch)
    written, image = nib.load(target), nib.load(source)
    np.testing.assert_array_equal(np.asarray(written.dataobj).T, labels)
    assert written.get_data_dtype() == np.uint8
    np.testing.assert_allclose(written.affine, image.affine)
    for form in ("qform_code", "sform_code"):
        assert written.header[form] == image.header[form]
    assert written.header.get_zooms() == image.header.get_zooms()
    assert written.header.get_xyzt_units() == image.header.get_xyzt_units()


def test_slicers_segmentation_holds_names(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    labels = paint(space)
    space.study.table.change(2, name="Tail")
    target = tmp_path / "labels.seg.nrrd"
    save_as(window, target, qtbot, monkeypatch)
    found = sitk.ReadImage(str(target))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found), labels)
    assert found.GetMetaData("Segment1_Name") == "Tail"
    assert found.GetMetaData("Segment1_LabelValue") == "2"


def test_dicom_labels_become_a_dicom_segmentation(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(tmp_path / "ct", phantom((6, 20, 24)))
    space = open_image(window, qtbot, tmp_path / "ct")
    labels = paint(space)
    target = tmp_path / "labels.dcm"
    save_as(window, target, qtbot, monkeypatch)
    found = pydicom.dcmread(target)
    assert found.Modality == "SEG"
    assert [s.SegmentLabel for s in found.SegmentSequence] == ["Label 1", "Label 2"]
    space.files.openLabels(target)
    settled(window, qtbot)
    assert no_dialog(window), "it lies on the image's own grid"
    np.testing.assert_array_equal(space.study.model.array, labels)


def test_the_ending_comes_from_the_chosen_kind(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    paint(space)
    save_as(window, tmp_path / "plain", qtbot, monkeypatch, "NRRD (*.nrrd)")
    assert (tmp_path / "plain.nrrd").is_file()


def test_the_title_marks_what_is_not_saved(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert not window.isWindowModified()
    paint(space)
    assert window.isWindowModified()
    save_as(window, tmp_path / "labels.nii.gz", qtbot, monkeypatch)
    assert not window.isWindowModified()
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert window.isWindowModified()
    QTest.keyClick(window, Qt.Key.Key_Y, CONTROL)
    assert not window.isWindowModified(), "as in the file again"


def test_ctrl_s_goes_to_the_same_file_without_asking(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    paint(space)
    target = tmp_path / "labels.nii.gz"
    save_as(window, target, qtbot, monkeypatch)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", None)
    labels = paint(space, 14)
    QTest.keyClick(window, Qt.Key.Key_S, CONTROL)
    settled(window, qtbot)
    np.testing.assert_array_equal(read_nifti(target), labels)
    assert space.isSaved()


def test_what_is_painted_while_it_is_saved_stays_unsaved(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    labels = paint(space)
    target = tmp_path / "labels.nii.gz"
    space.files.saveLabels(target)
    # Back and on in another way, to as many steps as were saved.
    QTest.keyClick(window, Qt.Key.Key_Z, CONTROL)
    view = view_of(space)
    stroke(view, (2, 15, 4), (2, 15, 12))
    assert space.study.model.position() == 2
    settled(window, qtbot)
    np.testing.assert_array_equal(read_nifti(target), labels)
    assert not space.isSaved()
    assert window.isWindowModified()


@pytest.mark.parametrize("reply", ["Cancel", "Replace it", "Save elsewhere…"])
def test_a_file_changed_by_others_is_asked_about(
    reply: str, window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    paint(space)
    target, elsewhere = tmp_path / "labels.nii.gz", tmp_path / "elsewhere.nii.gz"
    save_as(window, target, qtbot, monkeypatch)
    foreign = write_nifti(target, np.full(space.study.model.shape, 9, np.uint8), AFFINE)
    theirs = foreign.read_bytes()
    os.utime(target, (1, 1))
    labels = paint(space, 14)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(elsewhere))
    QTest.keyClick(window, Qt.Key.Key_S, CONTROL)
    assert "labels.nii.gz" in answer(window, qtbot, reply)
    settled(window, qtbot)
    assert (target.read_bytes() == theirs) == (reply != "Replace it")
    assert elsewhere.exists() == (reply == "Save elsewhere…")
    assert space.isSaved() == (reply != "Cancel")
    if reply != "Cancel":
        np.testing.assert_array_equal(
            read_nifti(elsewhere if elsewhere.exists() else target), labels
        )


@pytest.mark.parametrize(
    ("number", "word"), [(28, "full"), (13, "ermission")], ids=["disk full", "not allowed"]
)
def test_a_disk_that_refuses_leaves_the_old_file(
    number: int, word: str, window: MainWindow, space: SegmentSpace, tmp_path: Path,
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    paint(space)
    target = tmp_path / "labels.nii.gz"
    save_as(window, target, qtbot, monkeypatch)
    old = target.read_bytes()
    labels = paint(space, 14)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", refuse)
        QTest.keyClick(window, Qt.Key.Key_S, CONTROL)
        settled(window, qtbot)
    assert target.read_bytes() == old
    assert list(tmp_path.glob("*labels*")) == [target], "nothing half written stays"
    told = window.message.message()
    assert "labels.nii.gz" in told
    assert word in told, told
    assert not space.isSaved()
    np.testing.assert_array_equal(space.study.model.array, labels)
    QTest.keyClick(window, Qt.Key.Key_S, CONTROL)
    settled(window, qtbot)
    np.testing.assert_array_equal(read_nifti(target), labels)


def test_closing_after_a_failed_save_keeps_the_image(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    labels = paint(space)
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", file_answer(tmp_path / "missing" / "labels.nii.gz")
    )
    QTest.keyClick(window, Qt.Key.Key_W, CONTROL)
    answer(window, qtbot, "Save")
    settled(window, qtbot)
    assert space.study.volume is not None
    np.testing.assert_array_equal(space.study.model.array, labels)


def test_a_name_without_an_ending_gets_one_though_no_kind_is_told(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    labels = paint(space)
    save_as(window, tmp_path / "mine", qtbot, monkeypatch, kind="")
    np.testing.assert_array_equal(read_nifti(tmp_path / "mine.nii.gz"), labels)
