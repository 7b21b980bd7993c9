"""The handles of a histogram that hide values below and above them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from widgets.theme import Theme

GRAB = 7  # pixels from a handle that still take it
BELOW, ABOVE = "below", "above"
_HALF = 6.0  # of a handle's width, in pixels
_FOOT = 0.7  # of the plot's height: from there down, a handle that hides goes before a window's


@dataclass(frozen=True)
class Limits:
    """Which values are hidden.

    Attributes:
        shown: Whether there are handles; only maps have them, and what has a limit already.
        below: Smaller values are hidden; None hides none.
        above: Larger values are hidden, likewise.
    """

    shown: bool = False
    below: float | None = None
    above: float | None = None

    def moved(self, name: str, value: float, seen: tuple[float, float]) -> Limits:
        """With one handle elsewhere; at the end of the seen values it hides nothing."""
        low, high = seen
        if name == BELOW:
            top = high if self.above is None else self.above
            return Limits(self.shown, None if value <= low else min(value, top), self.above)
        bottom = low if self.below is None else self.below
        return Limits(self.shown, self.below, None if value >= high else max(value, bottom))


class LimitHandles:
    """Where the handles are and how they look; values are `limits`."""

    def __init__(self) -> None:
        self.limits = Limits()

    def grip(self, at: QPointF, rect: QRectF, to_x: Callable[[float], float], other: bool) -> str:
        """The handle at a place, or "".

        Args:
            at: The pointer.
            rect: Where counts are drawn.
            to_x: Value to x.
            other: Whether a handle of the window is there as well; it has the upper part.
        """
        if not self.limits.shown or (other and at.y() < rect.top() + _FOOT * rect.height()):
            return ""
        places = self._places(rect, to_x)
        distance, name = min((abs(at.x() - x), name) for name, x in places.items())
        if abs(places[BELOW] - places[ABOVE]) < 1:  # one on the other: the side decides
            name = BELOW if at.x() < places[BELOW] else ABOVE
        return name if distance <= GRAB else ""

    def paint(
        self, painter: QPainter, rect: QRectF, to_x: Callable[[float], float], theme: Theme
    ) -> None:
        """Shade what is hidden, and draw the handles; one that hides nothing is hollow."""
        limits = self.limits
        if not limits.shown:
            return
        places = self._places(rect, to_x)
        shade = QColor(theme.bg)
        shade.setAlphaF(0.7)
        below, above = places[BELOW], places[ABOVE]
        painter.fillRect(QRectF(rect.left(), rect.top(), below - rect.left(), rect.height()), shade)
        painter.fillRect(QRectF(above, rect.top(), rect.right() - above, rect.height()), shade)
        colour = QColor(theme.warning)
        for name, value in ((BELOW, limits.below), (ABOVE, limits.above)):
            x = places[name]
            hides = value is not None
            painter.setPen(QPen(colour, 2, Qt.PenStyle.SolidLine))
            painter.setBrush(colour if hides else QColor(theme.surface))
            if hides:
                painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
            painter.drawPolygon(_flag(x, rect.bottom(), 1 if name == BELOW else -1))

    def _places(self, rect: QRectF, to_x: Callable[[float], float]) -> dict[str, float]:
        below, above = self.limits.below, self.limits.above
        wanted = {
            BELOW: rect.left() if below is None else to_x(below),
            ABOVE: rect.right() if above is None else to_x(above),
        }
        return {name: min(max(x, rect.left()), rect.right()) for name, x in wanted.items()}


def _flag(x: float, bottom: float, towards: int) -> QPolygonF:
    """A triangle at the foot of the plot that points at what stays."""
    return QPolygonF([
        QPointF(x, bottom - 3 * _HALF), QPointF(x + towards * 1.6 * _HALF, bottom - 1.5 * _HALF),
        QPointF(x, bottom),
    ])  # fmt: skip
