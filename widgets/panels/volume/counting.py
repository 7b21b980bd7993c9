"""How often values occur in an image, from a sample, for any type and size of array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 1024
MOST = 2_000_000  # values that are counted at most
PARTS = 1000  # of a probability
ROUNDING = 1e-4  # of a part, by which single precision may miss its end


def histogram(
    array: NDArray[Any], slope: float = 1.0, intercept: float = 0.0, *, most: int = MOST
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts (n,) and edges (n + 1,) of the values `array * slope + intercept`.

    At most `most` values, evenly spread over the array (any shape, also memory-mapped), are read.
    NaN and infinities are left out. Integers get bins of whole width that no value shares an edge
    with; no finite value at all gives one empty bin from 0 to 1. Touches no widget: meant for the
    background.
    """
    values = np.asarray(sample(array, most)).reshape(-1)
    whole = values.dtype.kind in "iub"
    numbers = values.astype(np.float64)
    if not whole:
        numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return np.zeros(1, np.int64), np.array([0.0, 1.0])
    low, high = float(numbers.min()), float(numbers.max())
    if whole:
        width = max(int(np.ceil((high - low + 1) / BINS)), 1)
        count = int((high - low) // width) + 1
        low, high = low - 0.5, low - 0.5 + width * count
    else:
        count = BINS if high > low else 1
        if count == 1:
            margin = max(abs(low) * 1e-3, 1e-6)
            low, high = low - margin, high + margin
    counts, edges = np.histogram(numbers, count, (low, high))
    edges = edges * slope + intercept
    return (counts, edges) if slope > 0 else (counts[::-1], edges[::-1])


def shares(array: NDArray[np.floating[Any]], parts: int = PARTS) -> NDArray[np.int64]:
    """How many values are 0, then how many lie in each of equal parts of 0 to 1: (parts + 1,).

    A part holds its upper end and not its lower one, so that what exceeds k / parts is the sum of
    all behind the first k + 1. Values outside of 0 to 1 count as its ends. All are read, in blocks
    along the first axis: meant for the background.
    """
    found = np.zeros(parts + 1, np.int64)
    for block in array:
        # In float64, where a single-precision 0.35 is not more than 0.35.
        places = np.ceil(np.clip(block, 0.0, 1.0).astype(np.float64) * parts - ROUNDING)
        found += np.bincount(places.astype(np.intp).ravel(), minlength=parts + 1)
    return found


def sample(array: NDArray[Any], most: int = MOST) -> NDArray[Any]:
    """A view of at most `most` values, with every axis longer than 1 thinned alike."""
    step = 1
    while True:
        thin = array[tuple(slice(None, None, step if size > 1 else 1) for size in array.shape)]
        if thin.size <= most or step > max(array.shape):
            return thin
        step += 1


def bulk(
    counts: NDArray[np.int64], edges: NDArray[np.float64], tail: float = 0.001
) -> tuple[float, float]:
    """The range that is left when the share `tail` of the values is cut at either end."""
    total = int(counts.sum())
    if not total:
        return float(edges[0]), float(edges[-1])
    summed = np.cumsum(counts)
    first = int(np.searchsorted(summed, tail * total, side="right"))
    last = int(np.searchsorted(summed, (1 - tail) * total, side="left"))
    return float(edges[first]), float(edges[min(last, len(counts) - 1) + 1])
