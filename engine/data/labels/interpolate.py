"""Fill the gaps between painted slices by the shapes before and after."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.data.labels.distance import signed_distance
from engine.data.labels.subject import (
    MAX_LABEL,
    Labels,
    Mask,
    Spacing,
    Subject,
    Watch,
    hull,
    moved,
    stage,
)  # fmt: skip
from engine.data.labels.where import AXES, GROUP, chosen
from engine.parameters import Parameters, parameter

Distances = NDArray[np.float32]


class InterpolateParams(Parameters):
    """Paint the slices between painted slices."""

    label: int = parameter(
        0, "Label", "The label to interpolate; 0 means all labels.", ge=0, le=MAX_LABEL, group=GROUP
    )
    axis: Literal["auto", "d", "h", "w"] = parameter(
        "auto", "Axis", "Axis that the painted slices are counted along; automatic takes the one "
        "with the most gaps.", choices={"auto": "Automatic", **AXES}, group=GROUP,
    )  # fmt: skip
    follow: bool = parameter(
        True, "Follow the shift", "Move the shape along where the two slices overlap little."
    )
    overwrite: bool = parameter(
        False, "Overwrite others", "Take voxels of other labels too, save of locked ones.",
        group=GROUP,
    )  # fmt: skip


def interpolate(subject: Subject, params: InterpolateParams) -> Labels:
    """Shape-based interpolation: signed distances of two painted slices, mixed by nearness.

    Raya and Udupa 1990; with `follow`, both are first moved onto the line between their centroids
    where they overlap better so. Painted slices stay as they are. A voxel that several labels
    come to goes to the one that it lies deepest in.
    """
    result = subject.labels.copy()
    found = chosen(subject.labels, params.label)
    if not found:
        return result
    block = hull(found.values())
    before, after = subject.labels[block], result[block]
    depth = np.zeros(before.shape, np.float32)
    for number, value in enumerate(found):
        watch = stage(subject.watch, number, len(found))
        box = moved(found[value], block)
        mask = before[box] == value
        axis = _most_gaps(mask) if params.axis == "auto" else "dhw".index(params.axis)
        deep = _filled(mask, axis, subject.spacing_mm, params.follow, watch)
        wins = deep > depth[box]
        if not params.overwrite:
            wins &= before[box] == 0
        depth[box][wins] = deep[wins]
        after[box][wins] = value
    return result


def _painted(mask: Mask, axis: int) -> list[int]:
    across = tuple(a for a in range(3) if a != axis)
    return [int(at) for at in np.flatnonzero(mask.any(axis=across))]


def _most_gaps(mask: Mask) -> int:
    gaps = [mask.shape[axis] - len(_painted(mask, axis)) for axis in range(3)]
    return int(np.argmax(gaps))


def _filled(mask: Mask, axis: int, spacing_mm: Spacing, follow: bool, watch: Watch) -> Distances:
    """Depth in mm within the shapes in the gaps along an axis, at most 0 elsewhere."""
    deep = np.zeros(mask.shape, np.float32)
    slices, depths = np.moveaxis(mask, axis, 0), np.moveaxis(deep, axis, 0)
    flat = tuple(size for a, size in enumerate(spacing_mm) if a != axis)
    painted = _painted(mask, axis)
    for low, high in pairwise(painted):
        watch(low / len(slices))
        if high - low > 1:
            first, last = _distances(slices[low], flat), _distances(slices[high], flat)
            shift = _shift(slices[low], slices[high]) if follow else None
            for at in range(low + 1, high):
                watch(at / len(slices))
                share = (at - low) / (high - low)
                depths[at] = _mixed(first, last, share, shift)
    return deep


def _distances(mask: Mask, spacing_mm: tuple[float, ...]) -> Distances:
    # A rim of background, so that a shape that fills the block has an edge to measure from.
    return signed_distance(np.pad(mask, 1), spacing_mm)[1:-1, 1:-1]


def _shift(first: Mask, last: Mask) -> NDArray[np.float64] | None:
    """Pixels between the centroids, or None where the shapes overlap better as they lie."""
    way = np.subtract(*(np.argwhere(m).mean(axis=0) for m in (last, first)))
    carried = scipy.ndimage.shift(first.astype(np.uint8), np.round(way), order=0) > 0
    return way if (carried & last).sum() > (first & last).sum() else None


def _mixed(
    first: Distances, last: Distances, share: float, shift: NDArray[np.float64] | None
) -> Distances:
    if shift is not None:
        first = scipy.ndimage.shift(first, share * shift, order=1, mode="nearest")
        last = scipy.ndimage.shift(last, (share - 1) * shift, order=1, mode="nearest")
    return (1 - share) * first + share * last
