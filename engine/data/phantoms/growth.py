"""Growing vessels one step at a time: steering, wobble, tapering, branching, keeping clear."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.phantoms.geometry import Landmark, Segment
from engine.data.phantoms.guides import Guide, turn


@dataclass(frozen=True)
class TreeParams:
    """How a tree grows. Lengths are in pixels of a 384-pixel field and scale with the field.

    Attributes:
        trunk_radius: Radius of the widest vessel where it enters the field.
        tip_radius: Radius at which a vessel fades out of sight.
        taper: Loss of radius per pixel of length.
        spacing: Mean distance between branchings.
        tortuosity: Standard deviation of the curvature in radians per pixel.
        density: Factor on the number of vessels that enter the field.
        crossing: Chance that a vessel passes over one it meets instead of ending before it.
        max_vessels: Most vessels of one tree, so that no parameters can grow without end.
    """

    trunk_radius: float = 3.4
    tip_radius: float = 0.85
    taper: float = 0.0040
    spacing: float = 48.0
    tortuosity: float = 0.016
    density: float = 1.0
    crossing: float = 0.1
    max_vessels: int = 400


@dataclass
class Tip:
    """The growing end of a vessel; a tip of a fresh vessel is a bud."""

    row: float
    column: float
    heading: float
    radius: float
    guide: Guide
    parent: int = -1
    pull: float = 1.0
    side: int = 1
    order: int = 0


DaughterGuide = Callable[[Tip, float, int], Guide]
"""From the branching tip, the daughter's heading and side (+1 clockwise on screen): its guide."""


def murray(radius: float, ratio: float) -> tuple[float, float, float, float]:
    """Radii and angles of a bifurcation that costs least to build and to pump through.

    Murray 1926, "The physiological principle of minimum work applied to the angle of branching":
    r0^3 = r1^3 + r2^3 and cos(theta_1) = (r0^4 + r1^4 - r2^4) / (2 r0^2 r1^2).

    Args:
        radius: r0, the parent's radius.
        ratio: r2 / r1 in (0, 1], the smaller over the larger daughter.

    Returns:
        r1, r2 and their angles to the parent's course in radians, both positive.
    """
    larger = radius / (1 + ratio**3) ** (1 / 3)
    smaller = ratio * larger
    fourth = radius**4
    first = (fourth + larger**4 - smaller**4) / (2 * radius**2 * larger**2)
    second = (fourth + smaller**4 - larger**4) / (2 * radius**2 * smaller**2)
    return larger, smaller, math.acos(min(1.0, first)), math.acos(min(1.0, max(-1.0, second)))


