"""Small meters in a row: what something takes, and how fast it goes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from widgets.paint.flow import FlowRow
from widgets.theme import theme_of

KEPT = 60
"""Values of the past that a meter shows."""
_GRAPH_EM = 3.2


@dataclass(frozen=True)
class Reading:
    """What a meter shows.

    Attributes:
        title: Says which meter it is.
        text: The value for people.
        share: The value in [0, 1] for the small graph; None for a meter without.
        tip: More about it.
    """

    title: str
    text: str
    share: float | None = None
    tip: str = ""


class Meter(QWidget):
    """Title, value, and where there is a share, how it went lately."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._text = title, ""
        self._past: deque[float] = deque(maxlen=KEPT)
        self._widest = 0
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def take(self, reading: Reading) -> None:
        """A value more."""
        self._text = reading.text
        self.setToolTip(reading.tip)
        self.setAccessibleDescription(reading.text)
        if reading.share is not None:
            self._past.append(min(1.0, max(0.0, reading.share)))
        width = self._width()
        if width > self._widest:
            # It only grows, so that the meters stand still while digits come and go.
            self._widest = width
            self.updateGeometry()
        self.update()

    def text(self) -> str:
        """Title and value."""
        return f"{self._title} {self._text}"

    def past(self) -> tuple[float, ...]:
        """The shares that the graph shows, the oldest first."""
        return tuple(self._past)

    def sizeHint(self) -> QSize:
        return QSize(max(self._widest, self._width()), round(1.5 * self.fontMetrics().height()))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        theme, em = theme_of(self), self.fontMetrics().height()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        room = self.rect()
        painter.setPen(QColor(theme.muted))
        painter.drawText(room, middle, self._title)
        room.setLeft(room.left() + self.fontMetrics().horizontalAdvance(f"{self._title}  "))
        if self._past:
            graph = QRectF(room.left(), 0.2 * em, _GRAPH_EM * em, room.height() - 0.4 * em)
            self._paint_graph(painter, graph)
            room.setLeft(round(graph.right() + 0.4 * em))
        painter.setPen(QColor(theme.text))
        painter.drawText(room, middle, self._text)
        painter.end()

    def _paint_graph(self, painter: QPainter, room: QRectF) -> None:
        theme = theme_of(self)
        painter.fillRect(room, QColor(theme.surface))
        step = room.width() / (KEPT - 1)
        first = room.right() - step * (len(self._past) - 1)
        points = [
            QPointF(first + step * place, room.bottom() - share * room.height())
            for place, share in enumerate(self._past)
        ]
        if len(points) == 1:
            points.insert(0, QPointF(points[0].x() - step, points[0].y()))
        below = [QPointF(points[-1].x(), room.bottom()), QPointF(points[0].x(), room.bottom())]
        shade = QColor(theme.accent)
        shade.setAlphaF(0.25)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF([*points, *below]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent), 1.2))
        painter.drawPolyline(QPolygonF(points))

    def _width(self) -> int:
        metrics, em = self.fontMetrics(), self.fontMetrics().height()
        graph = round((_GRAPH_EM + 0.4) * em) if self._past else 0
        texts = metrics.horizontalAdvance(f"{self._title}  ") + metrics.horizontalAdvance(
            self._text
        )
        return texts + graph + em // 2


class LoadBar(QWidget):
    """The meters, in rows where there is no room for one line; hidden without any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._meters: dict[str, Meter] = {}
        self._flow = FlowRow(self.fontMetrics().height())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._flow)
        self.hide()

    def take(self, readings: Sequence[Reading]) -> None:
        """A value more of each of these meters; others are not seen. They lie in the order in which
        they first came."""
        for reading in readings:
            if reading.title not in self._meters:
                self._meters[reading.title] = Meter(reading.title)
                self._flow.add(self._meters[reading.title])
        titles = [reading.title for reading in readings]
        for title, meter in self._meters.items():
            meter.setVisible(title in titles)
        for reading in readings:
            self._meters[reading.title].take(reading)
        self._flow.updateGeometry()
        self.setVisible(bool(readings))

    def clear(self) -> None:
        """Forget everything."""
        for meter in self._meters.values():
            meter.setParent(None)
            meter.deleteLater()
        self._meters = {}
        self.hide()

    def texts(self) -> list[str]:
        """What the meters say that are seen."""
        return [meter.text() for meter in self._meters.values() if not meter.isHidden()]

    def meter(self, title: str) -> Meter:
        return self._meters[title]
