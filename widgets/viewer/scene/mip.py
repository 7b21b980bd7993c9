"""Maximum-intensity projection of a volume from any side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.scene.camera import Camera

SIDE = 128  # voxels along an axis, at most


@dataclass(frozen=True, eq=False)
class MipVolume:
    """A small copy of a volume to project.

    Attributes:
        values: (D, H, W) uint8, 0 for the darkest shown value and 255 for the brightest.
        affine: (4, 4), voxel (w, h, d) of the copy to RAS+ mm.
    """

    values: NDArray[np.uint8]
    affine: NDArray[np.float64]

    def corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The lowest and the highest world coordinates (3,)."""
        d, h, w = self.values.shape
        ends = np.array([(i, j, k, 1) for i in (0, w) for j in (0, h) for k in (0, d)], float)
        ends[:, :3] -= 0.5
        world = (ends @ self.affine.T)[:, :3]
        return world.min(0), world.max(0)


def prepare(
    array: NDArray[Any], affine: NDArray[Any], low: float, high: float, *, side: int = SIDE
) -> MipVolume:
    """A copy of at most `side` voxels along each axis, each the largest of those it stands for.

    Meant for the background; reads the array slab by slab.

    Args:
        array: (D, H, W), real; NaN counts as darkest.
        affine: (4, 4), voxel (w, h, d) to RAS+ mm.
        low, high: The values shown darkest and brightest, low < high.
    """
    if not low < high:
        raise ValueError(f"the value range {low} to {high} is empty")
    steps = [-(-size // side) for size in array.shape]
    small = tuple(-(-size // step) for size, step in zip(array.shape, steps, strict=True))
    values = np.empty(small, np.uint8)
    for place in range(small[0]):
        slab = np.asarray(array[place * steps[0] : (place + 1) * steps[0]])
        if slab.dtype.kind == "f":
            slab = np.where(np.isnan(slab), low, slab)
        top = slab.max(0)
        for axis in (0, 1):
            edges = np.arange(0, top.shape[axis], steps[axis + 1])
            top = np.maximum.reduceat(top, edges, axis=axis)
        share = (top.astype(np.float64) - low) / (high - low)
        values[place] = np.round(255 * np.clip(share, 0, 1))
    scale = np.eye(4)
    for column, step in enumerate(reversed(steps)):
        scale[column, column], scale[column, 3] = step, (step - 1) / 2
    return MipVolume(values, np.asarray(affine, np.float64) @ scale)


def project(volume: MipVolume, camera: Camera, width: int, height: int) -> NDArray[np.uint8]:
    """The largest value along each line of sight, (height, width) uint8; 0 beside the volume.

    One sample for each voxel that a line passes, nearest neighbour.
    """
    padded = np.pad(volume.values, 1)
    inverse = np.linalg.inv(volume.affine)
    right, up, back = camera.matrix
    mm = camera.height / height
    low, high = volume.corners()
    middle = (low + high) / 2
    x = (np.arange(width) + 0.5 - width / 2) * mm
    y = (height / 2 - np.arange(height) - 0.5) * mm
    # Lines start in the plane through the volume's middle, whatever the view's centre is.
    start = np.asarray(camera.centre) + back * float((middle - camera.centre) @ back)
    turn = inverse[:3, :3]
    origin = turn @ start + inverse[:3, 3] + 1.5  # 1 for the padding, 0.5 to round
    along = (turn @ back).astype(np.float32)
    lines = origin + (x[:, None] * (turn @ right)) + (y[:, None, None] * (turn @ up))
    lines = lines.reshape(-1, 3).astype(np.float32)
    step = 1 / float(np.abs(along).max())
    reach = float(np.linalg.norm(high - low)) / 2
    best = np.zeros(len(lines), np.uint8)
    flat = padded.reshape(-1)
    d, h, w = padded.shape
    for t in np.arange(-reach, reach + step, step).astype(np.float32):
        i, j, k = ((lines[:, axis] + t * along[axis]).astype(np.int32) for axis in range(3))
        for index, size in ((i, w), (j, h), (k, d)):
            np.clip(index, 0, size - 1, out=index)
        np.maximum(best, flat[(k * h + j) * w + i], out=best)
    return best.reshape(height, width)
