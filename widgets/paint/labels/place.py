"""Between what is seen of a slice and the voxels of the volume."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect
from PyQt6.QtGui import QPainterPath

from widgets.paint.labels.stamp import Footprint
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import Plane


def block_of(plane: Plane, index: int, rect: QRect, seen: NDArray[Any]) -> tuple[Box, NDArray[Any]]:
    """Pixels `seen` (height, width) of `rect` on slice `index`, as a block of voxels."""
    low, high = [0, 0, 0], [0, 0, 0]
    low[plane.axis], high[plane.axis] = index, index + 1
    for axis, flip, start, size in (
        (plane.col_axis, plane.flip_col, rect.x(), rect.width()),
        (plane.row_axis, plane.flip_row, rect.y(), rect.height()),
    ):
        first = plane.shape[axis] - start - size if flip else start
        low[axis], high[axis] = first, first + size
    cut = seen[:: -1 if plane.flip_row else 1, :: -1 if plane.flip_col else 1]
    if plane.row_axis > plane.col_axis:
        cut = cut.T
    box = Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return box, np.expand_dims(cut, plane.axis)


@lru_cache(maxsize=64)
def footprint_outline(plane: Plane, footprint: Footprint) -> QPainterPath:
    """The edges of the pixels that a footprint covers of its slice, from its own corner on."""
    disc = replace(footprint, volume=False)  # a ball's middle, without the ball
    seen = np.pad(plane.seen(disc.mask().squeeze(plane.axis)), 1)
    path = QPainterPath()
    for y, x, end in _runs(seen[1:] != seen[:-1]):
        path.moveTo(x - 1, y)
        path.lineTo(end - 1, y)
    for x, y, end in _runs((seen[:, 1:] != seen[:, :-1]).T):
        path.moveTo(x, y - 1)
        path.lineTo(x, end - 1)
    return path


def _runs(marks: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Each row's stretches of true pixels: row, start, end."""
    edges = np.diff(np.pad(marks, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    return list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))
