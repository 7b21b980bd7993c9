"""Filters that work along one axis after the other, slab by slab, so that they can be cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.data.labels.subject import Watch, unwatched

Values = NDArray[np.float32]
SLAB_VALUES = 2**22


def gaussian(
    values: Values, sigmas: Sequence[float], truncate: float = 4.0, watch: Watch = unwatched
) -> Values:
    """As scipy's gaussian_filter with the edge going on as it is; sigmas in voxels."""

    def blur(slab: Values, axis: int, place: int) -> Values:
        return scipy.ndimage.gaussian_filter1d(
            slab, sigmas[axis], place, mode="nearest", truncate=truncate
        )

    return _along(values, [axis for axis, sigma in enumerate(sigmas) if sigma > 0], blur, watch)


def box_mean(values: Values, widths: Sequence[int], watch: Watch = unwatched) -> Values:
    """As scipy's uniform_filter with the edge going on as it is; widths in voxels."""

    def blur(slab: Values, axis: int, place: int) -> Values:
        return scipy.ndimage.uniform_filter1d(slab, widths[axis], place, mode="nearest")

    return _along(values, [axis for axis, width in enumerate(widths) if width > 1], blur, watch)


def _along(
    values: Values, axes: Sequence[int], blur: Callable[[Values, int, int], Values], watch: Watch
) -> Values:
    """`blur` of slabs along each axis, given with its place in the slab."""
    result = values.copy()
    for number, axis in enumerate(axes):
        # Slabs across another axis do not know of each other; rows come first for slices.
        slabs = np.moveaxis(result, 1 if axis == 0 else 0, 0)
        step = max(1, SLAB_VALUES // max(1, slabs[0].size))
        for start in range(0, len(slabs), step):
            watch((number + start / len(slabs)) / len(axes))
            part = slabs[start : start + step]
            part[...] = blur(part, axis, max(axis, 1))
    return result
