"""What an operation on labels works on, and the blocks of it that it has to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.errors import InputError

Mask = NDArray[np.bool_]
Labels = NDArray[Any]
Block = tuple[slice, slice, slice]
Spacing = tuple[float, float, float]
Watch = Callable[[float], None]

MAX_LABEL = 65535


def unwatched(done: float) -> None:
    """For those who do not care how far it is."""


def stage(watch: Watch, number: int, count: int) -> Watch:
    """A watch for one of several stages of the same length, told 0 to 1 of its own."""
    return lambda done: watch((number + done) / count)


@dataclass(frozen=True, eq=False)
class Subject:
    """Labels with all that an operation may need to know of them; nothing in it is changed.

    Attributes:
        labels: (D, H, W) of an integer type, values 0 to 65535, 0 is background.
        spacing_mm: Voxel size along (D, H, W).
        image: (D, H, W) values of the image that the labels lie on.
        other: (D, H, W) a second label map, for what two maps have in common.
        locked: Labels that neither lose nor gain a voxel.
        watch: Called now and then with the share done, 0 to 1; may raise to cancel.
    """

    labels: Labels
    spacing_mm: Spacing = (1.0, 1.0, 1.0)
    image: NDArray[Any] | None = None
    other: Labels | None = None
    locked: frozenset[int] = frozenset()
    watch: Watch = unwatched

    def __post_init__(self) -> None:
        if self.labels.ndim != 3 or self.labels.dtype.kind not in "iu":
            raise ValueError(f"labels of type {self.labels.dtype}, shape {self.labels.shape}")
        for array in (self.image, self.other):
            if array is not None and array.shape != self.labels.shape:
                raise ValueError(f"{array.shape} is not the labels' {self.labels.shape}")
        if min(self.spacing_mm) <= 0:
            raise ValueError(f"spacing {self.spacing_mm}")

    def values(self) -> NDArray[Any]:
        """The image.

        Raises:
            InputError: there is none.
        """
        if self.image is None:
            raise InputError("This operation looks at the image.", "Choose an image first.")
        return self.image

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in millilitres."""
        return float(np.prod(self.spacing_mm)) / 1000.0


def boxes(labels: Labels) -> dict[int, Block]:
    """The smallest block that holds each label that there is, by label."""
    found = scipy.ndimage.find_objects(np.asarray(labels, labels.dtype.newbyteorder("=")))
    return {value: box for value, box in enumerate(found, start=1) if box is not None}


def box_of(mask: Mask) -> Block | None:
    """The smallest block that holds all of a mask (D, H, W); None where it is empty."""
    rows = np.any(mask, axis=2)
    sides = (np.any(rows, axis=1), np.any(rows, axis=0), np.any(mask, axis=(0, 1)))
    ranges = []
    for side in sides:
        places = np.flatnonzero(side)
        if not places.size:
            return None
        ranges.append(slice(int(places[0]), int(places[-1]) + 1))
    return ranges[0], ranges[1], ranges[2]


def grown(box: Block, shape: tuple[int, ...], margin_mm: float, spacing_mm: Spacing) -> Block:
    """A block with this margin around it, as far as the array goes, and one voxel more."""
    steps = [int(np.ceil(margin_mm / size)) + 1 for size in spacing_mm]
    ends = [
        slice(max(0, part.start - step), min(length, part.stop + step))
        for part, step, length in zip(box, steps, shape, strict=True)
    ]
    return ends[0], ends[1], ends[2]


def hull(parts: Iterable[Block]) -> Block:
    """The smallest block that holds all of these; there is at least one."""
    blocks = list(parts)
    ends = [
        slice(min(b[axis].start for b in blocks), max(b[axis].stop for b in blocks))
        for axis in range(3)
    ]
    return ends[0], ends[1], ends[2]


def moved(box: Block, into: Block) -> Block:
    """The same block as seen from within a block that holds it."""
    ends = [
        slice(part.start - whole.start, part.stop - whole.start)
        for part, whole in zip(box, into, strict=True)
    ]
    return ends[0], ends[1], ends[2]


def able_to_hold(labels: Labels, value: int) -> Labels:
    """A copy whose type holds this label too.

    Raises:
        InputError: no label can be that high.
    """
    if value > MAX_LABEL:
        raise InputError(
            f"Label {value} is too high: labels go up to {MAX_LABEL}.",
            "Remove small islands first, or start at a lower number.",
        )
    if value <= np.iinfo(labels.dtype).max:
        return labels.copy()
    return labels.astype(np.uint16 if value > 255 else np.uint8)
