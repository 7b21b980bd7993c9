"""A hippocampus segmented by hand: every step a mouse or key event, with a picture of each.

As a program: `python -m tests.app.segment.recorded IMAGE.nii.gz LABELS.nii.gz FOLDER`. The outlines
are those of LABELS, which has labels 1 and 2; of every few slices only, and drawn with a steady but
not perfect hand. What is painted is saved to FOLDER, closed, opened again and compared.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractSpinBox, QComboBox, QFileDialog
from scipy import ndimage
from skimage.measure import approximate_polygon, find_contours

from app.controllers.segment.scene import SETTLE_MS
from app.window import MainWindow
from app.workspaces.segment.operation_dialog import OperationDialog
from tests.app.segment.driving import (
    AXIAL,
    CORONAL,
    LEFT,
    RIGHT,
    Voxel,
    Waiter,
    choose,
    dialog,
    drop,
    file_answer,
    go,
    key,
    place,
    press,
    read_nifti,
    settled,
    stroke,
    view_of,
)
from tests.helpers import pointer
from widgets.viewer.volume.planes import PlaneName

K = Qt.Key
ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
EVERY = 3  # slices of which one is outlined
ROUGH = 0.4  # voxels that an outline may leave out


class Patience:
    """Waits without pytest."""

    def waitUntil(self, callback: Callable[[], bool], *, timeout: int = 5000) -> None:
        """Let the window work until something is so.

        Raises:
            TimeoutError: it did not come.
        """
        end = time.monotonic() + timeout / 1000
        QTest.qWait(5)
        while not callback():
            if time.monotonic() > end:
                raise TimeoutError("what was waited for did not come")
            QTest.qWait(5)


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        dice: By label, against the reference.
        labels: (D, H, W) as painted.
        reopened: As shown after saving, closing and opening again.
        file: As another reader finds them.
        steps: Of the history, when it was saved.
    """

    dice: dict[int, float]
    labels: NDArray[np.generic]
    reopened: NDArray[np.generic]
    file: NDArray[np.generic]
    steps: tuple[str, ...]


