"""Connected parts of masks, found slab by slab, so that large volumes can be cancelled."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.data.labels.subject import Mask, Watch, unwatched

SLAB_VOXELS = 2**21


def parts_of(mask: Mask, touching: int = 3, watch: Watch = unwatched) -> NDArray[np.int32]:
    """Numbers of the connected parts from 1 on, in order of their first voxels, 0 outside.

    Args:
        touching: 1 when voxels have to share a face, 2 an edge, 3 a corner.
        watch: As in `Subject`.
    """
    return parts_by(mask, scipy.ndimage.generate_binary_structure(3, touching), watch)


def parts_by(mask: Mask, neighbours: Mask, watch: Watch = unwatched) -> NDArray[np.int32]:
    """As `parts_of`; `neighbours` (3, 3, 3) says which voxels around one touch it."""
    step = max(1, SLAB_VOXELS // max(1, mask[0].size))
    numbers = np.empty(mask.shape, np.int32)
    pairs = [np.zeros((0, 2), np.int32)]
    total = 0
    for start in range(0, len(mask), step):
        watch(0.8 * start / len(mask))
        slab, count = scipy.ndimage.label(mask[start : start + step], neighbours)
        slab[slab > 0] += total
        numbers[start : start + step] = slab
        total += count
        if start:
            pairs += _meeting(numbers[start - 1], numbers[start], neighbours[0])
    if len(mask) <= step:
        return numbers
    first, second = np.concatenate(pairs).T
    links = scipy.sparse.coo_array((np.ones(len(first), bool), (first, second)), (total + 1,) * 2)
    # Components are numbered by their lowest node, so background stays 0.
    _, becomes = scipy.sparse.csgraph.connected_components(links, directed=False)
    for start in range(0, len(mask), step):
        watch(0.8 + 0.2 * start / len(mask))
        numbers[start : start + step] = becomes[numbers[start : start + step]]
    return numbers


def _meeting(above: NDArray[Any], below: NDArray[Any], neighbours: Mask) -> list[NDArray[np.int32]]:
    """Pairs (N, 2) of parts of two slices that touch each other."""
    found = []
    for rows, columns in itertools.product((-1, 0, 1), repeat=2):
        if neighbours[rows + 1, columns + 1]:
            first = _moved(above, rows, columns)
            second = _moved(below, -rows, -columns)
            both = (first > 0) & (second > 0)
            found.append(np.unique(np.stack([first[both], second[both]], 1), axis=0))
    return found


def _moved(plane: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """The part of a slice that lies within it when it is moved so far."""
    height, width = plane.shape
    return plane[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
