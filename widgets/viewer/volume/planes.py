"""The three anatomical planes of a volume: which axes a slice shows, and which way they run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF

from widgets.viewer.volume.box import Box

Shape = tuple[int, int, int]
Triple = tuple[float, float, float]


class PlaneName(Enum):
    """Planes by the axis that they cut: head-foot, front-back, left-right."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


# The world axis (RAS) that a plane cuts, that its columns follow and that its rows follow.
_WORLD = {
    PlaneName.AXIAL: (2, 0, 1),
    PlaneName.CORONAL: (1, 0, 2),
    PlaneName.SAGITTAL: (0, 1, 2),
}
# Letters at the low and the high end of each world axis.
_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))


@dataclass(frozen=True)
class Plane:
    """How one plane shows slices of an array (D, H, W).

    A slice is seen with rows down and columns right. Plane coordinates (x, y) are those of the
    seen picture: pixel (x, y) covers [x, x + 1) x [y, y + 1), so that its centre is at + 0.5.
    Voxel coordinates (d, h, w) have whole numbers at the voxels' centres.

    Attributes:
        name: The plane.
        axis: The array's axis that the plane cuts: 0, 1 or 2 of (D, H, W).
        row_axis, col_axis: The array's axes that run down and right.
        flip_row, flip_col: Whether they run down and right with falling index.
        shape: (D, H, W).
        pixel_mm: Width and height of a pixel in mm.
        slice_mm: Distance of slices in mm.
        letters: At the left, right, top and bottom edge; empty without a patient.
    """

    name: PlaneName
    axis: int
    row_axis: int
    col_axis: int
    flip_row: bool
    flip_col: bool
    shape: Shape
    pixel_mm: tuple[float, float]
    slice_mm: float
    letters: tuple[str, str, str, str]

    @property
    def count(self) -> int:
        """Number of slices."""
        return self.shape[self.axis]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a slice in pixels."""
        return self.shape[self.col_axis], self.shape[self.row_axis]

    def slice(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        """Slice `index` of (D, H, W) as (height, width), as it is seen; a view."""
        where: list[Any] = [np.s_[:]] * 3
        where[self.axis] = index
        return self.seen(array[tuple(where)])

    def seen(self, cut: NDArray[Any]) -> NDArray[Any]:
        """A slice in the order of the array's two other axes, turned as it is seen; a view."""
        if self.row_axis > self.col_axis:
            cut = cut.T
        rows = np.s_[:: -1 if self.flip_row else 1]
        return cut[rows, :: -1 if self.flip_col else 1]

    def voxel(self, x: float, y: float, index: float) -> Triple:
        """Plane coordinates on slice `index` to voxel coordinates (d, h, w), not rounded."""
        width, height = self.size
        place = [0.0, 0.0, 0.0]
        place[self.axis] = index
        place[self.col_axis] = (width - x if self.flip_col else x) - 0.5
        place[self.row_axis] = (height - y if self.flip_row else y) - 0.5
        return place[0], place[1], place[2]

    def point(self, voxel: Triple) -> tuple[float, float, float]:
        """Voxel coordinates (d, h, w) to plane coordinates x, y and the slice, not rounded."""
        width, height = self.size
        x, y = voxel[self.col_axis] + 0.5, voxel[self.row_axis] + 0.5
        return (
            width - x if self.flip_col else x,
            height - y if self.flip_row else y,
            voxel[self.axis],
        )


def slice_box(plane: Plane, index: int) -> Box:
    """All voxels of a slice."""
    low, high = [0, 0, 0], list(plane.shape)
    low[plane.axis], high[plane.axis] = index, index + 1
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def rect_of(plane: Plane, box: Box) -> QRectF:
    """What a box covers of its slices, in plane coordinates."""
    sides = []
    for axis, flip in ((plane.col_axis, plane.flip_col), (plane.row_axis, plane.flip_row)):
        size = box.high[axis] - box.low[axis]
        sides.append((plane.shape[axis] - box.high[axis] if flip else box.low[axis], size))
    (x, width), (y, height) = sides
    return QRectF(x, y, width, height)


