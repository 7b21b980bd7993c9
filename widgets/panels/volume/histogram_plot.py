"""A histogram with a handle at either end of the shown values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from widgets.panels.volume.counting import bulk
from widgets.panels.volume.histogram_limits import ABOVE, BELOW, GRAB, LimitHandles, Limits
from widgets.panels.volume.parts import gradient
from widgets.panels.volume.values import plain
from widgets.theme import blend, theme_of

NARROWEST = 1e-3  # of the seen values: how near the handles may come
_MARGIN = 0.04  # of the bulk's width, beside it


class HistogramPlot(QWidget):
    """Counts over values; the handles low and high are dragged, what is between them as one.

    The wheel zooms at the pointer, a double click shows the bulk of the values again. Left and
    right arrows move the level, up and down the window's width. Flags at the foot, if there are
    limits to set, hide values; Ctrl+left and right move the lower, Ctrl+down and up the upper.
    Nothing is shown until there is a histogram.
    """

    rangeChanged = pyqtSignal(float, float)  # low, high, by the user
    limitsChanged = pyqtSignal(object, object)  # floats or None, by the user: see `Limits`

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: NDArray[np.float64] | None = None
        self._edges = np.array([0.0, 1.0])
        self._seen = (0.0, 1.0)
        self._low, self._high = 0.0, 1.0
        self._lut: NDArray[np.uint8] | None = None
        self._invert = self._logarithmic = False
        self._zoomed = False
        self._held = ""
        self._from = (0.0, 0.0, 0.0)
        self._handles = LimitHandles()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Histogram")
        self.setToolTip(
            "Drag the ends or what lies between them; the wheel zooms, a double click resets"
        )

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height()
        return QSize(16 * side, 9 * side)

    def minimumSizeHint(self) -> QSize:
        side = self.fontMetrics().height()
        return QSize(8 * side, 6 * side)

    def setHistogram(
        self, counts: NDArray[np.int64] | None, edges: NDArray[np.float64] | None
    ) -> None:
        """Counts (n,) and ascending edges (n + 1,); None for both shows nothing."""
        if counts is None or edges is None:
            self._counts = None
        else:
            self._counts, self._edges = counts.astype(np.float64), edges
            self.showAll()
        self.update()

    def showAll(self) -> None:
        """Show the bulk of the values, with both handles."""
        if self._counts is None:
            return
        low, high = bulk(self._counts.astype(np.int64), self._edges)
        low, high = min(low, self._low), max(high, self._high)
        margin = _MARGIN * (high - low) or 0.5
        self._seen = (low - margin, high + margin)
        self._zoomed = False
        self.update()

    def setRange(self, low: float, high: float) -> None:
        """Put the handles, silently."""
        if low < high and (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            outside = low < self._seen[0] or high > self._seen[1]
            if not self._held and (outside or not self._zoomed):
                self.showAll()
            self.update()

    def range(self) -> tuple[float, float]:
        return self._low, self._high

    def extent(self) -> float:
        """The width of the values on show."""
        return self._seen[1] - self._seen[0]

    def setLimits(self, limits: Limits) -> None:
        """Put the handles that hide values, silently."""
        self._handles.limits = limits
        self.update()

    def limits(self) -> Limits:
        return self._handles.limits

    def setLut(self, lut: NDArray[np.uint8] | None, invert: bool = False) -> None:
        """The colours (n, 3 or more) of the strip beneath, uint8."""
        self._lut, self._invert = lut, invert
        self.update()

    def setLogarithmic(self, on: bool) -> None:
        """Whether heights are logarithms of counts."""
        self._logarithmic = on
        self.update()

    # --- places

    def plotRect(self) -> QRectF:
        """Where the counts are drawn."""
        side = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(side * 0.6, side * 0.4, -side * 0.6, -side * 2.2)

    def valueToX(self, value: float) -> float:
        rect = self.plotRect()
        return rect.left() + (value - self._seen[0]) / self.extent() * rect.width()

    def xToValue(self, x: float) -> float:
        rect = self.plotRect()
        return self._seen[0] + (x - rect.left()) / max(rect.width(), 1.0) * self.extent()

    # --- pointer and keys

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._counts is None:
            return
        x = event.position().x()
        self._held = self._grip(event.position())
        self._from = (x, self._low, self._high)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._counts is None:
            return
        x = event.position().x()
        if not self._held:
            grip = self._grip(event.position())
            shape = {"": Qt.CursorShape.ArrowCursor, "both": Qt.CursorShape.OpenHandCursor}
            self.setCursor(shape.get(grip, Qt.CursorShape.SizeHorCursor))
            return
        if self._held in (BELOW, ABOVE):
            self._limit(x)
            return
        start, low, high = self._from
        by = self.xToValue(x) - self.xToValue(start)
        gap = NARROWEST * self.extent()
        if self._held == "low":
            low = min(low + by, high - gap)
        elif self._held == "high":
            high = max(high + by, low + gap)
        else:
            low, high = low + by, high + by
        self._take(low, high)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._held = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.showAll()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None or self._counts is None:
            return
        factor = 0.8 ** (event.angleDelta().y() / 120)
        whole = float(self._edges[-1] - self._edges[0])
        middle = self.xToValue(event.position().x())
        width = min(max(self.extent() * factor, whole * 1e-4), whole * 1.5)
        share = (middle - self._seen[0]) / self.extent()
        self._zoomed = True
        self._seen = (middle - share * width, middle + (1 - share) * width)
        self.update()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        key = None if event is None else Qt.Key(event.key())
        step = self.extent() / 100
        if event is not None and self._limit_key(event, step):
            return
        moves = {
            Qt.Key.Key_Left: (-step, -step),
            Qt.Key.Key_Right: (step, step),
            Qt.Key.Key_Up: (-step, step),
            Qt.Key.Key_Down: (step, -step),
        }
        if key not in moves or self._counts is None:
            super().keyPressEvent(event)
            return
        low, high = self._low + moves[key][0], self._high + moves[key][1]
        if high - low >= NARROWEST * self.extent():
            self._take(low, high)

    def _grip(self, at: QPointF) -> str:
        window = self._window_grip(at.x())
        near = window in ("low", "high")
        return self._handles.grip(at, self.plotRect(), self.valueToX, near) or window

    def _limit(self, x: float) -> None:
        before = self._handles.limits
        value = float(f"{self.xToValue(x):.6g}")
        after = before.moved(self._held, value, self._seen)
        if after != before:
            self.setLimits(after)
            self.limitsChanged.emit(after.below, after.above)

    def _limit_key(self, event: QKeyEvent, step: float) -> bool:
        """Ctrl+left and right move the lower flag, Ctrl+down and up the upper one."""
        moves = {
            Qt.Key.Key_Left: (BELOW, -1), Qt.Key.Key_Right: (BELOW, 1),
            Qt.Key.Key_Down: (ABOVE, -1), Qt.Key.Key_Up: (ABOVE, 1),
        }  # fmt: skip
        self._held, sign = moves.get(Qt.Key(event.key()), ("", 0))
        control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        limits = self._handles.limits
        if not (sign and control and limits.shown and self._counts is not None):
            self._held = ""
            return False
        at = limits.above if self._held == ABOVE else limits.below
        end = self._seen[1] if self._held == ABOVE else self._seen[0]
        self._limit(self.valueToX((end if at is None else at) + sign * step))
        self._held = ""
        return True

    def _window_grip(self, x: float) -> str:
        low, high = self.valueToX(self._low), self.valueToX(self._high)
        distance, name = min((abs(x - low), "low"), (abs(x - high), "high"))
        if distance <= GRAB and high - low > 3 * GRAB:
            return name
        if distance <= GRAB:  # close together: outside takes the end, inside moves both
            return "low" if x < low else "high" if x > high else "both"
        return "both" if low < x < high else ""

    def _take(self, low: float, high: float) -> None:
        if (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            self.update()
            self.rangeChanged.emit(low, high)

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
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "No values to show")
        else:
            self._paint_counts(painter, rect)
            self._paint_strip(painter, rect)
            self._paint_handles(painter, rect)
            self._handles.paint(painter, rect, self.valueToX, theme)
        painter.end()

    def _heights(self, columns: int) -> NDArray[np.float64]:
        """Heights (columns,) in [0, 1]: the largest count under each column of pixels."""
        assert self._counts is not None, "there is something to paint"
        ends = np.linspace(*self._seen, columns + 1)
        first = np.searchsorted(self._edges, ends[:-1], side="right") - 1
        last = np.maximum(np.searchsorted(self._edges, ends[1:], side="left"), first + 1)
        padded = np.concatenate([[0.0], self._counts, [0.0, 0.0]])
        size = len(self._counts)
        first, last = np.clip(first + 1, 0, size + 1), np.clip(last + 1, 1, size + 2)
        pairs = np.stack([first, last], 1).reshape(-1)
        heights = np.maximum.reduceat(padded, pairs)[::2]
        if self._logarithmic:
            heights = np.log1p(heights)
        else:
            # One peak, mostly of air, would flatten all else.
            inside = np.sort(heights)[::-1]
            top = inside[0]
            if columns > 8 and top > 4 * inside[columns // 50 + 1] > 0:
                heights = np.minimum(heights, 1.5 * inside[columns // 50 + 1])
        return heights / max(heights.max(), 1e-12)

    def _paint_counts(self, painter: QPainter, rect: QRectF) -> None:
        theme = theme_of(self)
        columns = max(int(rect.width()), 1)
        heights = self._heights(columns)
        points = [QPointF(rect.left(), rect.bottom())]
        for column, height in enumerate(heights):
            y = rect.bottom() - height * rect.height()
            x = rect.left() + column
            points += [QPointF(x, y), QPointF(x + 1, y)]
        points.append(QPointF(rect.right(), rect.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(theme.muted, theme.surface, 0.35))
        painter.drawPolygon(QPolygonF(points))

    def _paint_strip(self, painter: QPainter, rect: QRectF) -> None:
        theme, side = theme_of(self), self.fontMetrics().height()
        strip = QRectF(rect.left(), rect.bottom() + side * 0.25, rect.width(), side * 0.45)
        painter.save()
        painter.setClipRect(strip)
        low, high = self.valueToX(self._low), self.valueToX(self._high)
        if self._lut is not None:
            ends = self._lut[[0, -1]][:: -1 if self._invert else 1, :3].tolist()
            painter.fillRect(strip, QColor(*ends[0]))
            over = QRectF(high, strip.top(), max(strip.right() - high, 0), strip.height())
            painter.fillRect(over, QColor(*ends[1]))
            picture = gradient(self._lut, 256, 1, invert=self._invert)
            painter.drawImage(QRectF(low, strip.top(), high - low, strip.height()), picture)
        painter.restore()
        painter.setPen(QColor(theme.border))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(strip)
        painter.setPen(QColor(theme.muted))
        line = QRectF(rect.left(), strip.bottom() + side * 0.1, rect.width(), side * 1.2)
        for value, align in (
            (self._seen[0], Qt.AlignmentFlag.AlignLeft),
            (self._seen[1], Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(line, align, plain(value, 4))

    def _paint_handles(self, painter: QPainter, rect: QRectF) -> None:
        theme = theme_of(self)
        low, high = self.valueToX(self._low), self.valueToX(self._high)
        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        tint = QColor(theme.accent)
        tint.setAlphaF(0.14)
        painter.fillRect(QRectF(low, rect.top(), high - low, rect.height()), tint)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.setBrush(QColor(theme.accent))
        for x in (low, high):
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
            painter.drawRoundedRect(QRectF(x - 3, rect.center().y() - 9, 6, 18), 2, 2)
        painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
        middle = (low + high) / 2
        painter.drawLine(QPointF(middle, rect.top()), QPointF(middle, rect.bottom()))
