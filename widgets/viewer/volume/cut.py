"""The values of a layer on one slice of the grid that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect

from widgets.viewer.volume.box import Box
from widgets.viewer.volume.layers import Grid, Layer, LayerKind
from widgets.viewer.volume.planes import Plane

Values = NDArray[Any]
EDGE = 1e-3  # voxels by which a sample may miss its grid, for rounding


@dataclass(frozen=True, eq=False)
class Cut:
    """Slice `index` of a plane of a grid, at a point in time."""

    plane: Plane
    grid: Grid
    index: int
    time: int = 0

    def channels(self, layer: Layer) -> tuple[int, ...]:
        """The channels of a layer that are seen: three colours or one value."""
        count = len(layer.array)
        if layer.channels == "rgb" and count >= 3:
            return 0, 1, 2
        return (min(self.time, count - 1) if layer.channels == "time" else 0,)

    def stored(self, layer: Layer, part: QRect | None = None) -> Values:
        """The layer's stored numbers, (h, w) or (h, w, 3), as seen in `part` (default: all).

        A view where the layer lies on the cut's grid. Elsewhere images are interpolated to
        float32, NaN where there is nothing, and labels are taken from the nearest voxel, 0 where
        there is none.
        """
        found = [
            self._channel(layer, layer.array[channel], part) for channel in self.channels(layer)
        ]
        return found[0] if len(found) == 1 else np.stack(found, axis=-1)

    def _channel(self, layer: Layer, array: Values, part: QRect | None) -> Values:
        part = QRect(0, 0, *self.plane.size) if part is None else part
        rows = np.s_[part.top() : part.bottom() + 1]
        columns = np.s_[part.left() : part.right() + 1]
        if layer.grid is self.grid or layer.grid.same(self.grid):
            return self.plane.slice(array, self.index)[rows, columns]
        nearest = layer.kind is LayerKind.LABELS
        return resampled(array, layer.grid, self, part, nearest=nearest)

    def rect_of(self, box: Box) -> QRect:
        """The pixels of the slice that a box of the grid's voxels covers; empty if none."""
        plane, low, high = self.plane, box.low, box.high
        if box.empty or not low[plane.axis] <= self.index < high[plane.axis]:
            return QRect()
        ends = [plane.point((a[0] - 0.5, a[1] - 0.5, a[2] - 0.5)) for a in (low, high)]
        (x0, x1), (y0, y1) = (sorted(round(end[axis]) for end in ends) for axis in (0, 1))
        return QRect(x0, y0, x1 - x0, y1 - y0) & QRect(0, 0, *plane.size)


def resampled(array: Values, grid: Grid, cut: Cut, part: QRect, *, nearest: bool) -> Values:
    """An array (D, H, W) of another grid at the pixels of `part` of a cut."""
    origin, along_x, along_y = _steps(grid, cut)
    xs = np.arange(part.left(), part.right() + 1, dtype=np.float64)
    ys = np.arange(part.top(), part.bottom() + 1, dtype=np.float64)
    places = [
        origin[axis] + along_y[axis] * ys[:, None] + along_x[axis] * xs[None, :]
        for axis in range(3)
    ]
    # Within half a voxel of the outermost centres lies the volume.
    inside = np.ones(places[0].shape, bool)
    for place, size in zip(places, array.shape, strict=True):
        inside &= (place >= -0.5 - EDGE) & (place <= size - 0.5 + EDGE)
    if not nearest:
        result = np.full(inside.shape, np.nan, np.float32)
        result[inside] = _interpolated(array, [place[inside] for place in places])
        return result
    chosen = np.zeros(inside.shape, array.dtype)
    index = tuple(
        np.clip(np.rint(place[inside]), 0, size - 1).astype(np.intp)
        for place, size in zip(places, array.shape, strict=True)
    )
    chosen[inside] = array[index]
    return chosen


def _steps(grid: Grid, cut: Cut) -> NDArray[np.float64]:
    """The grid's voxel at the cut's first pixel, and its changes per pixel right and down."""
    to_voxel = np.linalg.inv(grid.affine) @ cut.grid.affine
    corners = [
        (*cut.plane.voxel(x, y, cut.index)[::-1], 1.0)
        for x, y in ((0.5, 0.5), (1.5, 0.5), (0.5, 1.5))
    ]
    origin, right, down = ((to_voxel @ corner)[2::-1] for corner in corners)
    return np.stack([origin, right - origin, down - origin])


def _interpolated(array: Values, places: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Trilinear interpolation at voxel coordinates (n,) for each axis; edges repeat."""
    lows, shares = [], []
    for place, size in zip(places, array.shape, strict=True):
        place = np.clip(place, 0, size - 1)
        low = np.minimum(place.astype(np.intp), max(size - 2, 0))
        lows.append(low)
        shares.append((place - low).astype(np.float32))
    total = np.zeros(lows[0].shape, np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.ones_like(total)
        for share, bit in zip(shares, corner, strict=True):
            weight *= share if bit else 1.0 - share
        # A grid of one slice, or a place on a slice, has corners that do not count.
        if not weight.any():
            continue
        index = tuple(
            np.minimum(low + bit, size - 1)
            for low, bit, size in zip(lows, corner, array.shape, strict=True)
        )
        used = weight > 0
        total[used] += weight[used] * array[tuple(i[used] for i in index)].astype(np.float32)
    return total