class Grower:
    """Grows buds into segments, the widest first, each keeping clear of those before it."""

    def __init__(
        self,
        shape: tuple[int, int],
        rng: np.random.Generator,
        params: TreeParams,
        avoid: Landmark,
        view: Landmark | None,
        daughter_guide: DaughterGuide,
    ) -> None:
        self.segments: list[Segment] = []
        self._height, self._width = shape
        self._scale = min(shape) / 384
        self.params = params
        self._avoid, self._view = avoid, view
        self._daughter_guide = daughter_guide
        self._normal = _stream(rng.standard_normal)
        self._uniform = _stream(rng.random)
        self._cell = 4.0 * self._scale
        self._columns = int(self._width / self._cell) + 1
        self._owner = [-1] * (self._columns * (int(self._height / self._cell) + 1))
        self._buds: list[tuple[float, int, Tip]] = []
        self._count = itertools.count()

    @property
    def spacing(self) -> float:
        """Mean distance between branchings in pixels of this field."""
        return self.params.spacing * self._scale

    def add(self, bud: Tip) -> None:
        """Plants a bud; it grows in the next `grow`."""
        heapq.heappush(self._buds, (-bud.radius, next(self._count), bud))

    def occupy(self, segment: Segment) -> int:
        """Takes a ready vessel in, so that others keep clear of it; returns its index."""
        index = len(self.segments)
        self.segments.append(segment)
        for (row, column), radius in zip(
            segment.points.tolist(), segment.radii.tolist(), strict=True
        ):
            self._claim(row, column, radius, index)
        return index

    def block(self, pixels: NDArray[np.bool_]) -> None:
        """Keeps new vessels clear of painted pixels, (H, W)."""
        rows, columns = np.nonzero(pixels)
        cells = np.unique(
            (rows / self._cell).astype(int) * self._columns + (columns / self._cell).astype(int)
        )
        for cell in cells.tolist():
            self._owner[cell] = _PAINTED

    def grow(self) -> None:
        """Grows every bud, and the daughters that sprout on the way."""
        while self._buds and len(self.segments) < self.params.max_vessels:
            self._grow_vessel(heapq.heappop(self._buds)[2])

    def _grow_vessel(self, tip: Tip) -> None:
        index = len(self.segments)
        # Short steps near thin tips would cost time without being seen at pixel resolution.
        step = 2.5 * self._scale
        taper = self.params.taper * math.exp(0.25 * next(self._normal))
        points, radii = [(tip.row, tip.column)], [tip.radius]
        shown, wobble, travelled = tip.radius, 0.0, 0.0
        branch_at = self._next_spacing(tip)
        while tip.radius > self.params.tip_radius * self._scale:
            wobble = self._wobble(wobble, step)
            wanted = turn(tip.heading, tip.guide.bearing(tip.row, tip.column))
            steer = tip.pull * max(-0.9, min(0.9, wanted)) / (40 * self._scale)
            swerve = self._swerve(tip, index, travelled)
            if swerve is None:
                break
            tip.heading += (steer + wobble / self._scale) * step + swerve
            tip.row += step * math.sin(tip.heading)
            tip.column += step * math.cos(tip.heading)
            travelled += step
            tip.radius -= taper * step * self._hurry(tip)
            # The radius seen follows over a few pixels: no step in width at a branching.
            shown += 0.35 * (tip.radius - shown)
            points.append((tip.row, tip.column))
            radii.append(shown)
            if not self._inside(tip):
                break
            self._claim(tip.row, tip.column, shown, index)
            if travelled >= branch_at:
                self._branch(tip, index)
                branch_at = travelled + self._next_spacing(tip)
        self._keep(points, radii, tip)

    def _keep(self, points: list[tuple[float, float]], radii: list[float], tip: Tip) -> None:
        path = np.array(points, np.float32)
        widths = np.array(radii, np.float32)
        if self._inside(tip) and len(points) > 1:
            # A vessel that ends in view fades over its last pixels instead of being cut; the
            # wider it still is (it met the avascular zone), the longer that takes.
            length = 4.0 + 6.0 * max(0.0, tip.radius / self._scale - 0.8)
            fade = np.clip(np.arange(len(points))[::-1] / length, 0.0, 1.0)
            widths *= (0.4 + 0.6 * fade).astype(np.float32)
        widths = np.maximum(widths, _LEAST_RADIUS)
        self.segments.append(Segment(path, widths, tip.parent))

    def _wobble(self, wobble: float, step: float) -> float:
        """Curvature as an Ornstein-Uhlenbeck process with a correlation length of 14 pixels."""
        keep = math.exp(-step / (14 * self._scale))
        kick = self.params.tortuosity * math.sqrt(1 - keep * keep)
        return keep * wobble + kick * next(self._normal)

    def _hurry(self, tip: Tip) -> float:
        """Faster tapering close to the avascular zone, where vessels dissolve into capillaries."""
        return 1.0 + max(0.0, 2.6 - self._avoid.distance(tip.row, tip.column))

    def _inside(self, tip: Tip) -> bool:
        margin = tip.radius + 1
        return (
            -margin < tip.row < self._height - 1 + margin
            and -margin < tip.column < self._width - 1 + margin
            and self._avoid.distance(tip.row, tip.column) > 1.15
            and (self._view is None or self._view.distance(tip.row, tip.column) < 1.0)
        )

    def _next_spacing(self, tip: Tip) -> float:
        widening = 0.7 + 0.3 * tip.radius / (self.params.trunk_radius * self._scale)
        mean = self.params.spacing * self._scale * widening
        return mean * (0.45 - 0.55 * math.log(1.0 - next(self._uniform)))

    def _branch(self, tip: Tip, index: int) -> None:
        # Trunks give off slim side branches and stay wide; twigs split into near equals.
        ratio = min(0.95, 0.38 + 0.2 * tip.order + 0.55 * next(self._uniform) ** 2)
        larger, smaller, bend, spread = murray(tip.radius, ratio)
        tip.side = -tip.side if next(self._uniform) < 0.8 else tip.side
        smallest = self.params.tip_radius * self._scale
        if smaller <= smallest:
            if larger <= 1.3 * smallest:
                return
            smaller = min(larger, smallest * (1.1 + 0.4 * next(self._uniform)))
        heading = tip.heading + tip.side * 0.9 * spread
        tip.heading -= tip.side * 0.6 * bend
        tip.radius = larger
        guide = self._daughter_guide(tip, heading, tip.side)
        daughter = Tip(tip.row, tip.column, heading, smaller, guide, index)
        daughter.side, daughter.order = -tip.side, tip.order + 1
        daughter.pull = 0.45
        self.add(daughter)

    def _swerve(self, tip: Tip, index: int, travelled: float) -> float | None:
        """A turn in radians away from a vessel ahead; None where the tip must end."""
        kin = tip.parent if travelled < 24 * self._scale else index
        reach = 11 * self._scale + tip.radius
        ahead = self._met(tip, 0.0, reach, index, kin)
        left = self._met(tip, -0.6, reach, index, kin)
        right = self._met(tip, 0.6, reach, index, kin)
        if not (ahead or left or right):
            return self._drift(tip, index, kin)
        if self._met(tip, 0.0, 0.55 * reach, index, kin):
            return 0.0 if next(self._uniform) < self.params.crossing**0.25 else None
        if left and right:
            return 0.0
        return 0.16 if left or (ahead and not right and tip.side > 0) else -0.16

    def _drift(self, tip: Tip, index: int, kin: int) -> float:
        """A slight turn away from a vessel alongside: vessels part instead of running in pairs."""
        reach = 12 * self._scale
        left = self._met(tip, -1.25, reach, index, kin)
        right = self._met(tip, 1.25, reach, index, kin)
        return 0.05 * (int(left) - int(right))

    def _met(self, tip: Tip, angle: float, reach: float, index: int, kin: int) -> bool:
        row = tip.row + reach * math.sin(tip.heading + angle)
        column = tip.column + reach * math.cos(tip.heading + angle)
        if not (0 <= row < self._height and 0 <= column < self._width):
            return False
        owner = self._owner[int(row / self._cell) * self._columns + int(column / self._cell)]
        return owner not in (-1, index, kin) and not (owner == _PAINTED and kin == tip.parent)

    def _claim(self, row: float, column: float, radius: float, index: int) -> None:
        for shift in (0.0, -radius, radius) if radius > self._cell / 2 else (0.0,):
            for y, x in ((row + shift, column), (row, column + shift)):
                if 0 <= y < self._height and 0 <= x < self._width:
                    self._owner[int(y / self._cell) * self._columns + int(x / self._cell)] = index


_PAINTED = -2
# A line any thinner falls between the pixel centres and breaks up in the mask.
_LEAST_RADIUS = np.float32(0.55)


def _stream(draw: Callable[[int], NDArray[np.float64]]) -> Iterator[float]:
    """Endless scalars, drawn in blocks: a thousand times fewer calls than one by one."""
    while True:
        yield from draw(2048).tolist()
