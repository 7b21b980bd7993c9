"""Boxes of an image to segment, and what has to be looked at for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.segmentation.preparation import Prepared
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.methods.cdal.data import Recipe
from engine.methods.cdal.windows import Window


@dataclass(frozen=True)
class Region:
    """A box of voxels (d, h, w), low inside and high outside of it; a slice is one voxel thick."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]

    @classmethod
    def of_slice(cls, volume: Volume, axis: int, index: int) -> Region:
        """A whole slice across an axis of (D, H, W)."""
        low, high = [0, 0, 0], list(volume.geometry.shape)
        low[axis], high[axis] = index, index + 1
        return cls((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    @property
    def window(self) -> Window:
        """For indexing (D, H, W)."""
        d, h, w = (slice(a, b) for a, b in zip(self.low, self.high, strict=True))
        return d, h, w


def checked(region: Region | None, volume: Volume) -> Region:
    """The region, or the whole volume.

    Raises:
        InputError: it is not inside of the volume.
    """
    shape = volume.geometry.shape
    if region is None:
        return Region((0, 0, 0), shape)
    for low, high, side in zip(region.low, region.high, shape, strict=True):
        if not 0 <= low < high <= side:
            raise InputError(
                f"The region {region.low} to {region.high} is not inside the image {shape}.",
                "Choose a box inside of it (slice, row, column, 0-based).",
            )
    return region


def looked_at(region: Region, ready: Prepared, recipe: Recipe) -> Window:
    """What of the prepared image has to be looked at for a region of the image.

    Whole slices where slices are resized; else at least a window, where there is as much.
    """
    shape = ready.array.shape[1:]
    if recipe.preparation.size is not None:
        depth = slice(region.low[0], region.high[0]) if ready.turn is None else slice(0, shape[0])
        return depth, slice(0, shape[1]), slice(0, shape[2])
    marked = np.zeros(ready.shape, np.uint8)
    marked[region.window] = 1
    places = np.argwhere(ready.labels(marked))
    low, high = places.min(axis=0), places.max(axis=0) + 1
    box = []
    for axis, side in enumerate(shape):
        start, stop = int(low[axis]), int(high[axis])
        if axis:
            length = max(stop - start, min(recipe.window, side))
            start = max(0, min(start - (length - (stop - start)) // 2, side - length))
            stop = start + length
        box.append(slice(start, stop))
    return box[0], box[1], box[2]
