"""Votes as pictures: their labels in colour over the slice that they are about."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.volume.colours import Colouring
from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.layers import Layer

OPACITY = 0.55
MARGIN = 0.4  # of what votes cover, on each side
LEAST_MARGIN = 8  # pixels

Pixels = NDArray[np.uint8]
Part = tuple[slice, slice]


def slice_picture(layer: Layer, cut: Cut) -> Pixels:
    """A slice of an image as it is shown, (h, w, 3)."""
    stored = np.asarray(cut.stored(layer))
    colours = Colouring(layer).colour(stored)
    parts = [(colours >> shift) & 0xFF for shift in (16, 8, 0)]
    return np.stack(parts, axis=-1).astype(np.uint8)


def part_of(votes: NDArray[Any]) -> Part:
    """What to show of votes (N, h, w): all that any of them found, and something around it."""
    found = np.asarray((votes > 0).any(axis=0))
    ends = []
    for axis in (1, 0):
        places = np.flatnonzero(found.any(axis=axis))
        size = found.shape[1 - axis]
        if not places.size:
            return slice(0, found.shape[0]), slice(0, found.shape[1])
        low, high = int(places[0]), int(places[-1]) + 1
        margin = max(LEAST_MARGIN, round(MARGIN * (high - low)))
        ends.append(slice(max(0, low - margin), min(size, high + margin)))
    return ends[0], ends[1]


def coloured(under: Pixels, labels: NDArray[Any], colours: Pixels) -> Pixels:
    """Labels (h, w) over a picture (h, w, 3), in colours (n, 3) by label; 0 is left clear."""
    over = colours[labels].astype(np.float32)
    mixed = (1 - OPACITY) * under + OPACITY * over
    return np.where((labels > 0)[..., None], mixed.round(), under).astype(np.uint8)
