"""A histogram of probabilities with one line to drag: what lies right of it is foreground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from widgets.theme import blend, theme_of

STEP, COARSE, FINE = 0.01, 0.1, 0.001
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
COLUMNS = 100
HALF = 0.5
PLACES = 3  # decimals that a threshold has


class ThresholdPlot(QWidget):
    """Logarithms of counts over probabilities 0 to 1, with a threshold.

    A press anywhere takes the line there, and it is dragged; left and right move it by 0.01, with
    Shift by 0.1, with Ctrl by 0.001. `moved` tells every place on the way, `settled` where it is
    let go: of the button, or of the key. Esc while dragging puts it back.
    """

    moved = pyqtSignal(float)
    settled = pyqtSignal(float)
    abandoned = pyqtSignal()  # the drag was called off; the line is where it was

    def __init__(
        self, parent: QWidget | None = None, *, what: str = "probability", found: str = "foreground"
    ) -> None:
        """what: Whose values these are; found: What is more than the threshold."""
        super().__init__(parent)
        self._counts: NDArray[np.int64] | None = None
        self._fallback = HALF
        self._value = HALF
        self._empty = f"No {what} to cut"
        self._own = False
        self._before: tuple[float, bool] | None = None  # while it is dragged
        self._keyed = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"Threshold of the {what}")
        self.setToolTip(f"Drag the line: voxels with more than this {what} are {found}")

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(24 * em, 9 * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(10 * em, 5 * em)

    # --- what is shown

    def setCounts(self, counts: NDArray[np.int64] | None) -> None:
        """Voxels as `counting.shares` has them, or None for nothing to show."""
        self._counts = counts
        if counts is None:
            self._before, self._keyed = None, False
        self.update()

    def setEmptyText(self, text: str) -> None:
        """What is said where there are no counts."""
        self._empty = text
        self.update()

    def setFallback(self, value: float) -> None:
        """Where the line is without a threshold of the user's own; 0.5 at first."""
        self._fallback = value
        if not self._own:
            self.setValue(None)

    def setValue(self, value: float | None) -> None:
        """Put the line, silently; None: there is no threshold of the user's own."""
        self._own = value is not None
        self._value = self._fallback if value is None else min(max(value, 0.0), 1.0)
        self.update()

    def value(self) -> float:
        return self._value

    def isDragged(self) -> bool:
        return self._before is not None or self._keyed

    # --- places

    def plotRect(self) -> QRectF:
        """Where the counts are drawn."""
        em = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(em * 0.8, em * 0.5, -em * 0.8, -em * 1.5)

    def valueToX(self, value: float) -> float:
        rect = self.plotRect()
        return rect.left() + value * rect.width()

    def xToValue(self, x: float) -> float:
        rect = self.plotRect()
        share = (x - rect.left()) / max(rect.width(), 1.0)
        return round(min(max(share, 0.0), 1.0), PLACES)

    # --- pointer and keys

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._counts is None:
            return
        self._before = self._value, self._own
        self._take(self.xToValue(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._counts is None:
            return
        if self._before is not None:
            self._take(self.xToValue(event.position().x()))
        else:
            inside = self.plotRect().contains(event.position())
            shape = Qt.CursorShape.SizeHorCursor if inside else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton and self._before:
            self._before = None
            self.settled.emit(self._value)

    def event(self, event: QEvent | None) -> bool:
        # While it is dragged, Esc ends that and not what the window would end.
        if self._before is not None and isinstance(event, QKeyEvent):
            override = event.type() == QEvent.Type.ShortcutOverride
            if override and event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        ways = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        way = ways.get(Qt.Key(event.key()), 0)
        if event.key() == Qt.Key.Key_Escape and self._before is not None:
            self._value, self._own = self._before
            self._before = None
            self.update()
            self.abandoned.emit()
        elif way and self._counts is not None:
            held = event.modifiers()
            coarse = COARSE if held & Qt.KeyboardModifier.ShiftModifier else STEP
            step = FINE if held & Qt.KeyboardModifier.ControlModifier else coarse
            self._keyed = True
            self._take(round(min(max(self._value + way * step, 0.0), 1.0), PLACES))
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and not event.isAutoRepeat() and self._keyed:
            self._settle_keys()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self._settle_keys()

    def _settle_keys(self) -> None:
        if self._keyed:
            self._keyed = False
            self.settled.emit(self._value)

    def _take(self, value: float) -> None:
        self._value, self._own = value, True
        self.update()
        self.moved.emit(value)

    # --- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        theme, rect = theme_of(self), self.plotRect()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(theme.accent if self.hasFocus() else theme.border))
        painter.setBrush(QColor(theme.surface))
        painter.drawRect(box)
        if self._counts is None:
            painter.setPen(QColor(theme.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._empty)
        else:
            self._paint_counts(painter, rect)
            self._paint_axis(painter, rect)
            self._paint_line(painter, rect)
        painter.end()

    def _paint_counts(self, painter: QPainter, rect: QRectF) -> None:
        assert self._counts is not None, "there is something to paint"
        theme = theme_of(self)
        heights = log_heights(self._counts, COLUMNS)
        points = [QPointF(rect.left(), rect.bottom())]
        wide = rect.width() / len(heights)
        for column, height in enumerate(heights):
            y = rect.bottom() - float(height) * rect.height()
            x = rect.left() + column * wide
            points += [QPointF(x, y), QPointF(x + wide, y)]
        points.append(QPointF(rect.right(), rect.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        line = self.valueToX(self._value)
        for left, right, colour in (
            (rect.left(), line, blend(theme.muted, theme.surface, 0.6)),
            (line, rect.right(), blend(theme.accent, theme.surface, 0.25)),
        ):
            painter.save()
            painter.setClipRect(QRectF(left, rect.top(), right - left, rect.height()))
            painter.setBrush(colour)
            painter.drawPolygon(QPolygonF(points))
            painter.restore()

    def _paint_axis(self, painter: QPainter, rect: QRectF) -> None:
        theme, metrics = theme_of(self), self.fontMetrics()
        painter.setPen(QColor(theme.border))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        for tick in TICKS:
            x, text = self.valueToX(tick), f"{tick:g}"
            painter.setPen(QColor(theme.border))
            painter.drawLine(QPointF(x, rect.bottom()), QPointF(x, rect.bottom() + 3))
            painter.setPen(QColor(theme.muted))
            half = metrics.horizontalAdvance(text) / 2
            painter.drawText(QPointF(x - half, rect.bottom() + 3 + metrics.ascent()), text)

    def _paint_line(self, painter: QPainter, rect: QRectF) -> None:
        theme = theme_of(self)
        x = self.valueToX(self._value)
        colour = QColor(theme.warning)
        style = Qt.PenStyle.SolidLine if self._own else Qt.PenStyle.DashLine
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 2, style))
        painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour if self._own else QColor(theme.surface))
        painter.setPen(QPen(colour, 1.5))
        painter.drawRoundedRect(QRectF(x - 3.5, rect.center().y() - 10, 7, 20), 2, 2)


def log_heights(counts: NDArray[np.int64], columns: int) -> NDArray[np.float64]:
    """Heights in [0, 1] of at most `columns` columns: logarithms of the counts in each.

    Args:
        counts: Zeros first, as in `counting.shares`; they are part of the first column.
    """
    parts = counts[1:].copy()
    parts[0] += counts[0]
    columns = min(columns, len(parts))
    ends = np.linspace(0, len(parts), columns, endpoint=False).astype(np.intp)
    heights = np.log1p(np.add.reduceat(parts, ends).astype(np.float64))
    return np.asarray(heights / max(heights.max(), 1e-12))
