"""Where a growing vessel wants to go: bearings in radians, 0 along columns, +pi/2 along rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Guide(Protocol):
    """Gives the bearing that a vessel at a point is drawn to."""

    def bearing(self, row: float, column: float) -> float:
        """The wanted bearing at a point, in radians."""


@dataclass(frozen=True)
class Constant:
    """One bearing everywhere."""

    angle: float

    def bearing(self, row: float, column: float) -> float:
        return self.angle


@dataclass(frozen=True)
class Towards:
    """Towards a point, in pixels."""

    row: float
    column: float

    def bearing(self, row: float, column: float) -> float:
        return math.atan2(self.row - row, self.column - column)


@dataclass(frozen=True)
class Arcade:
    """A temporal arcade: half a parabola with its vertex at the disc, opening to the fovea.

    The parabola is the model of the main vessels' course in Foracchia et al., "Detection of
    optic disc in retinal images by means of a geometrical model of vessel structure" (2004).

    Attributes:
        row, column: Vertex in pixels.
        temporal: +1 when the fovea lies to the right of the disc, -1 to the left.
        vertical: -1 superior, +1 inferior.
        length: Horizontal distance in pixels at which the height below is reached.
        height: Vertical distance in pixels from the axis, there.
    """

    row: float
    column: float
    temporal: int
    vertical: int
    length: float
    height: float

    def bearing(self, row: float, column: float) -> float:
        along = max((column - self.column) * self.temporal, 0.02 * self.length)
        across = (row - self.row) * self.vertical
        wanted = self.height * math.sqrt(along / self.length)
        # Beyond the fovea real arcades flatten and close in a little, unlike a parabola.
        slope = wanted / (2 * along) - 0.25 * max(0.0, along / self.length - 1.0)
        correction = max(-0.7, min(0.7, (wanted - across) / (0.3 * self.length)))
        angle = math.atan(slope) + correction
        return math.atan2(self.vertical * math.sin(angle), self.temporal * math.cos(angle))


def turn(start: float, end: float) -> float:
    """The signed shortest turn from one bearing to another, in [-pi, pi)."""
    return (end - start + math.pi) % (2 * math.pi) - math.pi
