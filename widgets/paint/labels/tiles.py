"""Copies of the blocks that a step touches, made on first touch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.paint.labels.step import Delta
from widgets.viewer.volume.box import Box, Triple

_DEEP, _FLAT = (32, 32, 32), (2, 128, 128)  # voxels; 32 KiB each at 8 bit


def tile_size(shape: Triple) -> Triple:
    """The size of blocks that suits an array of this shape."""
    return _DEEP if shape[0] >= 8 else _FLAT


def tiles(box: Box, size: Triple, shape: Triple) -> Iterator[tuple[Triple, Box]]:
    """The blocks that `box` meets, each with its key, cut at the array's end."""
    spans = [
        range(low // edge, -(-high // edge))
        for low, high, edge in zip(box.low, box.high, size, strict=True)
    ]
    for d, h, w in product(*spans):
        low = (d * size[0], h * size[1], w * size[2])
        high = (
            min(low[0] + size[0], shape[0]),
            min(low[1] + size[1], shape[1]),
            min(low[2] + size[2], shape[2]),
        )
        yield (d, h, w), Box(low, high)


class Kept:
    """What touched blocks held before the step; beginning one copies nothing."""

    def __init__(self, shape: Triple) -> None:
        self._shape, self._size = shape, tile_size(shape)
        self._before: dict[Triple, tuple[Box, NDArray[Any]]] = {}
        self._dirty: set[Triple] = set()
        self.box = Box((0, 0, 0), (0, 0, 0))  # around what was touched since the last `taken`

    def touch(self, array: NDArray[Any], box: Box) -> None:
        """`box` (inside the array, not empty) is about to change."""
        self.box = self.box | box
        for key, tile in tiles(box, self._size, self._shape):
            if key not in self._before:
                self._before[key] = tile, array[tile.index].copy()
            self._dirty.add(key)

    def taken(self) -> tuple[Box, list[tuple[Box, NDArray[Any]]]]:
        """The blocks touched since the last call with what they held, and the box around them."""
        box, self.box = self.box, Box((0, 0, 0), (0, 0, 0))
        blocks = [self._before[key] for key in self._dirty]
        self._dirty.clear()
        return box, blocks

    def deltas(self, array: NDArray[Any]) -> tuple[Delta, ...]:
        """How `array` differs from what it was."""
        found = []
        for key in sorted(self._before):
            tile, before = self._before[key]
            delta = Delta.of(np.bitwise_xor(before, array[tile.index]), tile)
            if delta is not None:
                found.append(delta)
        return tuple(found)
