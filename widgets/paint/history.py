"""What a step of the mask's history stores, and how it is packed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Change:
    """Pixels that a step flipped: a zlib-compressed bit field inside `rect`.

    A mask is binary, so one field of flips serves undo and redo alike.
    """

    name: str
    rect: QRect
    flips: bytes

    @property
    def cost(self) -> int:
        return len(self.flips)

    def apply(self, mask: Mask, forward: bool) -> Mask:
        mask[part(self.rect)] ^= unpacked(self.flips, (self.rect.height(), self.rect.width()))
        return mask


@dataclass(frozen=True)
class Resize:
    """A step to a mask of another size, kept whole, before and after."""

    name: str
    before: bytes
    before_shape: tuple[int, int]
    after: bytes
    after_shape: tuple[int, int]

    @property
    def rect(self) -> QRect:
        return QRect()

    @property
    def cost(self) -> int:
        return len(self.before) + len(self.after)

    def apply(self, mask: Mask, forward: bool) -> Mask:
        if forward:
            return unpacked(self.after, self.after_shape)
        return unpacked(self.before, self.before_shape)


def part(rect: QRect) -> tuple[slice, slice]:
    """The rectangle as an index of an array (H, W)."""
    return (
        slice(rect.top(), rect.top() + rect.height()),
        slice(rect.left(), rect.left() + rect.width()),
    )


def whole(array: Mask) -> QRect:
    """The rectangle of all pixels."""
    return QRect(0, 0, array.shape[1], array.shape[0])


def bounds(array: Mask) -> QRect:
    """The smallest rectangle around the nonzero pixels."""
    rows, columns = np.flatnonzero(array.any(axis=1)), np.flatnonzero(array.any(axis=0))
    if not rows.size:
        return QRect()
    y, x = int(rows[0]), int(columns[0])
    return QRect(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


def packed(array: Mask, rect: QRect) -> bytes:
    """The bits of `rect`, compressed."""
    return zlib.compress(np.packbits(array[part(rect)]).tobytes(), 1)


def unpacked(data: bytes, shape: tuple[int, int]) -> Mask:
    """What `packed` packed; `shape` is (height, width) of the rectangle."""
    bits = np.frombuffer(zlib.decompress(data), np.uint8)
    return np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape)
