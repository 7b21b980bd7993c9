"""Where a prediction is right and where it errs, voxel by voxel, in colours for all eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
RIGHT, SPURIOUS, MISSED, CONFUSED = 1, 2, 3, 4


@dataclass(frozen=True)
class ErrorKind:
    """What a voxel can be.

    Attributes:
        name: For people.
        short: The same in the field's words.
        colour: Told apart with any colour vision (Okabe and Ito).
    """

    name: str
    short: str
    colour: Colour


KINDS: dict[int, ErrorKind] = {
    RIGHT: ErrorKind("right", "true positive", (0, 158, 115)),
    SPURIOUS: ErrorKind("found, not there", "false positive", (213, 94, 0)),
    MISSED: ErrorKind("there, not found", "false negative", (86, 180, 233)),
    CONFUSED: ErrorKind("another label", "confused labels", (204, 121, 167)),
}


def error_map(
    found: NDArray[Any], truth: NDArray[Any], label: int | None = None
) -> NDArray[np.uint8]:
    """Which of `KINDS` every voxel is, in the shape of both; 0 where neither has anything.

    Args:
        label: Of this one alone, without confusions; None for all of them.

    Raises:
        ValueError: Shapes differ.
    """
    if found.shape != truth.shape:
        raise ValueError(f"{found.shape} against {truth.shape}")
    kinds = np.zeros(truth.shape, np.uint8)
    ours, theirs = (found != 0, truth != 0) if label is None else (found == label, truth == label)
    kinds[ours & ~theirs] = SPURIOUS
    kinds[theirs & ~ours] = MISSED
    both = ours & theirs
    kinds[both] = RIGHT
    if label is None:
        kinds[both & (found != truth)] = CONFUSED
    return kinds


def counted_kinds(kinds: NDArray[np.uint8]) -> dict[int, int]:
    """Voxels of each of `KINDS`."""
    counts = np.bincount(kinds.ravel(), minlength=max(KINDS) + 1)
    return {kind: int(counts[kind]) for kind in KINDS}


def worst_place(kinds: NDArray[np.uint8], axis: int) -> tuple[int, int, int]:
    """The voxel (d, h, w) to look at first: an error near the middle of those of the slice across
    `axis` that has most of them; of what is marked where there are no errors."""
    marked = (kinds != 0) & (kinds != RIGHT)
    if not marked.any():
        marked = kinds != 0
    if not marked.any():
        d, h, w = (n // 2 for n in kinds.shape)
        return d, h, w
    others = tuple(a for a in range(3) if a != axis)
    place = int(np.argmax(marked.sum(axis=others)))
    plane = np.argwhere(np.take(marked, place, axis))
    middle = plane[np.argmin(((plane - plane.mean(axis=0)) ** 2).sum(axis=1))]
    d, h, w = (int(v) for v in np.insert(middle, axis, place))
    return d, h, w
