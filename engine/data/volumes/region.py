"""Boxes of voxels, for what is to be done in a part of an image only."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Shape
from engine.errors import InputError

HINT = "Give i, j and k as FROM:TO, from 0 and without TO; one number is one slice, a colon all."
_PART = re.compile(r"(\d*)(:?)(\d*)")


@dataclass(frozen=True)
class Region:
    """A box of voxels (d, h, w), low inside and high outside of it; a slice is one voxel thick."""

    low: Shape
    high: Shape

    @classmethod
    def whole(cls, shape: Shape) -> Region:
        """All voxels of an image (D, H, W)."""
        return cls((0, 0, 0), shape)

    @classmethod
    def of_slice(cls, shape: Shape, axis: int, index: int) -> Region:
        """A whole slice across an axis of (D, H, W)."""
        low, high = [0, 0, 0], list(shape)
        low[axis], high[axis] = index, index + 1
        return cls((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    @classmethod
    def of_array(cls, numbers: NDArray[np.integer]) -> Region:
        """Low and high as an array of six numbers.

        Raises:
            InputError: it has another number of them.
        """
        if numbers.size != 6:
            raise InputError(
                f"The region has {numbers.size} numbers.", "Give low and high (d, h, w), in voxels."
            )
        low, high = (tuple(int(v) for v in row) for row in numbers.reshape(2, 3))
        return cls((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    @classmethod
    def of_text(cls, text: str, shape: Shape) -> Region:
        """From "i, j, k" as users give it: "4:20, :, 7" is a part of the slice k = 7.

        Args:
            shape: Of the image (D, H, W).

        Raises:
            InputError: it says something else.
        """
        parts = [part.strip() for part in text.split(",")]
        sides = [_side(part, size) for part, size in zip(parts, shape[::-1], strict=False)]
        if len(parts) != 3 or None in sides:
            raise InputError(f"The region {text!r} cannot be read.", HINT)
        (i, right), (j, below), (k, behind) = (side for side in sides if side is not None)
        return cls((k, j, i), (behind, below, right))

    @property
    def index(self) -> tuple[slice, slice, slice]:
        """For indexing (D, H, W)."""
        d, h, w = (slice(a, b) for a, b in zip(self.low, self.high, strict=True))
        return d, h, w

    @property
    def array(self) -> NDArray[np.int64]:
        """Low and high, (2, 3), as jobs take it."""
        return np.array([self.low, self.high], np.int64)

    def text(self) -> str:
        """As `of_text` reads it."""
        sides = zip(self.low[::-1], self.high[::-1], strict=True)
        return ",".join(str(a) if b == a + 1 else f"{a}:{b}" for a, b in sides)

    def checked(self, shape: Shape) -> Region:
        """Itself, if it lies in an image of this shape (D, H, W).

        Raises:
            InputError: it does not.
        """
        for low, high, side in zip(self.low, self.high, shape, strict=True):
            if not 0 <= low < high <= side:
                size = " × ".join(str(n) for n in shape[::-1])
                raise InputError(
                    f"The region {self.text()} (i, j, k) is not inside the image of {size} voxels.",
                    "Choose a box inside of it; voxels are counted from 0.",
                )
        return self


def _side(text: str, size: int) -> tuple[int, int] | None:
    match = _PART.fullmatch(text)
    if match is None or not text:
        return None
    low, colon, high = match.groups()
    if not colon:
        return int(low), int(low) + 1
    return int(low or 0), int(high or size)
