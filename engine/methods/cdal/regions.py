"""What of an image has to be looked at for a region of it."""

from __future__ import annotations

import numpy as np

from engine.data.segmentation.preparation import Prepared
from engine.data.volumes.region import Region
from engine.methods.cdal.data import Recipe
from engine.methods.cdal.windows import Window


def looked_at(region: Region, ready: Prepared, recipe: Recipe) -> Window:
    """What of the prepared image has to be looked at for a region of the image.

    Whole slices where slices are resized; else at least a window, where there is as much.
    """
    shape = ready.array.shape[1:]
    if recipe.preparation.size is not None:
        depth = slice(region.low[0], region.high[0]) if ready.turn is None else slice(0, shape[0])
        return depth, slice(0, shape[1]), slice(0, shape[2])
    marked = np.zeros(ready.shape, np.uint8)
    marked[region.index] = 1
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