class Session:
    """One user at work.

    Args:
        window: In its Segment workspace, at the start page.
        image, reference: NIfTI files of one grid; the reference has labels 1 and 2.
        out: Takes the labels and the pictures.
    """

    def __init__(
        self, window: MainWindow, bot: Waiter, image: Path, reference: Path, out: Path
    ) -> None:
        self._window, self._bot = window, bot
        self._image, self._out = image, out
        self._wanted = read_nifti(reference)
        self._space = window.spaces.segment()
        self._pictures = 0

    def play(self) -> Outcome:
        """All of it, in order."""
        self._open()
        self._outline(1, AXIAL)
        self._picture("outlined")
        self._operate("Interpolate slices", label="Label 1")
        self._picture("interpolated")
        self._brush(2, CORONAL)
        self._picture("brushed")
        self._operate("Interpolate slices", label="Label 2")
        self._ball(2)
        self._picture("ball")
        self._slip(2)
        self._picture("slip")
        self._operate("Islands", label="Label 2")
        self._hole(1)
        self._operate("Smooth", label="All", size_mm="0.9")
        self._picture("smoothed")
        return self._keep()

    # --- parts

    def _open(self) -> None:
        drop(self._space.view.start, [self._image])
        self._bot.waitUntil(lambda: self._space.study.volume is not None, timeout=20_000)
        settled(self._window, self._bot)
        self._picture("opened")

    def _outline(self, label: int, name: PlaneName) -> None:
        """Polygons around the label on every few slices, corner by corner."""
        QTest.keyClick(self._window, K.Key_1, ALT)  # one large view
        QTest.qWait(20)
        view, editor = view_of(self._space, name), self._space.study.editor
        key(view, K.Key_R, "3")
        for index in self._slices(label, name):
            for corners in self._outlines(label, name, index):
                go(view, corners[0])
                for corner in corners:
                    pointer.click(view, place(view, corner))
                    if not editor.busy():
                        break  # the last corner lay on the first one, which closes it
                if editor.busy():
                    key(view, K.Key_Return)

    def _brush(self, label: int, name: PlaneName) -> None:
        """Strokes to and fro on every few slices; what was painted too much is taken off again."""
        QTest.keyClick(self._window, K.Key_2, ALT)  # one large view and three small ones
        QTest.qWait(20)
        view, editor = view_of(self._space, name), self._space.study.editor
        key(view, K.Key_M, K.Key_B)
        while editor.size() > 1:
            key(view, "[")
        key(view, K.Key_P, modifiers=SHIFT)  # over background only
        for index in self._slices(label, name):
            for first, last in self._runs(label, name, index):
                go(view, first)
                stroke(view, first, last)
        # Too much, and off again with the right button.
        stroke(view, last, (last[0], last[1], last[2] - 3) if last[2] > 3 else last)
        pixel = self._space.study.model.array == label
        for voxel in np.argwhere(pixel & (self._wanted != label)):
            spot = (float(voxel[0]), float(voxel[1]), float(voxel[2]))
            go(view, spot)
            stroke(view, spot, button=RIGHT)

    def _ball(self, label: int) -> None:
        """Balls in the thickest places, painted through slices."""
        view, editor = view_of(self._space), self._space.study.editor
        key(view, K.Key_B, K.Key_T)
        depth = ndimage.distance_transform_edt(self._wanted == label)
        for _ in range(3):
            deepest = np.unravel_index(int(depth.argmax()), depth.shape)
            wide = max(1, 2 * int(depth[deepest]) - 1)
            while editor.size() < wide:
                key(view, "]")
            while editor.size() > wide:
                key(view, "[")
            middle = (float(deepest[0]), float(deepest[1]), float(deepest[2]))
            go(view, middle)
            pointer.click(view, place(view, middle))
            near = np.ogrid[tuple(slice(0, n) for n in depth.shape)]
            far = sum((axis - m) ** 2 for axis, m in zip(near, middle, strict=True))
            depth[far < (wide + 1) ** 2] = 0
        key(view, K.Key_T)

    def _slip(self, label: int) -> None:
        """A dab far away, and one that is taken back by a key."""
        view, model = view_of(self._space), self._space.study.model
        corner = (1.0, 1.0, 1.0)
        go(view, corner)
        pointer.click(view, place(view, corner))
        steps = model.position()
        pointer.click(view, place(view, (1.0, 4.0, 4.0)))
        QTest.keyClick(view, K.Key_Z, CONTROL)
        if model.position() != steps or model.array[1, 1, 1] != label:
            raise AssertionError("the slip is one step, and undo takes back the second one only")

    def _hole(self, label: int) -> None:
        """A hole by the eraser, closed by the fill."""
        view, editor = view_of(self._space), self._space.study.editor
        depth = ndimage.distance_transform_edt(self._space.study.model.array == label)
        deepest = np.unravel_index(int(depth.argmax()), depth.shape)
        middle = (float(deepest[0]), float(deepest[1]), float(deepest[2]))
        key(view, K.Key_E)
        while editor.size() > 1:
            key(view, "[")
        go(view, middle)
        pointer.click(view, place(view, middle))
        key(view, ",", K.Key_F)
        pointer.click(view, place(view, middle))
        if self._space.study.model.array[deepest] != label:
            raise AssertionError("the hole is filled")

    def _keep(self) -> Outcome:
        """Save, close, open again."""
        window, bot, study = self._window, self._bot, self._space.study
        labels, steps = study.model.array.copy(), tuple(study.model.names())
        path = self._out / "segmented.nii.gz"
        with _file(path):
            QTest.keyClick(window, K.Key_S, CONTROL)
            settled(window, bot)
        QTest.keyClick(window, K.Key_3, ALT)  # with the surfaces in 3D
        QTest.qWait(SETTLE_MS + 100)  # surfaces come a moment after the last change
        settled(window, bot)
        self._picture("saved")
        QTest.keyClick(window, K.Key_W, CONTROL)
        settled(window, bot)
        self._picture("closed")
        card = next(c for c in self._space.view.start.cards() if c.item.kind == "volume")
        QTest.mouseClick(card, LEFT)
        bot.waitUntil(lambda: study.volume is not None, timeout=20_000)
        with _file(path):
            QTest.keyClick(window, K.Key_O, CONTROL | SHIFT)
            settled(window, bot)
        QTest.qWait(SETTLE_MS + 100)  # surfaces come a moment after the last change
        settled(window, bot)
        self._picture("reopened")
        dice = {label: _dice(labels == label, self._wanted == label) for label in (1, 2)}
        return Outcome(dice, labels, study.model.array.copy(), read_nifti(path), steps)

    # --- helpers

    def _operate(self, title: str, **fields: str) -> None:
        """An operation of the Labels menu, its form filled in by keys."""
        choose(self._window, "Labels", title)
        shown = cast(OperationDialog, dialog(self._window, self._bot, OperationDialog))
        for name, text in fields.items():
            field: Any = shown.form.control(name).editor()
            field.setFocus()
            if isinstance(field, QAbstractSpinBox):
                QTest.keyClick(field, K.Key_A, CONTROL)
                QTest.keyClicks(field, text)
                QTest.keyClick(field, K.Key_Tab)
            elif isinstance(field, QComboBox):
                QTest.keyClick(field, K.Key_Home)
                while not field.currentText().startswith(text):
                    before = field.currentIndex()
                    QTest.keyClick(field, K.Key_Down)
                    if field.currentIndex() == before:
                        raise AssertionError(f"there is no {text} in {name}")
        press(shown, "Apply")
        settled(self._window, self._bot)
        if "voxel" not in shown.status.text():
            raise AssertionError(f"{title}: {shown.status.text()}")
        self._picture(title.split()[0].lower())
        press(shown, "Close")
        self._window.activateWindow()
        self._bot.waitUntil(self._window.isActiveWindow)

    def _picture(self, name: str) -> None:
        self._pictures += 1
        QTest.qWait(30)
        self._window.grab().save(str(self._out / f"{self._pictures:02d}-{name}.png"))

    def _axis(self, name: PlaneName) -> int:
        plane = view_of(self._space, name).plane()
        assert plane is not None, "an image is open"
        return plane.axis

    def _slices(self, label: int, name: PlaneName) -> list[int]:
        """Every few of those that the label is on, with the first and the last."""
        axis = self._axis(name)
        others = tuple(a for a in range(3) if a != axis)
        found = np.flatnonzero((self._wanted == label).any(axis=others))
        return sorted({*found[::EVERY].tolist(), int(found[-1])})

    def _outlines(self, label: int, name: PlaneName, index: int) -> list[list[Voxel]]:
        """Corners (d, h, w) of the parts on a slice."""
        axis = self._axis(name)
        cut = np.pad(np.take(self._wanted == label, index, axis), 1).astype(float)
        found = []
        for contour in find_contours(cut, 0.5):
            corners = approximate_polygon(contour, ROUGH)[:-1] - 1
            if len(corners) >= 3:
                found.append([_voxel(axis, index, *corner) for corner in corners])
        return found

    def _runs(self, label: int, name: PlaneName, index: int) -> Iterator[tuple[Voxel, Voxel]]:
        """Ends (d, h, w) of the rows of voxels on a slice."""
        axis = self._axis(name)
        cut = np.take(self._wanted == label, index, axis)
        for row, line in enumerate(cut):
            edges = np.flatnonzero(np.diff(np.pad(line.astype(np.int8), 1)))
            for first, last in edges.reshape(-1, 2):
                yield _voxel(axis, index, row, first), _voxel(axis, index, row, last - 1)


