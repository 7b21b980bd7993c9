"""Single slices of the network's geometry, brought back to where they lie in the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.preparation import Prepared, resized

UNTURNED = ((0, 1), (1, 1), (2, 1))
"""As nibabel tells an orientation: for each axis (i, j, k) where it goes, and its sign."""


@dataclass(frozen=True, eq=False)
class SliceOfImage:
    """Maps on one slice of an image.

    Attributes:
        maps: (K, h, w), the image's two other axes in the order of (D, H, W).
        axis: The axis of (D, H, W) that the slice cuts.
        index: Where it cuts it.
    """

    maps: NDArray[np.float32]
    axis: int
    index: int


def slice_back(ready: Prepared, maps: NDArray[np.float32], index: int) -> SliceOfImage:
    """Maps (K, h, w) on slice `index` of the prepared image, on the image's own grid.

    The same as that slice of `Prepared.back`, without the other slices.
    """
    turn = UNTURNED if ready.turn is None else [(int(to), int(way)) for to, way in ready.turn]
    # Where the prepared columns, rows and slices (i, j, k) come from, as axes of (D, H, W).
    came = {to: (2 - axis, way) for axis, (to, way) in enumerate(turn)}
    (column, column_way), (row, row_way), (axis, way) = came[0], came[1], came[2]
    size = ready.shape[row], ready.shape[column]
    if maps.shape[1:] != size:
        maps = resized(maps[:, np.newaxis], size)[:, 0]
    maps = maps[:, ::row_way, ::column_way]
    if row > column:
        maps = maps.transpose(0, 2, 1)
    place = index if way > 0 else ready.shape[axis] - 1 - index
    return SliceOfImage(np.ascontiguousarray(maps), axis, place)
