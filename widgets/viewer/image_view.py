"""An image that may change many times a second, with window/level, outline, marker and labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter
from PyQt6.QtWidgets import QApplication, QWidget

from widgets.theme import DARK
from widgets.viewer.chips import draw_chip
from widgets.viewer.marks import draw_marker, draw_placeholder, draw_stale
from widgets.viewer.outline import Outline
from widgets.viewer.pane import Pane
from widgets.viewer.raster import Raster
from widgets.viewer.window_level import WindowLevel

OUTLINE_COLOUR = QColor(255, 77, 77)
LEFT = Qt.MouseButton.LeftButton
TOP, BOTTOM = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
AT_LEFT, AT_RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
LABELS_NEED = 220.0  # view pixels


class ImageView(Pane):
    """Shows an image (H, W) or (H, W, 3).

    Left-drag changes window (x) and level (y), or pans when window/level is off; a click probes a
    pixel; Ctrl+double-click resets window and level.
    """

    pixelClicked = pyqtSignal(int, int)
    windowLevelChanged = pyqtSignal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: NDArray[np.generic] | None = None
        self._raster: Raster | None = None
        self._range = (0.0, 1.0)
        self._shown = WindowLevel.of_range(*self._range)
        self._outline: Outline | None = None
        self._outline_colour = QColor(OUTLINE_COLOUR)
        self._outline_opacity = 0.8
        self._badge = ""
        self._info = ""
        self._placeholder = ""
        self._stale = False
        self._marker: QPoint | None = None
        self._levelling = True
        self._press: QPointF | None = None
        self._dragged: QPointF | None = None
        self.setAccessibleName("Image")

    # --- the picture

    def setImage(
        self, array: NDArray[np.generic] | None, value_range: tuple[float, float] | None = None
    ) -> None:
        """Show an image; None empties the view.

        array: (H, W) or (H, W, 3), uint8 or floating point. value_range: the values shown as black
        and white before anybody drags; default (0, 255) for uint8 and (0, 1) otherwise. Window and
        level are kept from image to image until the range changes. Raises ValueError for another
        shape or an empty range.
        """
        if array is None:
            self._image = self._raster = None
            self.setImageSize(0, 0)
            self.update()
            return
        if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)) or 0 in array.shape:
            raise ValueError(f"an image has shape (H, W) or (H, W, 3), not {array.shape}")
        default = (0.0, 255.0) if array.dtype == np.uint8 else (0.0, 1.0)
        values = default if value_range is None else (float(value_range[0]), float(value_range[1]))
        shown = WindowLevel.of_range(*values)
        if values != self._range:
            self._range = values
            self._shown = shown
        self._image = array.copy()
        self.setImageSize(array.shape[1], array.shape[0])
        self._render()

    def image(self) -> NDArray[np.generic] | None:
        """The image as it was set."""
        return self._image

    def setOutline(self, mask: NDArray[np.generic] | None) -> None:
        """Draw the contour of a mask (H, W) of the image's size; None removes it."""
        self._outline = None if mask is None else Outline(mask, self._outline_colour)
        self.update()

    def setOutlineColour(self, colour: QColor) -> None:
        self._outline_colour = QColor(colour)
        if self._outline is not None:
            self._outline.set_colour(colour)
        self.update()

    def outlineOpacity(self) -> float:
        return self._outline_opacity

    def setOutlineOpacity(self, opacity: float) -> None:
        """0 (hidden) to 1."""
        self._outline_opacity = min(max(opacity, 0.0), 1.0)
        self.update()

    # --- labels

    def setBadge(self, text: str) -> None:
        """A mark in the top left corner, such as SYNTHETIC; empty for none."""
        self._badge = text
        self.update()

    def setInfo(self, text: str) -> None:
        """A line in the bottom left corner, such as "x_t  step 12/20"."""
        self._info = text
        self.update()

    def setPlaceholder(self, text: str) -> None:
        """What the view says while it has no image."""
        self._placeholder = text
        self.update()

    def isStale(self) -> bool:
        return self._stale

    def setStale(self, stale: bool) -> None:
        """Say that a newer image is being made; the old one stays in sight."""
        if stale != self._stale:
            self._stale = stale
            self.update()

    def setMarker(self, x: int, y: int) -> None:
        """Mark an image pixel."""
        self._marker = QPoint(x, y)
        self.update()

    def clearMarker(self) -> None:
        self._marker = None
        self.update()

    # --- window and level

    def windowLevel(self) -> tuple[float, float]:
        """Width and centre of the shown values."""
        return self._shown.window, self._shown.level

    def setWindowLevel(self, window: float, level: float) -> None:
        """Show the values level - window / 2 .. level + window / 2; window > 0."""
        wanted = WindowLevel.of_range(level - window / 2, level + window / 2)
        if wanted != self._shown:
            self._shown = wanted
            self._render()
            self.windowLevelChanged.emit(wanted.window, wanted.level)

    def resetWindowLevel(self) -> None:
        """Show the whole value range."""
        whole = WindowLevel.of_range(*self._range)
        self.setWindowLevel(whole.window, whole.level)

    def isWindowLevelMode(self) -> bool:
        return self._levelling

    def setWindowLevelMode(self, on: bool) -> None:
        """Whether a left-drag changes window and level (else it pans)."""
        self._levelling = on

    def _render(self) -> None:
        if self._image is None:
            return
        if self._raster is None or self._raster.base.shape != self._image.shape:
            self._raster = Raster(self._image.shape)
        self._shown.apply(self._image, self._raster.base)
        self._raster.touch()
        self.update()

    # --- the pointer

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        super().mousePressEvent(event)
        if event.button() == LEFT and not self.isPanning():
            self._press = event.position()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        position = event.position()
        if self._press is not None and not self.isPanning():
            moved = (position - self._press).manhattanLength()
            if self._dragged is None and moved >= QApplication.startDragDistance():
                self._dragged = self._press
                if not self._levelling:
                    self.beginPan(self._press)
            if self._dragged is not None and self._levelling:
                self._level_by(position - self._dragged)
                self._dragged = position
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        super().mouseReleaseEvent(event)
        if event.button() == LEFT and self._press is not None:
            pixel = self.pixelAt(event.position())
            clicked = self._dragged is None
            self._press = self._dragged = None
            self.update()
            if clicked and pixel is not None:
                self.pixelClicked.emit(pixel.x(), pixel.y())

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if event.button() == LEFT and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.resetWindowLevel()
        else:
            super().mouseDoubleClickEvent(event)

    def _level_by(self, delta: QPointF) -> None:
        low, high = self._range
        wanted = self._shown.dragged(delta.x(), delta.y(), high - low)
        self.setWindowLevel(wanted.window, wanted.level)

    # --- painting

    def paintImage(self, painter: QPainter, source: QRectF) -> None:
        if self._raster is not None:
            self._raster.draw(painter, source, self.deviceScale())

    def paintOverlay(self, painter: QPainter) -> None:
        pane = self._label_area()
        if self._image is None:
            draw_placeholder(painter, pane, self._placeholder)
        else:
            self._paint_outline(painter)
            if self._marker is not None:
                centre = self.imageToView(QPointF(self._marker) + QPointF(0.5, 0.5))
                draw_marker(painter, centre, self.scale())
        # Plates are dark in both themes, hence so are the tones on them.
        tone = DARK
        if self._badge:
            draw_chip(painter, pane, TOP | AT_LEFT, self._badge, QColor(tone.synthetic), bold=True)
        info = self._info
        if self._dragged is not None and self._levelling:
            info = f"window {self._shown.window:.3g}   level {self._shown.level:.3g}"
        if info and self._image is not None:
            draw_chip(painter, pane, BOTTOM | AT_LEFT, info, QColor(tone.text))
        if self._stale and self._image is not None:
            draw_stale(painter, pane)

    def _label_area(self) -> QRectF:
        """The image's visible part, unless that is too narrow for labels."""
        pane = QRectF(self.rect())
        frame = self.transform().mapRect(QRectF(QPointF(0, 0), self.imageSize().toSizeF())) & pane
        return frame if frame.width() >= LABELS_NEED else pane

    def _paint_outline(self, painter: QPainter) -> None:
        if self._outline is not None and self._outline_opacity > 0:
            painter.setOpacity(self._outline_opacity)
            ratio = self.devicePixelRatioF()
            self._outline.draw(painter, self.transform(), self.size(), ratio)
            painter.setOpacity(1.0)
