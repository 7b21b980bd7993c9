"""The labels of one moment for a thread, while painting goes on."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.paint.labels.tiles import tile_size, tiles
from widgets.viewer.volume.box import Box, Triple


class Snapshot:
    """Made at no cost: the thread copies block by block what nobody has written to yet.

    Whoever writes calls `keep` before, which copies the few blocks that are about to change.
    """

    def __init__(self, labels: NDArray[Any]) -> None:
        """labels: (D, H, W), the live ones."""
        self._source = labels
        self._copy = np.empty_like(labels)
        self._size = tile_size(self.shape)
        self._lock = threading.Lock()
        self._copied: set[Triple] = set()
        self._touched: dict[Triple, Box] = {}
        self._frozen = self._whole = False

    @property
    def shape(self) -> Triple:
        d, h, w = self._source.shape
        return d, h, w

    def take(self) -> NDArray[Any]:
        """The labels (D, H, W) as they were, always the same array; for a thread."""
        if not self._whole:
            for key, tile in self.tiles():
                with self._lock:
                    self._keep(key, tile)
            self._whole = True
        return self._copy

    def tiles(self) -> list[tuple[Triple, Box]]:
        """All blocks."""
        return list(tiles(Box.whole(self.shape), self._size, self.shape))

    def touched(self) -> dict[Triple, Box]:
        """The blocks that were written to since."""
        return self._touched

    def keep(self, box: Box) -> None:
        """The live labels in `box` are about to change."""
        for key, tile in tiles(box, self._size, self.shape):
            self._touched[key] = tile
            if not (self._frozen or self._whole):
                with self._lock:
                    self._keep(key, tile)

    def freeze(self) -> None:
        """The live labels are another array now: this one will not change any more."""
        self._frozen = True

    def touchAll(self) -> None:
        """All labels were put in place by others, in another array."""
        self._touched = dict(self.tiles())

    def _keep(self, key: Triple, tile: Box) -> None:
        if key not in self._copied:
            self._copy[tile.index] = self._source[tile.index]
            self._copied.add(key)
