"""How far the surfaces of two masks are from each other: HD, HD95, ASD and surface Dice.

Distances are MONAI's, between surface voxels; surface Dice weighs each piece of surface by its area
(Nikolov et al. 2018, arXiv 1809.04430), which MONAI does at sub-voxel resolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERCENTILE = 95
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Distances:
    """Between two surfaces, in the unit of the spacing.

    Attributes:
        hd: The largest distance of either surface to the other.
        hd95: The larger of both directed 95th percentiles.
        asd: The mean from either surface to the other, over the voxels of both.
    """

    hd: float
    hd95: float
    asd: float


def surface_distances(found: Mask, truth: Mask, spacing: Sequence[float]) -> Distances:
    """Distances between two masks; 0 if both are empty, the image's diagonal if one is.

    Args:
        found, truth: Masks of one shape; one slice counts as an image.
        spacing: Voxel size along each axis.
    """
    # Heavy, and not needed to read a table.
    from monai.metrics.utils import get_mask_edges, get_surface_distance

    if not found.any() and not truth.any():
        return Distances(0.0, 0.0, 0.0)
    if not found.any() or not truth.any():
        most = diagonal(found.shape, spacing)
        return Distances(most, most, most)
    one, other, size = _flat(found, truth, spacing)
    edges = get_mask_edges(one, other)
    ways = [
        np.asarray(get_surface_distance(a, b, spacing=size))
        for a, b in ((edges[0], edges[1]), (edges[1], edges[0]))
    ]
    return Distances(
        max(float(way.max()) for way in ways),
        max(float(np.percentile(way, PERCENTILE)) for way in ways),
        float(np.concatenate(ways).mean()),
    )


def surface_dice(found: Mask, truth: Mask, spacing: Sequence[float], tolerance: float) -> float:
    """Share of both surfaces' area that lies within a tolerance of the other, in [0, 1].

    1 if both masks are empty, 0 if one is. Arguments as of `surface_distances`.

    Args:
        tolerance: In the unit of the spacing, at least 0.
    """
    from monai.metrics.utils import get_mask_edges, get_surface_distance

    if not found.any() or not truth.any():
        return float(found.any() == truth.any())
    one, other, size = _flat(found, truth, spacing)
    mine, theirs, my_area, their_area = (
        np.asarray(each) for each in get_mask_edges(one, other, spacing=size)
    )
    right = total = 0.0
    for edge, opposite, area in ((mine, theirs, my_area), (theirs, mine, their_area)):
        apart = np.asarray(get_surface_distance(edge, opposite, spacing=size))
        areas = area[edge.astype(bool)]
        right += float(areas[apart <= tolerance].sum())
        total += float(areas.sum())
    return right / total


def diagonal(shape: Sequence[int], spacing: Sequence[float]) -> float:
    """From the centre of the first voxel to that of the last."""
    return math.hypot(*((n - 1) * s for n, s in zip(shape, spacing, strict=True)))


def _flat(found: Mask, truth: Mask, spacing: Sequence[float]) -> tuple[Mask, Mask, list[float]]:
    """Without axes of one voxel, along which every voxel would be surface."""
    axes = [axis for axis, n in enumerate(found.shape) if n > 1] or [0]
    thin = tuple(axis for axis in range(found.ndim) if axis not in axes)
    return found.squeeze(thin), truth.squeeze(thin), [float(spacing[axis]) for axis in axes]
