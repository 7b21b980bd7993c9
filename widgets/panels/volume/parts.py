"""Small pieces that the panels of the volume viewer share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QObject, QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QImage, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PyQt6.QtWidgets import QAbstractItemView, QApplication, QFrame, QLabel, QToolButton, QWidget

from widgets.icons import icon
from widgets.theme import theme_of
from widgets.tips import give_tip


def tool_button(
    name: str, hint: str, parent: QWidget, *, checkable: bool = False, text: str = ""
) -> QToolButton:
    """A flat button with an icon of the Material Design set, a tool tip and the same as its name
    for screen readers."""
    button = QToolButton(parent)
    button.setIcon(icon(name))
    give_tip(button, hint)
    button.setAccessibleName(hint)
    button.setCheckable(checkable)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if text:
        button.setText(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def muted(text: str, parent: QWidget, *, centred: bool = False) -> QLabel:
    """A quiet line of plain text; centred it wraps, as the text of an empty panel does."""
    label = QLabel(text, parent)
    label.setProperty("role", "muted")
    label.setTextFormat(Qt.TextFormat.PlainText)
    if centred:
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
    return label


def gradient(lut: NDArray[np.uint8], width: int, height: int, *, invert: bool = False) -> QImage:
    """The colours of a table (n, 3 or more) uint8 from left to right, as an image."""
    places = np.linspace(0, len(lut) - 1, max(width, 1)).round().astype(int)
    line = lut[places, :3][:: -1 if invert else 1]
    pixels = np.ascontiguousarray(np.broadcast_to(line, (max(height, 1), *line.shape)))
    size = pixels.shape
    # .copy(): the image must outlive the bytes whose memory it would otherwise share.
    return QImage(
        pixels.tobytes(), size[1], size[0], 3 * size[1], QImage.Format.Format_RGB888
    ).copy()


def gradient_icon(lut: NDArray[np.uint8], size: QSize) -> QIcon:
    """A swatch of a table (n, 3 or more) uint8 for a list."""
    return QIcon(QPixmap.fromImage(gradient(lut, size.width(), size.height())))


def paint_swatch(painter: QPainter, widget: QWidget, colour: QColor, box: tuple[int, ...]) -> None:
    """A rounded patch of colour in `box` (x, y, width, height), outlined so that none gets lost."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(theme_of(widget).border))
    painter.setBrush(colour)
    x, y, width, height = box
    painter.drawRoundedRect(x, y, width, height, 3, 3)
    painter.restore()


class RowDrag(QObject):
    """Lets rows of a list be dragged to another place; a line shows where.

    Nothing is moved here: `moved` tells from which row to which place, counted in the list
    without the dragged row. Escape or the right button calls the drag off. Works inside the
    window, needs no clipboard formats, and leaves the widgets of rows alone.
    """

    moved = pyqtSignal(int, int)

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        port = view.viewport()
        assert port is not None, "an item view always has a viewport"
        self._port = port
        self._start: QPoint | None = None
        self._row = -1
        self._dragging = False
        self.enabled = True
        self._line = QFrame(port)
        self._line.setFixedHeight(2)
        self._line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._line.hide()
        port.installEventFilter(self)
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and self._dragging:
            if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
                self._stop()
                return True
        elif isinstance(event, QMouseEvent) and watched is self._port:
            return self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        at = event.position().toPoint()
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress:
            self._stop()
            if event.button() == Qt.MouseButton.LeftButton and self.enabled:
                row = self._view.indexAt(at).row()
                if row >= 0:
                    self._start, self._row = at, row
            return False
        if kind == QEvent.Type.MouseMove and self._start is not None:
            far = (at - self._start).manhattanLength() >= QApplication.startDragDistance()
            if far or self._dragging:
                self._dragging = True
                self._show(self._gap(at))
            return True  # or the view would select the rows that are passed
        if kind == QEvent.Type.MouseButtonRelease and self._dragging:
            row, gap = self._row, self._gap(at)
            self._stop()
            place = gap - 1 if gap > row else gap
            if place != row:
                self.moved.emit(row, place)
            return True
        if kind == QEvent.Type.MouseButtonRelease:
            self._stop()
        return False

    def _stop(self) -> None:
        self._start, self._row, self._dragging = None, -1, False
        self._line.hide()

    def _gap(self, at: QPoint) -> int:
        """The gap between rows nearest to a place: 0 above the first row."""
        model = self._view.model()
        count = 0 if model is None else model.rowCount()
        for row in range(count):
            if at.y() < self._rect(row)[1]:
                return row
        return count

    def _rect(self, row: int) -> tuple[int, int, int]:
        """Top, middle and bottom of a row."""
        model = self._view.model()
        assert model is not None, "a row was asked for"
        rect = self._view.visualRect(model.index(row, 0))
        return rect.top(), rect.center().y(), rect.bottom()

    def _show(self, gap: int) -> None:
        y = self._rect(gap - 1)[2] if gap else self._rect(0)[0]
        self._line.setStyleSheet(f"background: {theme_of(self._view).accent};")
        self._line.setGeometry(0, max(y - 1, 0), self._port.width(), 2)
        self._line.show()
        self._line.raise_()