def _voxel(axis: int, index: int, row: float, column: float) -> Voxel:
    """A place on a cut across an axis as (d, h, w)."""
    d, h, w = np.insert(np.array([row, column], float), axis, index).tolist()
    return d, h, w


def _dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@contextmanager
def _file(path: Path) -> Iterator[None]:
    """File dialogs answer with this path: they are the system's, not the program's."""
    names = ("getSaveFileName", "getOpenFileName")
    before = {name: getattr(QFileDialog, name) for name in names}
    for name in names:
        setattr(QFileDialog, name, file_answer(path, "NIfTI (*.nii.gz *.nii)"))
    try:
        yield
    finally:
        for name, plain in before.items():
            setattr(QFileDialog, name, plain)


def main(image: Path, reference: Path, out: Path) -> None:
    """Play it in a window of its own and tell how like the reference it is."""
    out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with TemporaryDirectory() as home:
        for name in ("CONFIG", "DATA", "CACHE", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = home  # the user's own settings stay as they are
        _play(image, reference, out)


def _play(image: Path, reference: Path, out: Path) -> None:
    from app.bootstrap import open_window
    from tests.helpers.fake_engine import FakeEngine

    window = open_window(FakeEngine)
    window.resize(1440, 900)
    window.spaces.show("segment")
    window.activateWindow()
    QTest.qWait(200)
    found = Session(window, Patience(), image, reference, out).play()
    window.close()
    for label, dice in found.dice.items():
        print(f"Dice of label {label}: {dice:.3f}")
    same = np.array_equal(found.labels, found.reopened) and np.array_equal(found.labels, found.file)
    print(f"{len(found.steps)} steps; reopened {'equal' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
