"""The base of every picture in the program: zoom, pan, hover, linked views, partial repaints."""

from __future__ import annotations

import math

from PyQt6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from widgets.theme import DARK, theme_of
from widgets.viewer.view import SQUARE, View

GRID = QColor(128, 128, 128, 60)
GRID_FROM = 14.0  # view pixels per image pixel
ZOOM_STEP = 1.2  # per wheel notch


class Pane(QWidget):
    """Shows one raster through a zoomable view.

    Ctrl+wheel zooms at the pointer, middle-drag or left-drag with Space held pans, `R` fits, and a
    double click asks for the pane to be maximised. Subclasses paint the picture in `paintImage`
    (image coordinates) and decorations in `paintOverlay` (view coordinates).
    """

    viewChanged = pyqtSignal(View)
    hovered = pyqtSignal(int, int)  # the image pixel under the pointer
    left = pyqtSignal()  # the pointer left the image
    maximiseRequested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = View()
        self._image_size = QSize(0, 0)
        self._pixel = SQUARE
        self._pan_from: QPointF | None = None
        self._space = False
        self._hover: QPoint | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)

    # --- the view

    def imageSize(self) -> QSize:
        """Width and height in image pixels; empty while there is no image."""
        return QSize(self._image_size)

    def setImageSize(self, width: int, height: int) -> None:
        """Declare the size of what `paintImage` paints; the relative view is kept."""
        if QSize(width, height) != self._image_size:
            self._image_size = QSize(width, height)
            self.viewMoved()
            self.update()

    def setPixelSize(self, width: float, height: float) -> None:
        """The sides of an image pixel in any unit; only their ratio counts. Square at first."""
        shorter = min(width, height)
        if not shorter > 0:
            raise ValueError(f"a pixel of {width} x {height}")
        pixel = QSizeF(width / shorter, height / shorter)
        if pixel != self._pixel:
            self._pixel = pixel
            self.viewMoved()
            self.update()

    def view(self) -> View:
        return self._view

    def setView(self, view: View) -> None:
        """Look elsewhere; linked panes follow through `viewChanged`."""
        if view != self._view:
            self._view = view
            self.viewMoved()
            self.update()
            self.viewChanged.emit(view)

    def fit(self) -> None:
        """Show the whole image."""
        self.setView(View())

    def zoomBy(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zoom about `anchor` (view pixels; default: the middle of the pane)."""
        if not self._image_size.isEmpty():
            anchor = QRectF(self.rect()).center() if anchor is None else anchor
            self.setView(self._zoomed(factor, anchor))

    def panBy(self, delta: QPointF) -> None:
        """Move the image by view pixels."""
        self.setView(self._view.panned(delta, self.size(), self._image_size, self._pixel))

    def _zoomed(self, factor: float, anchor: QPointF) -> View:
        return self._view.zoomed(factor, anchor, self.size(), self._image_size, self._pixel)

    def scale(self) -> float:
        """View pixels per image pixel, along the pixel's smaller side."""
        return self._view.scale(self.size(), self._image_size, self._pixel)

    def transform(self) -> QTransform:
        """Image coordinates to view coordinates."""
        return self._view.transform(self.size(), self._image_size, self._pixel)

    def imageToView(self, point: QPointF) -> QPointF:
        return self.transform().map(point)

    def viewToImage(self, point: QPointF) -> QPointF:
        """Image coordinates, where pixel (x, y) covers [x, x + 1) x [y, y + 1)."""
        inverse, _ = self.transform().inverted()
        return inverse.map(point)

    def linkView(self, other: Pane) -> None:
        """Let the two panes zoom and pan together; `other` takes this pane's view now."""
        self.viewChanged.connect(other.setView)
        other.viewChanged.connect(self.setView)
        other.setView(self._view)

    def unlinkView(self, other: Pane) -> None:
        """Undo `linkView`."""
        self.viewChanged.disconnect(other.setView)
        other.viewChanged.disconnect(self.setView)

    # --- for subclasses

    def viewMoved(self) -> None:
        """Called after the view, the image's size or the pane's size changed."""

    def paintImage(self, painter: QPainter, source: QRectF) -> None:
        """Paint `source`, the visible part; the painter maps image to view coordinates."""

    def paintOverlay(self, painter: QPainter) -> None:
        """Paint decorations in view coordinates."""

    def showsGrid(self) -> bool:
        """Whether lines between pixels are drawn when they are large."""
        return True

    def isNavigating(self) -> bool:
        """Whether a double click means "maximise" and a plain left-drag may pan."""
        return True

    def restCursor(self) -> Qt.CursorShape:
        """The pointer's shape while nothing is dragged."""
        return Qt.CursorShape.ArrowCursor

    def deviceScale(self) -> float:
        """Device pixels per image pixel."""
        return self.scale() * self.devicePixelRatioF()

    def updateImage(self, rect: QRect) -> None:
        """Repaint `rect` (image pixels) and a little around it, since smoothing blends pixels."""
        border = 1.0 + 1.0 / max(self.scale(), 1e-6)
        grown = QRectF(rect).adjusted(-border, -border, border, border)
        self.update(self.transform().mapRect(grown).toAlignedRect() & self.rect())

    def beginPan(self, position: QPointF) -> None:
        self._pan_from = position
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def isPanning(self) -> bool:
        return self._pan_from is not None

    def isSpaceHeld(self) -> bool:
        return self._space

    def refreshCursor(self) -> None:
        """Show the pointer's shape that fits the state."""
        if self.isPanning():
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(self.restCursor())

    # --- events

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if event is None:
            return
        exposed = event.rect()
        painter = QPainter(self)
        painter.fillRect(exposed, QColor(theme_of(self).canvas))
        if not self._image_size.isEmpty():
            transform = self.transform()
            frame = QRectF(QPointF(0, 0), self._image_size.toSizeF())
            inverse, _ = transform.inverted()
            # The same part whatever is exposed: Qt rounds sampling positions from its corner, and
            # the painter is clipped to what is exposed anyway.
            source = inverse.mapRect(QRectF(self.rect()).adjusted(-2, -2, 2, 2)) & frame
            painter.setTransform(transform)
            if not source.isEmpty():
                self.paintImage(painter, source)
                self._paint_grid(painter, source)
            painter.resetTransform()
            painter.setPen(QPen(QColor(DARK.border), 1))  # the canvas is dark in both themes
            painter.drawRect(transform.mapRect(frame).adjusted(-1, -1, 0, 0))
        self.paintOverlay(painter)
        painter.end()

    def _paint_grid(self, painter: QPainter, source: QRectF) -> None:
        if not self.showsGrid() or self.scale() < GRID_FROM:
            return
        painter.setPen(QPen(GRID, 0))
        left, right = math.floor(source.left()), math.ceil(source.right())
        top, bottom = math.floor(source.top()), math.ceil(source.bottom())
        for x in range(left, right + 1):
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        for y in range(top, bottom + 1):
            painter.drawLine(QPointF(left, y), QPointF(right, y))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.viewMoved()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomBy(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self.beginPan(event.position())

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._pan_from is not None:
            delta = event.position() - self._pan_from
            self._pan_from = event.position()
            if not self._image_size.isEmpty():
                self.panBy(delta)
        self._hover_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self.refreshCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if event.button() == Qt.MouseButton.LeftButton and self.isNavigating():
            self.maximiseRequested.emit()
        else:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if event.key() == Qt.Key.Key_Space and plain:
            self._space = True
            self.refreshCursor()
        elif event.key() == Qt.Key.Key_R and plain:
            self.fit()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.refreshCursor()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        # The release of Space goes to whoever has focus then.
        self._space = False
        self.refreshCursor()
        super().focusOutEvent(event)

    def enterEvent(self, event: QEnterEvent | None) -> None:
        super().enterEvent(event)
        self.refreshCursor()

    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._set_hover(None)

    def _hover_at(self, position: QPointF) -> None:
        self._set_hover(self.pixelAt(position))

    def pixelAt(self, position: QPointF) -> QPoint | None:
        """The image pixel at a view position, or None outside the image."""
        if self._image_size.isEmpty():
            return None
        point = self.viewToImage(position)
        pixel = QPoint(math.floor(point.x()), math.floor(point.y()))
        return pixel if QRect(QPoint(0, 0), self._image_size).contains(pixel) else None

    def _set_hover(self, pixel: QPoint | None) -> None:
        if pixel == self._hover:
            return
        self._hover = pixel
        if pixel is None:
            self.left.emit()
        else:
            self.hovered.emit(pixel.x(), pixel.y())
