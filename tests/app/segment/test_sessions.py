"""Sessions: saved and opened by hand, and by themselves at the end and the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.session_file import last_session_path
from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from engine.data.volumes.volume import Geometry, Volume
from tests.app.segment.driving import (
    AFFINE,
    CORONAL,
    LEFT,
    choose,
    file_answer,
    go,
    key,
    no_dialog,
    open_image,
    phantom,
    pick,
    place,
    read_nifti,
    settled,
    stroke,
    view_of,
    write_nifti,
)
from tests.helpers import pointer
from widgets.viewer.volume.arrangement import ViewLayout

K = Qt.Key


def work(window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot) -> np.ndarray:
    """A second image, labels, a ruler, a window, a layout, the other side; the labels."""
    window.open([write_nifti(tmp_path / "other.nii.gz", phantom(seed=3), AFFINE)])
    pick(window, qtbot, "Lay it over")
    qtbot.waitUntil(lambda: len(space.study.stack) == 3)
    view = view_of(space)
    key(view, K.Key_B)
    space.study.editor.setSize(3)
    go(view, (4, 0, 0))
    stroke(view, (4, 8, 4), (4, 8, 15))
    key(view, K.Key_M)
    stroke(view, (4, 14, 4), (4, 14, 9))
    space.study.table.change(2, name="Tail", colour=(7, 8, 9))
    key(view, K.Key_K)
    pointer.drag(view, place(view, (4, 3, 3)), place(view, (4, 3, 13)))
    image = space.study.image()
    assert image is not None
    space.study.stack.setActive(image)
    space.showing.setWindow(50.0, 350.0)
    space.view.volume.setViewLayout(ViewLayout.ONE)
    QTest.keyClick(view, K.Key_R, Qt.KeyboardModifier.ShiftModifier)
    settled(window, qtbot)
    return space.study.model.array.copy()


def same(space: SegmentSpace, labels: np.ndarray) -> None:
    """All of `work` is there again."""
    study, volume = space.study, space.view.volume
    names = [layer.name for layer in study.stack]
    assert names == ["head", "other", "Labels"]
    np.testing.assert_array_equal(study.model.array, labels)
    assert [(r.value, r.name) for r in study.table.labels()] == [(1, "Label 1"), (2, "Tail")]
    assert study.table.colour(2) == (7, 8, 9)
    assert study.table.active() == 2
    image = study.image()
    assert image is not None
    assert (image.look.low, image.look.high) == (50.0, 350.0)
    assert study.stack.active() is image
    assert study.editor.settings.brush == 3
    assert volume.viewLayout() is ViewLayout.ONE
    assert not volume.isRadiological()
    (ruler,) = space.measuring.items.items()
    length = np.linalg.norm(np.subtract(*ruler.points))
    assert length == pytest.approx(10.0, abs=0.5)


def test_a_session_brings_all_back(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    labels = work(window, space, tmp_path, qtbot)
    path = tmp_path / "mine.reverie"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(tmp_path / "mine"))
    choose(window, "File", "Save session")
    settled(window, qtbot)
    assert path.is_file()
    space.study.close()
    space.view.volume.setViewLayout(ViewLayout.GRID)
    space.view.volume.setRadiological(True)
    space.study.editor.change(brush=9.0)
    window.open([path])
    qtbot.waitUntil(lambda: space.study.volume is not None)
    same(space, labels)
    assert not space.isSaved(), "the labels are in no file of their own"


def test_a_session_of_saved_labels_reads_them_from_their_file(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    labels = work(window, space, tmp_path, qtbot)
    mask = tmp_path / "mask.nii.gz"
    space.files.saveLabels(mask)
    settled(window, qtbot)
    space.sessions.save(tmp_path / "mine.reverie")
    settled(window, qtbot)
    space.study.close()
    window.open([tmp_path / "mine.reverie"])
    qtbot.waitUntil(lambda: space.study.volume is not None)
    np.testing.assert_array_equal(space.study.model.array, labels)
    np.testing.assert_array_equal(read_nifti(mask), labels)
    assert space.isSaved()
    assert space.study.label_file is not None
    assert space.study.label_file.path == mask


def test_a_session_of_labels_that_are_gone_opens_without_them_and_says_so(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    work(window, space, tmp_path, qtbot)
    mask = tmp_path / "mask.nii.gz"
    space.files.saveLabels(mask)
    settled(window, qtbot)
    space.sessions.save(tmp_path / "mine.reverie")
    settled(window, qtbot)
    space.study.close()
    mask.write_bytes(mask.read_bytes()[:60])
    window.open([tmp_path / "mine.reverie"])
    qtbot.waitUntil(lambda: space.study.volume is not None)
    assert "mask.nii.gz" in window.message.message()
    assert not space.study.model.array.any()
    assert len(space.study.stack) == 3


def test_labels_that_fit_no_image_any_more_are_not_let_go(
    window: MainWindow, space: SegmentSpace, image: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    work(window, space, tmp_path, qtbot)
    path = tmp_path / "mine.reverie"
    space.sessions.save(path)
    settled(window, qtbot)
    space.study.close()
    good = image.read_bytes()
    write_nifti(image, phantom((5, 6, 7)), AFFINE)
    window.open([path])
    settled(window, qtbot)
    assert "mine.reverie fit no image" in window.message.message()
    assert space.study.volume is None
    image.write_bytes(good)
    window.open([path])
    qtbot.waitUntil(lambda: space.study.volume is not None)
    assert space.study.model.array.any()


def test_a_damaged_session_changes_nothing(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "mine.reverie"
    space.sessions.save(path)
    settled(window, qtbot)
    path.write_bytes(path.read_bytes()[:100])
    volume = space.study.volume
    window.open([path])
    settled(window, qtbot)
    assert "mine.reverie" in window.message.message()
    assert space.study.volume is volume


def test_a_session_that_cannot_be_written_says_so(
    window: MainWindow, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "file").write_text("in the way")
    space.sessions.save(tmp_path / "file" / "mine.reverie")
    settled(window, qtbot)
    assert "mine.reverie" in window.message.message()


def test_the_work_of_the_last_time_is_a_card_of_the_start_page(
    start: Callable[[], MainWindow], image: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window = start()
    labels = work(window, open_image(window, qtbot, image), tmp_path, qtbot)
    window.close()
    assert last_session_path().is_file()
    again = start()
    assert no_dialog(again), "nothing was lost, so nothing is offered"
    space = again.spaces.segment()
    cards = space.view.start.cards()
    card = next(c for c in cards if c.item.kind == "session")
    QTest.mouseClick(card, LEFT)
    qtbot.waitUntil(lambda: space.study.volume is not None)
    same(space, labels)


def test_the_layout_is_remembered(
    start: Callable[[], MainWindow], image: Path, qtbot: QtBot
) -> None:
    window = start()
    space = open_image(window, qtbot, image)
    space.view.volume.setViewLayout(ViewLayout.GRID)
    key(view_of(space, CORONAL), K.Key_N)
    window.close()
    again = start().spaces.segment()
    assert again.view.volume.viewLayout() is ViewLayout.GRID


def test_labels_on_an_image_of_no_file_are_left_to_the_journal(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    """As after a crash whose image is gone: no session could bring them back."""
    shape = (4, 5, 6)
    space.study.open(Volume(np.zeros((1, *shape), np.uint8), Geometry(shape, np.eye(4))))
    assert space.isKept()
    space.study.model.replace(np.ones(shape, np.uint8), "Everything")
    space.sessions.save(last_session_path(), quietly=True)
    settled(window, qtbot)
    assert not space.isKept()
