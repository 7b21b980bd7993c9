"""What a brush covers when it keeps to the structure under its middle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.paint.labels.connect import connected_near

_NOISE = 2.5  # standard deviations that still count as the same structure
_MAD = 1.4826  # from the median of absolute deviations to a standard deviation
_ROUNDS = 4


def structure(
    values: NDArray[Any], covered: NDArray[np.bool_], middle: tuple[int, int, int]
) -> NDArray[np.bool_]:
    """The voxels that look like those around `middle` and are connected to it.

    The structure's value is the median right around the middle. How far a value may lie from it
    is where the distances of all covered voxels part into near and far (2-means), but no less
    than the noise, which is told from neighbours' differences, as edges are few among them.

    Args:
        values: (d, h, w) under the brush, NaN and infinities being outside.
        covered: (d, h, w), the brush's own shape.
        middle: A voxel of it.
    """
    inner = tuple(slice(max(m - 1, 0), m + 2) for m in middle)
    values = values.astype(np.float32)
    near = values[inner][covered[inner]]
    near = near[np.isfinite(near)]
    if not near.size or not covered[middle]:
        return np.zeros_like(covered)
    value = np.median(near)
    distance = np.abs(values - value)
    cut = max(_parted(distance[covered & np.isfinite(distance)]), _NOISE * _noise(values, covered))
    alike = covered & (distance <= cut)
    alike[middle] = True
    return connected_near(alike, middle)


def _noise(values: NDArray[np.float32], covered: NDArray[np.bool_]) -> float:
    """The standard deviation of the noise in float values (d, h, w)."""
    apart = []
    for axis in range(values.ndim):
        pairs = np.moveaxis(values, axis, 0), np.moveaxis(covered, axis, 0)
        both = pairs[1][1:] & pairs[1][:-1]
        with np.errstate(invalid="ignore"):
            apart.append(np.abs(pairs[0][1:] - pairs[0][:-1])[both])
    steps = np.concatenate(apart)
    steps = steps[np.isfinite(steps)]
    return _MAD * float(np.median(steps)) / 2**0.5 if steps.size else 0.0


def _parted(distances: NDArray[np.float32]) -> float:
    """Where distances part into a near and a far group."""
    cut = float(distances.mean())
    for _ in range(_ROUNDS):
        far = distances > cut
        if far.all() or not far.any():
            break
        cut = float(distances[far].mean() + distances[~far].mean()) / 2
    return cut
