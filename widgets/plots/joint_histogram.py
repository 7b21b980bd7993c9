"""How the values of two images go together, as counts of pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from widgets.theme import theme_of
from widgets.viewer.volume.luts import lut

BINS = 64
COLOURS = "magma"
RING = 5.0  # view pixels
Values = NDArray[np.floating]
EMPTY = "How source and estimate go together appears here"


def joint_counts(across: Values, up: Values, bins: int = BINS) -> NDArray[np.int64]:
    """(bins, bins) counts of pairs of values in [0, 1], `up` by `across`; what lies beyond counts
    at the edge, NaN nowhere.

    Raises:
        ValueError: the two have different shapes.
    """
    if across.shape != up.shape:
        raise ValueError(f"pairs of values have one shape, not {across.shape} and {up.shape}")
    known = np.isfinite(across) & np.isfinite(up)
    places = [
        np.clip((values[known] * bins).astype(np.int64), 0, bins - 1) for values in (up, across)
    ]
    counts = np.bincount(places[0] * bins + places[1], minlength=bins * bins)
    return counts.reshape(bins, bins)


def mutual_information(counts: NDArray[np.int64]) -> float:
    """Of the two values that are counted, in bits; 0 without any."""
    total = counts.sum()
    if not total:
        return 0.0
    joint = counts / total
    alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    there = joint > 0
    return float((joint[there] * np.log2(joint[there] / alone[there])).sum())


class JointHistogram(QWidget):
    """Counts on a logarithmic scale; a cloud where two images have nothing to do with each other,
    a curve where one follows from the other.

    Values are in [0, 1], black to white. The pointer tells the values under it.
    """

    pointed = pyqtSignal(object)  # (across, up) in [0, 1], or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: NDArray[np.int64] | None = None
        self._picture: QImage | None = None
        self._information = 0.0
        self._titles = ("Source", "Estimate")
        self._mark: tuple[float, float] | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Joint histogram")

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(14 * em, 13 * em)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(9 * em, 8 * em)

    def setTitles(self, across: str, up: str) -> None:
        """What is counted to the right, and what upwards."""
        self._titles = across, up
        self.update()

    def setPair(self, across: Values | None, up: Values | None) -> None:
        """Count the values of two images of one shape; None for both shows nothing.

        Raises:
            ValueError: the two have different shapes.
        """
        if across is None or up is None:
            self._counts = self._picture = None
            self._information = 0.0
        else:
            self._counts = joint_counts(across, up)
            self._information = mutual_information(self._counts)
            self._picture = _picture(self._counts)
        self._describe()
        self.update()

    def counts(self) -> NDArray[np.int64] | None:
        """(bins, bins), the second title's values by the first's."""
        return self._counts

    def information(self) -> float:
        """Mutual information of the two in bits."""
        return self._information

    def mark(self) -> tuple[float, float] | None:
        """The pair that is ringed."""
        return self._mark

    def setMark(self, mark: tuple[float, float] | None) -> None:
        """Ring the pair of values of a pixel."""
        if mark != self._mark:
            self._mark = mark
            self.update()

    # --- places

    def plotRect(self) -> QRectF:
        """The square of the counts."""
        em = self.fontMetrics().height()
        room = QRectF(self.rect()).adjusted(1.4 * em, 1.5 * em, -0.5 * em, -1.4 * em)
        side = max(1.0, min(room.width(), room.height()))
        left = room.left() + (room.width() - side) / 2
        return QRectF(left, room.top() + (room.height() - side) / 2, side, side)

    def pairAt(self, at: QPointF) -> tuple[float, float] | None:
        """The pair of values at a place, or None outside."""
        rect = self.plotRect()
        if self._counts is None or not rect.contains(at):
            return None
        across = (at.x() - rect.left()) / rect.width()
        return across, (rect.bottom() - at.y()) / rect.height()

    # --- events

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._point(event.position())

    def leaveEvent(self, event: QEvent | None) -> None:
        super().leaveEvent(event)
        self._point(None)

    def _point(self, at: QPointF | None) -> None:
        self._pointer = at
        pair = None if at is None else self.pairAt(at)
        self._describe()
        self.pointed.emit(pair)
        self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(self._header())

    def _header(self) -> str:
        pair = None if self._pointer is None else self.pairAt(self._pointer)
        if self._counts is None:
            return ""
        if pair is None:
            return f"Mutual information {self._information:.2f} bits"
        column, row = (min(int(value * BINS), BINS - 1) for value in pair)
        return f"{pair[0]:.2f}, {pair[1]:.2f}: {self._counts[row, column]} pixels"

    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme, em = theme_of(self), self.fontMetrics().height()
        painter = QPainter(self)
        muted = QColor(theme.muted)
        if self._picture is None:
            painter.setPen(muted)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(em, 0, -em, 0), int(flags), EMPTY)
            painter.end()
            return
        rect = self.plotRect()
        painter.setPen(QColor(theme.text))
        head = QRectF(0, rect.top() - 1.5 * em, self.width(), 1.4 * em)
        painter.drawText(head, int(Qt.AlignmentFlag.AlignCenter), self._header())
        painter.drawImage(rect, self._picture)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawRect(rect)
        painter.setPen(muted)
        foot = QRectF(rect.left(), rect.bottom() + 2, rect.width(), 1.3 * em)
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignCenter), self._titles[0])
        painter.save()
        painter.translate(rect.left() - 1.35 * em, rect.bottom())
        painter.rotate(-90)
        side = QRectF(0, 0, rect.height(), 1.3 * em)
        painter.drawText(side, int(Qt.AlignmentFlag.AlignCenter), self._titles[1])
        painter.restore()
        if self._mark is not None:
            self._paint_mark(painter, rect, self._mark)
        painter.end()

    def _paint_mark(self, painter: QPainter, rect: QRectF, mark: tuple[float, float]) -> None:
        across, up = (min(max(value, 0.0), 1.0) for value in mark)
        at = QPointF(rect.left() + across * rect.width(), rect.bottom() - up * rect.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 200), 3.5), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(at, RING, RING)


def _picture(counts: NDArray[np.int64]) -> QImage:
    """Logarithms of counts in colours, the first row at the foot."""
    height = np.log1p(counts)
    shares = height / max(float(height.max()), 1e-12)
    table = lut(COLOURS)
    pixels = np.ascontiguousarray(table[(shares * (len(table) - 1)).astype(int), :3][::-1])
    side = len(counts)
    # .copy(): the image must outlive the bytes whose memory it would otherwise share.
    return QImage(pixels.tobytes(), side, side, 3 * side, QImage.Format.Format_RGB888).copy()
