"""How many voxels each label has, kept up while they change; and what may be a label at all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

LARGEST = 65535


class LabelCounts:
    """Voxels by label."""

    def __init__(self, background: int) -> None:
        """All voxels are background."""
        self._counts = np.zeros(LARGEST + 1, np.int64)
        self._counts[0] = background
        self._marked = self._counts.copy()

    def __getitem__(self, label: int) -> int:
        return int(self._counts[label])

    def used(self) -> list[int]:
        """The labels that occur, background left out, in rising order."""
        return [int(label) for label in np.flatnonzero(self._counts) if label]

    def add(self, labels: NDArray[Any]) -> None:
        """These voxels came."""
        if not labels.any():  # much faster to see than to count, and most volumes begin so
            self._counts[0] += labels.size
            return
        found = np.bincount(labels.ravel())
        self._counts[: len(found)] += found

    def drop(self, labels: NDArray[Any]) -> None:
        """These voxels went."""
        found = np.bincount(labels.ravel())
        self._counts[: len(found)] -= found

    def gain(self, label: int, voxels: int) -> None:
        """A label got that many voxels more."""
        self._counts[label] += voxels

    def take(self, other: LabelCounts) -> None:
        """Count what the other counts; the mark stays."""
        self._counts[:] = other._counts

    def mark(self) -> None:
        """Remember the numbers for `gains`."""
        self._marked[:] = self._counts

    def gains(self) -> tuple[tuple[int, int], ...]:
        """How many voxels each label has more (or, below 0, fewer) than at the mark."""
        change = self._counts - self._marked
        return tuple((int(label), int(change[label])) for label in np.flatnonzero(change))

    def restart(self, labels: NDArray[Any]) -> None:
        """Count all of (D, H, W), slice by slice, since counting widens the numbers."""
        self._counts[:] = 0
        for cut in labels:
            self.add(cut)


def label_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """The type, if it is one that labels have.

    Raises:
        ValueError: it is neither uint8 nor uint16.
    """
    if np.dtype(dtype) not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise ValueError(f"labels are uint8 or uint16, not {np.dtype(dtype)}")
    return np.dtype(dtype)


def as_labels(values: ArrayLike) -> NDArray[Any]:
    """Labels (D, H, W) as an array, not copied.

    Raises:
        ValueError: not three axes, no voxel, or numbers that are no labels.
    """
    array = np.asarray(values)
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"labels have shape (D, H, W) with at least one voxel, not {array.shape}")
    if array.dtype.kind not in "bui" or array.min() < 0 or array.max() > LARGEST:
        raise ValueError(f"labels are whole numbers from 0 to {LARGEST}")
    return array
