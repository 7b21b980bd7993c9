"""The canvas on which a person draws a vessel mask."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPen,
)
from PyQt6.QtWidgets import QWidget

from widgets.dropped import dropped_paths
from widgets.paint.drawing import DrawingView
from widgets.paint.mask_model import Mask, MaskModel
from widgets.paint.tools.base import Tool
from widgets.theme import theme_of

OPACITY_STEP = 0.1


class MaskCanvas(DrawingView):
    """Draws a binary mask with a brush, an eraser, vessels, lines, polygons and fills.

    Every stroke is one step of the model's history. Esc, Enter and Backspace belong to a stroke
    while it lasts; all other keys are the window's, which has slots to call here.
    """

    maskEdited = pyqtSignal()  # after every whole step, undo and redo included
    maskVisibleChanged = pyqtSignal(bool)
    maskOpacityChanged = pyqtSignal(float)
    imageDropped = pyqtSignal(str)  # path of a dropped file

    def __init__(self, width: int = 384, height: int = 384, parent: QWidget | None = None) -> None:
        super().__init__(MaskModel((height, width)), parent)
        self.model.setParent(self)
        self._dropping = False
        self.model.historyChanged.connect(self.maskEdited)
        self.model.stepAdded.connect(self.statusChanged)
        self.setAcceptDrops(True)
        self.setAccessibleName("Mask canvas")

    # --- the mask

    def vesselMask(self) -> Mask:
        """A copy, uint8 {0, 1} of shape (H, W), with what an unfinished stroke drew so far."""
        return self.model.mask()

    def setVesselMask(self, array: ArrayLike, name: str = "Import mask") -> None:
        """Take a mask (H, W) of any size, nonzero being vessel, as one step that can be undone."""
        self.cancelStroke()
        self.model.replace(array, name)

    def applyResult(self, array: ArrayLike, name: str) -> None:
        """Take a generated mask, for example a grown tree, as one step that can be undone."""
        self.setVesselMask(array, name)

    def resizeMask(self, width: int, height: int) -> None:
        """Scale the drawing to another size (nearest neighbour) as one step."""
        old = self.model.mask()
        rows = np.arange(height) * old.shape[0] // height
        columns = np.arange(width) * old.shape[1] // width
        self.setVesselMask(old[np.ix_(rows, columns)], f"Size {width} × {height}")

    def clear(self) -> None:
        self.cancelStroke()
        self.model.clear()

    def invert(self) -> None:
        self.cancelStroke()
        self.model.invert()

    def undo(self) -> None:
        """Take back the last step; during a stroke, the stroke (or a polygon's last corner)."""
        handler = self.activeHandler()
        if handler is not None:
            self.drive(handler, handler.back)
        else:
            self.model.undo()

    def redo(self) -> None:
        if self.activeHandler() is None:
            self.model.redo()

    # --- what keys are given to

    def swapEraser(self) -> None:
        """From the eraser back to the brush, from anything else to the eraser."""
        self.setTool(Tool.BRUSH if self.tool() is Tool.ERASER else Tool.ERASER)

    def toggleMask(self) -> None:
        self.setMaskVisible(not self.isMaskVisible())
        self.maskVisibleChanged.emit(self.isMaskVisible())
        self.statusChanged.emit("Mask shown" if self.isMaskVisible() else "Mask hidden")

    def stepOpacity(self, steps: int) -> None:
        """Change the overlay's opacity by tenths."""
        self.setMaskOpacity(round(self.maskOpacity() + steps * OPACITY_STEP, 3))
        self.maskOpacityChanged.emit(self.maskOpacity())
        self.statusChanged.emit(f"Mask opacity {self.maskOpacity():.0%}")

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        act = self._stroke_key(event.key())
        if act is not None:
            act()
            event.accept()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent | None) -> bool:
        # While drawing, Esc and Enter belong to the stroke even if the window has shortcuts there.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._stroke_key(event.key())
        ):
            event.accept()
            return True
        return super().event(event)

    def _stroke_key(self, key: int) -> Callable[[], object] | None:
        handler = self.activeHandler()
        if handler is None:
            return None
        if key == Qt.Key.Key_Escape:
            return self.cancelStroke
        if handler.clicks and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return lambda: self.drive(handler, handler.finish)
        if handler.clicks and key == Qt.Key.Key_Backspace:
            return lambda: self.drive(handler, handler.back)
        return None

    # --- dropped files

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()
            self._set_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        self._set_dropping(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        self._set_dropping(False)
        paths = dropped_paths(event)
        if event is not None and paths:
            event.acceptProposedAction()
            self.imageDropped.emit(str(paths[0]))

    def _set_dropping(self, dropping: bool) -> None:
        self._dropping = dropping
        self.update()

    # --- decorations

    def paintOverlay(self, painter: QPainter) -> None:
        if self.showsHint() and self.activeHandler() is None:
            self.paintHint(painter)
        super().paintOverlay(painter)
        if self._dropping:
            painter.setPen(QPen(QColor(theme_of(self).accent), 3))
            painter.drawRect(self.rect().adjusted(2, 2, -3, -3))