def box_at(plane: Plane, rect: QRectF, slices: Box) -> Box:
    """What a frame in plane coordinates covers, in the slices of another box; see `rect_of`."""
    low, high = list(slices.low), list(slices.high)
    width, height = plane.size
    inside = rect & QRectF(0, 0, width, height)
    for axis, flip, start, end, size in (
        (plane.col_axis, plane.flip_col, inside.left(), inside.right(), width),
        (plane.row_axis, plane.flip_row, inside.top(), inside.bottom(), height),
    ):
        first, last = (size - end, size - start) if flip else (start, end)
        low[axis], high[axis] = round(first), round(last)
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def planes_of(
    shape: Shape, affine: NDArray[Any], *, oriented: bool = True, radiological: bool = True
) -> dict[PlaneName, Plane]:
    """The planes of a grid, cut along the voxel axes nearest to the patient's.

    Seen from below (radiological), the patient's right is at the left of axial and coronal slices;
    sagittal slices have the front at the left. Without a patient there is one plane, with rows down
    and columns right, and coronal and sagittal cut it across.

    Args:
        shape: (D, H, W).
        affine: (4, 4), voxel (i, j, k) = (w, h, d) to RAS+ mm.
        oriented: False for pictures without a patient.
        radiological: False puts the patient's left at the left.
    """
    matrix = np.asarray(affine, np.float64)[:3, :3]
    sizes = np.linalg.norm(matrix, axis=0)[::-1]  # along (D, H, W)
    if oriented:
        nearest, signs = nearest_axes(affine)
    else:
        nearest, signs = (2, 1, 0), (1, 1, 1)
    found = {}
    for name, (cut, col, row) in _WORLD.items():
        axis, row_axis, col_axis = nearest[cut], nearest[row], nearest[col]
        if oriented:
            # Rows run down: to the back in axial slices, to the feet in the others.
            falls_right = col == 1 or radiological
            flip_col = (signs[col] > 0) == falls_right
            flip_row = signs[row] > 0
            letters = _edges(col, row, falls_right)
        else:
            flip_col = flip_row = False
            letters = ("", "", "", "")
        found[name] = Plane(
            name, axis, row_axis, col_axis, flip_row, flip_col, shape,
            (float(sizes[col_axis]), float(sizes[row_axis])), float(sizes[axis]), letters,
        )  # fmt: skip
    return found


def nearest_axes(affine: NDArray[Any]) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """For each world axis x, y, z the array axis (of D, H, W) that runs nearest to it, and its
    sign: 1 where the index grows with the coordinate, -1 where it falls.

    Of all six assignments the one with the largest sum of absolute cosines.
    """
    matrix = np.asarray(affine, np.float64)[:3, :3]
    cosines = matrix / np.linalg.norm(matrix, axis=0)
    orders = list(permutations(range(3)))
    totals = [sum(abs(cosines[world, order[world]]) for world in range(3)) for order in orders]
    # Ties, as at 45 degrees, go to the first order, up to rounding.
    best = orders[int(np.argmax(np.round(totals, 9)))]
    signs = [1 if cosines[world, best[world]] > 0 else -1 for world in range(3)]
    return (2 - best[0], 2 - best[1], 2 - best[2]), (signs[0], signs[1], signs[2])


def tilt_degrees(affine: NDArray[Any]) -> float:
    """The largest angle between a voxel axis and the world axis that it is shown along."""
    matrix = np.asarray(affine, np.float64)[:3, :3]
    cosines = np.abs(matrix / np.linalg.norm(matrix, axis=0))
    axes, _ = nearest_axes(affine)
    least = min(cosines[world, 2 - axis] for world, axis in enumerate(axes))
    return float(np.degrees(np.arccos(min(least, 1.0))))


def _edges(col: int, row: int, falls_right: bool) -> tuple[str, str, str, str]:
    (low, high), (bottom, top) = _LETTERS[col], _LETTERS[row]
    return (high, low, top, bottom) if falls_right else (low, high, top, bottom)
