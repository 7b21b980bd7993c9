"""What a brush covers, and what it sweeps over as it moves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.volume.box import Box, Triple

Place = tuple[float, float, float]  # voxel coordinates (d, h, w), whole at centres
Piece = tuple[Box, NDArray[np.bool_]]

_LEAST = 0.5  # a radius of one voxel
_SMALL = 1 << 18  # voxels of masks of which many are kept
_CHANGE = 0.125  # voxels by which radii of neighbouring stamps may differ
_BETWEEN = 1.0  # voxels: about the way to the place after
_PIECE = 32  # voxels: pieces of a sweep are about as long as this or as the brush is wide


@dataclass(frozen=True)
class Footprint:
    """The voxels under a brush.

    Attributes:
        radii: In voxels along (d, h, w).
        axis: The array's axis that the slice cuts.
        volume: An ellipsoid through slices rather than a disc in one.
        square: A box instead.
    """

    radii: Place
    axis: int
    volume: bool = False
    square: bool = False

    @property
    def counts(self) -> Triple:
        """How many voxels it spans along (d, h, w)."""
        counts = [max(1, round(2 * max(radius, _LEAST))) for radius in self.radii]
        # Through slices it reaches equally far to both sides of the one that is seen.
        reach = math.floor(self.radii[self.axis] + 1e-6) if self.volume else 0
        counts[self.axis] = 2 * reach + 1
        return counts[0], counts[1], counts[2]

    def lows(self, places: NDArray[np.float64]) -> NDArray[np.int64]:
        """Where the footprint's first voxel lies when its middle is nearest to `places` (N, 3)."""
        half = (np.array(self.counts) - 1) / 2
        return np.floor(places - half + 0.5).astype(np.int64)

    def box(self, place: Place) -> Box:
        """The voxels that it spans there; may reach out of the volume."""
        return _box(self.lows(np.array([place]))[0], self.counts)

    def mask(self) -> NDArray[np.bool_]:
        """(n_d, n_h, n_w), read-only: which voxels of its span it covers."""
        small = math.prod(self.counts) <= _SMALL
        return _small_mask(self) if small else _large_mask(self)


def _mask(footprint: Footprint) -> NDArray[np.bool_]:
    parts = []
    for count, radius in zip(footprint.counts, footprint.radii, strict=True):
        offsets = np.arange(count) - (count - 1) / 2
        parts.append((offsets / max(radius, _LEAST)) ** 2)
    d, h, w = parts
    far = d[:, None, None] + h[None, :, None] + w[None, None, :]
    mask = np.ones(far.shape, bool) if footprint.square else far <= 1.0 + 1e-6
    mask.flags.writeable = False
    return mask


_small_mask = lru_cache(maxsize=256)(_mask)
_large_mask = lru_cache(maxsize=2)(_mask)


def sweep(footprint: Footprint, start: Place, end: Place) -> Iterator[Piece]:
    """What the footprint covers on its straight way, without gaps, in pieces of small boxes."""
    first, last = np.array(start), np.array(end)
    in_plane = [r for axis, r in enumerate(footprint.radii) if axis != footprint.axis]
    # Round stamps this far apart leave bumps of less than a quarter of a voxel.
    step = 1.0 if footprint.square else max(1.0, math.floor(math.sqrt(2 * min(in_plane))))
    count = max(1, math.ceil(float(np.linalg.norm(last - first)) / step))
    along = np.linspace(0.0, 1.0, count + 1)[:, None]
    lows = footprint.lows(first * (1 - along) + last * along)
    fresh = np.concatenate([[True], np.diff(lows, axis=0).any(axis=1)])
    yield from _joined((low, footprint) for low in lows[fresh])


def tapered(footprints: Sequence[Footprint], places: NDArray[np.float64]) -> Iterator[Piece]:
    """What footprints of changing size cover, one at each of the places (N, 3)."""
    pairs = [(footprints[at], places[at]) for at in needed(footprints, places)]
    yield from _joined((footprint.lows(place[None])[0], footprint) for footprint, place in pairs)


def needed(footprints: Sequence[Footprint], places: NDArray[np.float64]) -> list[int]:
    """Which stamps leave out no more than a quarter of a voxel: wide ones may lie further apart."""
    if not footprints:
        return []
    first = footprints[0]
    flat = [axis for axis in range(3) if axis != first.axis]
    radii = np.array([min(each.radii[axis] for axis in flat) for each in footprints])
    gaps = np.floor(np.sqrt(2 * radii)) if not first.square else np.zeros(len(radii))
    kept = [0]
    for at in range(1, len(radii)):
        last = kept[-1]
        far = float(np.linalg.norm(places[at] - places[last])) + _BETWEEN
        grown = abs(radii[at] - radii[last]) > _CHANGE
        if at == len(radii) - 1 or grown or gaps[at] <= 1 or far > min(gaps[at], gaps[last]):
            kept.append(at)
    return kept


def _joined(dots: Iterable[tuple[NDArray[np.int64], Footprint]]) -> Iterator[Piece]:
    group: list[tuple[Box, Footprint]] = []
    around = Box((0, 0, 0), (0, 0, 0))
    for low, footprint in dots:
        box = _box(low, footprint.counts)
        wider = around | box
        if group and max(wider.shape) > max(_PIECE, 2 * max(box.shape)):
            yield around, _drawn(group, around)
            group, wider = [], box
        group.append((box, footprint))
        around = wider
    if group:
        yield around, _drawn(group, around)


def _drawn(group: Sequence[tuple[Box, Footprint]], around: Box) -> NDArray[np.bool_]:
    if len(group) == 1:
        return group[0][1].mask()
    canvas = np.zeros(around.shape, bool)
    for box, footprint in group:
        low = np.subtract(box.low, around.low)
        where = tuple(slice(a, a + n) for a, n in zip(low, box.shape, strict=True))
        canvas[where] |= footprint.mask()
    return canvas


def _box(low: NDArray[np.int64], counts: Triple) -> Box:
    d, h, w = low.tolist()
    return Box((d, h, w), (d + counts[0], h + counts[1], w + counts[2]))
