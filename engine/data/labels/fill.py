"""What is connected to a voxel and like it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.labels.connected import parts_of
from engine.data.labels.subject import Mask, Watch, unwatched


def connected(
    values: NDArray[Any],
    voxel: tuple[int, int, int],
    tolerance: float = 0.0,
    watch: Watch = unwatched,
) -> Mask:
    """Voxels that reach `voxel` through faces of voxels no further from its value.

    Args:
        values: (D, H, W); NaN is like nothing.
        voxel: (d, h, w), within the array.
        tolerance: The largest difference, in the array's own values.
        watch: As in `Subject`.

    Returns:
        (D, H, W) bool; empty where the voxel itself is NaN.
    """
    start = float(values[voxel])
    # Compared slab by slab in double precision: differences of small integer types would wrap.
    alike = np.stack([np.abs(slab.astype(np.float64) - start) <= tolerance for slab in values])
    if not alike[voxel]:
        return np.zeros(values.shape, bool)
    parts = parts_of(alike, 1, watch)
    return parts == parts[voxel]
