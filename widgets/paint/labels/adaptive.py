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

    The structure's value and noise are the median and the spread near the middle. How far a value
    may lie from it is where the distances of all covered voxels part into near and far (2-means),
    but no less than the noise.

    Args:
        values: (d, h, w) under the brush, NaN and infinities being outside.
        covered: (d, h, w), the brush's own shape.
        middle: A voxel of it.
    """
    inner = tuple(
        slice(max(m - max(n // 8, 1), 0), m + max(n // 8, 1) + 1)
        for m, n in zip(middle, values.shape, strict=True)
    )
    near = values[inner][covered[inner]].astype(np.float32)
    near = near[np.isfinite(near)]
    if not near.size or not covered[middle]:
        return np.zeros_like(covered)
    value = np.median(near)
    noise = _MAD * float(np.median(np.abs(near - value)))
    distance = np.abs(values.astype(np.float32) - value)
    cut = max(_parted(distance[covered & np.isfinite(distance)]), _NOISE * noise)
    alike = covered & (distance <= cut)
    alike[middle] = True
    return connected_near(alike, middle)


def _parted(distances: NDArray[np.float32]) -> float:
    """Where distances part into a near and a far group."""
    cut = float(distances.mean())
    for _ in range(_ROUNDS):
        far = distances > cut
        if far.all() or not far.any():
            break
        cut = float(distances[far].mean() + distances[~far].mean()) / 2
    return cut
