"""Which voxels are connected to one of them, through faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def connected(region: NDArray[np.bool_], seed: tuple[int, ...]) -> NDArray[np.bool_]:
    """The part of a large 2D or 3D region that is connected to `seed`; empty if it is outside.

    Works on the runs of voxels along the last axis, so that what it costs follows the number of
    runs and not of voxels.
    """
    if not region[seed]:
        return np.zeros_like(region)
    padded = np.pad(region, 1)
    edges = np.diff(padded.ravel().view(np.int8))
    starts, ends = np.flatnonzero(edges == 1) + 1, np.flatnonzero(edges == -1) + 1
    strides = [stride // padded.itemsize for stride in padded.strides[:-1]]
    # The runs that touch a run in each neighbouring row are next to each other in the list.
    spans = [
        (
            np.searchsorted(ends, starts + shift, "right").tolist(),
            np.searchsorted(starts, ends + shift, "left").tolist(),
        )
        for stride in strides
        for shift in (-stride, stride)
    ]
    flat = int(np.ravel_multi_index(tuple(n + 1 for n in seed), padded.shape))
    first = int(np.searchsorted(starts, flat, "right")) - 1
    reached = bytearray(len(starts))
    reached[first] = 1
    waiting = [first]
    while waiting:
        run = waiting.pop()
        for low, high in spans:
            for near in range(low[run], high[run]):
                if not reached[near]:
                    reached[near] = 1
                    waiting.append(near)
    chosen = np.frombuffer(bytes(reached), bool)
    marks = np.zeros(padded.size + 1, np.int8)
    marks[starts[chosen]] = 1
    marks[ends[chosen]] = -1
    filled = np.cumsum(marks[:-1], dtype=np.int8).view(bool).reshape(padded.shape)
    return filled[(slice(1, -1),) * region.ndim]


def connected_near(region: NDArray[np.bool_], seed: tuple[int, ...]) -> NDArray[np.bool_]:
    """The same for a small region of simple shape, such as that under a brush, and faster there.

    Sweeps forth and back along each axis until nothing is added.
    """
    reached = np.zeros_like(region)
    reached[seed] = region[seed]
    count, before = int(reached.sum()), -1
    while count != before:
        before = count
        for axis in range(region.ndim):
            _swept(np.moveaxis(reached, axis, 0), np.moveaxis(region, axis, 0))
        count = int(np.count_nonzero(reached))
    return reached


def _swept(reached: NDArray[np.bool_], region: NDArray[np.bool_]) -> None:
    last = len(region) - 1
    for n in range(last):
        reached[n + 1] |= reached[n] & region[n + 1]
    for n in range(last, 0, -1):
        reached[n - 1] |= reached[n] & region[n - 1]
