"""Vessel trees as geometry: tapering centre lines, the landmarks around them, and their raster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Field = Literal["fundus", "macula"]


@dataclass(frozen=True, eq=False)
class Stroke:
    """A vessel drawn by hand.

    Attributes:
        points: (N, 2) float, (row, column) in pixels, N >= 1; pixel centres lie on integers.
        start_radius: Radius at the first point in pixels.
        end_radius: Radius at the last point in pixels; in between it changes linearly in N.
    """

    points: NDArray[np.float32]
    start_radius: float
    end_radius: float


@dataclass(frozen=True, eq=False)
class Segment:
    """One vessel from its origin to its tip.

    Attributes:
        points: (N, 2) float32, (row, column) in pixels.
        radii: (N,) float32, pixels.
        parent: Index in `VesselTree.segments` of the vessel it leaves, -1 for a root.
    """

    points: NDArray[np.float32]
    radii: NDArray[np.float32]
    parent: int = -1


@dataclass(frozen=True)
class Landmark:
    """A round landmark, optic disc or foveal avascular zone: centre and radius in pixels."""

    row: float
    column: float
    radius: float

    def distance(self, row: float, column: float) -> float:
        """Distance of a point to the centre, in radii."""
        return float(np.hypot(row - self.row, column - self.column)) / self.radius


@dataclass(frozen=True, eq=False)
class VesselTree:
    """A retinal vessel phantom: procedural, never taken from a person.

    Attributes:
        height, width: Size of the field in pixels.
        seed: The seed it grew from.
        field: "fundus" (45 degrees around disc and macula) or "macula" (3 mm around the fovea).
        segments: Vessels, parents before their daughters.
        disc: Optic disc; None where it is out of view.
        fovea: Centre and mean radius of the foveal avascular zone.
        painted: (H, W) bool, pixels that were there before growing and stay; None when all grew.
    """

    height: int
    width: int
    seed: int
    field: Field
    segments: tuple[Segment, ...]
    disc: Landmark | None
    fovea: Landmark
    painted: NDArray[np.bool_] | None = None

    @cached_property
    def _coverage(self) -> NDArray[np.float32]:
        coverage = rasterise(self.segments, self.height, self.width)
        if self.painted is not None:
            coverage[self.painted] = 1.0
        coverage.setflags(write=False)
        return coverage

    def mask(self) -> NDArray[np.uint8]:
        """Pixels whose centre lies in a vessel, (H, W) in {0, 1}."""
        return (self._coverage >= 0.5).astype(np.uint8)

    def soft_mask(self) -> NDArray[np.float32]:
        """Antialiased coverage, (H, W) in [0, 1]; `mask()` is where it reaches 0.5."""
        return self._coverage.copy()

    def field_of_view(self) -> NDArray[np.bool_]:
        """What the camera sees, (H, W): a disc for a fundus, everything for the macula."""
        if self.field == "macula":
            return np.ones((self.height, self.width), dtype=bool)
        row, column, radius = field_circle(self.height, self.width)
        rows, columns = np.ogrid[: self.height, : self.width]
        return np.hypot(rows - row, columns - column) <= radius

    def avascular_zone(self) -> NDArray[np.bool_]:
        """The capillary-free zone around the fovea with its wavy border, (H, W)."""
        rng = np.random.default_rng((self.seed, 0xFA2))
        rows, columns = np.ogrid[: self.height, : self.width]
        down, right = rows - self.fovea.row, columns - self.fovea.column
        angle = np.arctan2(down, right)
        border = np.ones_like(angle)
        for order in range(2, 7):
            amplitude, phase = 0.16 / order * rng.normal(), rng.uniform(0, 2 * np.pi)
            border += amplitude * np.cos(order * angle + phase)
        return np.asarray(np.hypot(down, right) <= self.fovea.radius * border)


def field_circle(height: int, width: int) -> tuple[float, float, float]:
    """Row, column and radius in pixels of a fundus camera's round field of view."""
    return (height - 1) / 2, (width - 1) / 2, 0.48 * min(height, width)


def rasterise(segments: Sequence[Segment], height: int, width: int) -> NDArray[np.float32]:
    """Antialiased coverage of tapering polylines.

    Every piece between two points is a capsule whose radius changes linearly; a pixel's coverage
    is clip(radius - distance + 1/2, 0, 1), the maximum over all pieces.

    Returns:
        (height, width) float32 in [0, 1].
    """
    canvas = np.zeros(height * width, dtype=np.float32)
    pieces = [_pieces(segment) for segment in segments if len(segment.points)]
    if not pieces:
        return canvas.reshape(height, width)
    start, end, radius_a, radius_b = (np.concatenate(part) for part in zip(*pieces, strict=True))
    # Half the window: half the piece, its larger radius, half a pixel of edge, and rounding.
    reach = np.hypot(*(end - start).T) / 2 + np.maximum(radius_a, radius_b) + 1.0
    half = np.ceil(reach).astype(int)
    for size in np.unique(half):
        group = half == size
        _stamp(
            canvas,
            (height, width),
            (start[group], end[group], radius_a[group], radius_b[group]),
            int(size),
        )
    return canvas.reshape(height, width)


_Pieces = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def _pieces(segment: Segment) -> _Pieces:
    points, radii = segment.points, segment.radii
    if len(points) == 1:
        return points, points, radii, radii
    return points[:-1], points[1:], radii[:-1], radii[1:]


def _stamp(canvas: NDArray[np.float32], shape: tuple[int, int], pieces: _Pieces, half: int) -> None:
    start, end, radius_a, radius_b = (part[:, None] for part in pieces)
    offsets = np.arange(-half, half + 1, dtype=np.float32)
    window = np.stack(np.meshgrid(offsets, offsets, indexing="ij"), -1).reshape(-1, 2)
    pixel = np.rint((start + end) / 2) + window[None]
    along = end - start
    squared = np.maximum((along**2).sum(-1), 1e-12)
    position = np.clip(((pixel - start) * along).sum(-1) / squared, 0.0, 1.0)
    nearest = start + position[..., None] * along
    distance = np.hypot(*np.moveaxis(pixel - nearest, -1, 0))
    radius = radius_a + position * (radius_b - radius_a)
    coverage = np.clip(radius - distance + 0.5, 0.0, 1.0).astype(np.float32)
    row, column = pixel[..., 0].astype(np.int64), pixel[..., 1].astype(np.int64)
    seen = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1]) & (coverage > 0)
    np.maximum.at(canvas, (row * shape[1] + column)[seen], coverage[seen])
