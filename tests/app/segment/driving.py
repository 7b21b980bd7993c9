"""What tests of the Segment workspace do again and again, with real mouse and key events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QMessageBox,
    QPushButton,
    QWidget,
)

from app.window import MainWindow
from app.workspaces.segment.space import SegmentSpace
from tests.helpers import pointer
from widgets.panels.choice_dialog import ChoiceDialog
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_view import SliceView

AXIAL, CORONAL, SAGITTAL = PlaneName.AXIAL, PlaneName.CORONAL, PlaneName.SAGITTAL
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
Voxel = tuple[float, float, float]


class Waiter(Protocol):
    """What lets a driver wait, such as pytest-qt's bot."""

    def waitUntil(self, callback: Callable[[], bool], *, timeout: int = 5000) -> None: ...


# (i, j, k) = (w, h, d) to mm, as scanners write it: x runs to the left, voxels of three sizes.
AFFINE = np.array([[-1.0, 0, 0, 20], [0, 1.5, 0, -30], [0, 0, 2.0, -10], [0, 0, 0, 1]])
SHAPE = (12, 20, 24)  # (D, H, W)


def phantom(shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> NDArray[np.int16]:
    """(D, H, W): a bright ball in the middle of noise, of no symmetry."""
    grid = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    ball = 400 * (sum(axis**2 for axis in grid) < 0.3)
    noise = np.random.default_rng(seed).normal(100, 10, shape)
    return np.asarray(ball + noise + 30 * (grid[2] > 0.8), np.int16)


def write_nifti(path: Path, array: NDArray[np.generic], affine: NDArray[np.float64]) -> Path:
    """(D, H, W) or (T, D, H, W) as nibabel writes it."""
    order = (3, 2, 1, 0) if array.ndim == 4 else (2, 1, 0)
    image = nib.nifti1.Nifti1Image(array.transpose(order), affine, dtype=array.dtype)
    image.header.set_xyzt_units("mm", "sec")
    nib.save(image, path)
    return path


def read_nifti(path: Path) -> NDArray[np.generic]:
    """(D, H, W) as nibabel reads it."""
    return np.asarray(nib.load(path).dataobj).T


# --- waiting


def settled(window: MainWindow, qtbot: Waiter) -> None:
    """Wait until nothing works in the background any more."""
    works = (window.background, window.spaces.computing)
    qtbot.waitUntil(lambda: not any(b.underWay() for b in works), timeout=15_000)


def open_image(window: MainWindow, qtbot: Waiter, path: Path) -> SegmentSpace:
    """Open an image as if it were dropped, and wait until it is shown."""
    space = window.spaces.segment()
    window.open([path])
    qtbot.waitUntil(lambda: space.study.volume is not None, timeout=15_000)
    settled(window, qtbot)
    return space


# --- commands


def menu_action(window: MainWindow, menu: str, text: str) -> QAction:
    """A visible entry of a menu in the menu bar, by the beginning of its text."""
    for top in window.bar().actions():
        found = top.menu()
        if top.isVisible() and found is not None and top.text().replace("&", "") == menu:
            for action in found.actions():
                if action.isVisible() and action.text().replace("&", "").startswith(text):
                    return action
    raise AssertionError(f"no {text} in {menu}")


def choose(window: MainWindow, menu: str, text: str) -> None:
    """Take an entry of a menu, as a click on it does; one that is grey cannot be taken."""
    action = menu_action(window, menu, text)
    assert action.isEnabled(), f"{text} is grey"
    action.trigger()


def view_of(space: SegmentSpace, plane: PlaneName = AXIAL) -> SliceView:
    return space.view.volume.views()[plane]


def key(view: QWidget, *keys: Qt.Key | str, modifiers: Qt.KeyboardModifier | None = None) -> None:
    """Press keys in a widget, which has the focus then."""
    view.setFocus()
    for each in keys:
        QTest.keyClick(view, each, modifiers or Qt.KeyboardModifier.NoModifier)


# --- the pointer


def place(view: SliceView, voxel: Voxel) -> tuple[float, float]:
    """Where the middle of a voxel (d, h, w) lies on a view's slice, in image coordinates."""
    plane = view.plane()
    assert plane is not None, "an image is open"
    x, y, _ = plane.point(voxel)
    point = view.viewToImage(view.planeToView(QPointF(x, y)))
    return point.x(), point.y()


def go(view: SliceView, voxel: Voxel) -> None:
    """Turn the wheel until a view shows the slice of a voxel."""
    plane = view.plane()
    assert plane is not None, "an image is open"
    middle = plane.size[0] / 2, plane.size[1] / 2
    wanted = round(voxel[plane.axis])
    while view.index() != wanted:
        before = view.index()
        pointer.wheel(view, middle, view.forward() * (1 if wanted > before else -1))
        assert view.index() != before, "the wheel goes to another slice"


def stroke(view: SliceView, *voxels: Voxel, button: Qt.MouseButton = LEFT) -> None:
    """Drag through voxels (d, h, w) of the slice on show."""
    pointer.drag(view, *(place(view, voxel) for voxel in voxels), button=button)


def drop(widget: QWidget, paths: Sequence[Path]) -> bool:
    """Drop files on a widget; whether it took them."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    middle = QPointF(widget.width() / 2, widget.height() / 2)
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle.toPoint(), copy, mime, LEFT, none)
    QApplication.sendEvent(widget, enter)
    event = QDropEvent(middle, copy, mime, LEFT, none)
    if enter.isAccepted():
        QApplication.sendEvent(widget, event)
    return enter.isAccepted() and event.isAccepted()


# --- dialogs


def dialog(window: MainWindow, qtbot: Waiter, kind: type[QDialog]) -> QDialog:
    """The dialog of a kind that is open, now or soon."""

    def found() -> list[QDialog]:
        return [each for each in window.findChildren(kind) if each.isVisible()]

    qtbot.waitUntil(lambda: bool(found()), timeout=15_000)
    shown = found()[-1]
    shown.activateWindow()
    qtbot.waitUntil(shown.isActiveWindow)
    return shown


def no_dialog(window: MainWindow) -> bool:
    return not any(each.isVisible() for each in window.findChildren(QDialog))


def pick(window: MainWindow, qtbot: Waiter, text: str) -> None:
    """Take the choice with this text in its title by a key, as users of a list do."""
    shown = dialog(window, qtbot, ChoiceDialog)
    assert isinstance(shown, ChoiceDialog)
    rows = [shown.list.item(row).text() for row in range(shown.list.count())]
    found = [row for row, title in enumerate(rows) if text in title]
    assert len(found) == 1, f"{text} in {rows}"
    QTest.keyClick(shown.list, Qt.Key.Key_Home)
    for _ in range(found[0]):
        QTest.keyClick(shown.list, Qt.Key.Key_Down)
    QTest.keyClick(shown.list, Qt.Key.Key_Return)
    _back(window, qtbot)


def _back(window: MainWindow, qtbot: Waiter) -> None:
    """The window has the keys again, as a window manager gives them."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def press(parent: QWidget, text: str) -> None:
    """Click the button of this text."""
    buttons: list[QAbstractButton] = list(parent.findChildren(QPushButton))
    found = [b for b in buttons if b.text().replace("&", "") == text and b.isVisible()]
    assert len(found) == 1, f"{text} in {[b.text() for b in buttons]}"
    QTest.mouseClick(found[0], LEFT)


def answer(window: MainWindow, qtbot: Waiter, text: str) -> str:
    """Click a button of the question that is open; what was asked."""
    box = dialog(window, qtbot, QMessageBox)
    assert isinstance(box, QMessageBox)
    asked = f"{box.text()} {box.informativeText()}"
    press(box, text)
    _back(window, qtbot)
    return asked


Ask = Callable[..., tuple[str, str]]


def file_answer(path: Path | str, kind: str = "") -> Ask:
    """Stands in for a file dialog, which is the system's, not the program's."""
    return lambda *_args, **_more: (str(path), kind)
