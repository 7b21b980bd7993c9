"""What one step of the labels' history stores: which bits flipped, in small compressed blocks.

XOR works both ways, so one record serves undo, redo and the journal that outlives a crash.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.volume.box import Box

_MAGIC = b"RVLS\x01"
_COUNTS = struct.Struct("<HI")  # bytes of the name, number of deltas
_DELTA = struct.Struct("<6IBI")  # low, high, 16 bit or not, bytes of data
_CHECK = struct.Struct("<I")
_OVERHEAD = 400  # bytes that Python needs for a delta's objects


@dataclass(frozen=True)
class Delta:
    """Flipped bits of the labels in `box`.

    Attributes:
        box: Which voxels.
        data: The XOR of before and after in C order, zlib-compressed.
        wide: Whether the XOR is stored as little-endian uint16 rather than uint8.
    """

    box: Box
    data: bytes
    wide: bool = False

    @staticmethod
    def of(flips: NDArray[Any], box: Box) -> Delta | None:
        """Pack an XOR of the shape of `box`, cut to its nonzero part; None when it is zero."""
        tight = bounds(flips)
        if tight.empty:
            return None
        part = flips[tight.index]
        wide = bool(part.max() > 255)
        raw = np.ascontiguousarray(part, "<u2" if wide else "u1").tobytes()
        return Delta(_shifted(tight, box.low), zlib.compress(raw, 1), wide)

    def flips(self) -> NDArray[Any]:
        """The XOR, uint8 or uint16 of the shape of `box`.

        Raises:
            ValueError: the data is damaged.
        """
        dtype = np.dtype("<u2" if self.wide else "u1")
        size = int(np.prod(self.box.shape, dtype=np.int64)) * dtype.itemsize
        unpacker = zlib.decompressobj()
        try:
            raw = unpacker.decompress(self.data, size + 1)
        except zlib.error as error:
            raise ValueError(f"a step's block is damaged: {error}") from error
        if len(raw) != size:
            raise ValueError(f"a step's block has {len(raw)} bytes and not {size}")
        return np.frombuffer(raw, dtype).reshape(self.box.shape)


@dataclass(frozen=True)
class Step:
    """A named change of the labels; applying it once more takes it back.

    Attributes:
        gains: (label, voxels) that doing it adds, below 0 for voxels lost. Not kept in files.
    """

    name: str
    deltas: tuple[Delta, ...]
    gains: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    @cached_property
    def box(self) -> Box:
        """The smallest box around all that it changes."""
        if not self.deltas:
            return Box((0, 0, 0), (0, 0, 0))
        low = np.min([delta.box.low for delta in self.deltas], axis=0).tolist()
        high = np.max([delta.box.high for delta in self.deltas], axis=0).tolist()
        return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))

    @cached_property
    def cost(self) -> int:
        """About how many bytes it takes in memory."""
        return sum(len(delta.data) + _OVERHEAD for delta in self.deltas)

    def to_bytes(self) -> bytes:
        """For a file; `from_bytes` reads it."""
        name = self.name.encode()[:0xFFFF]
        parts = [_MAGIC, _COUNTS.pack(len(name), len(self.deltas)), name]
        for delta in self.deltas:
            low, high = delta.box.low, delta.box.high
            parts += [_DELTA.pack(*low, *high, delta.wide, len(delta.data)), delta.data]
        body = b"".join(parts)
        return body + _CHECK.pack(zlib.crc32(body))

    @staticmethod
    def from_bytes(data: bytes) -> Step:
        """What `to_bytes` wrote.

        Raises:
            ValueError: the bytes are cut off, damaged or something else.
        """
        body, check = data[: -_CHECK.size], data[-_CHECK.size :]
        if not body.startswith(_MAGIC) or check != _CHECK.pack(zlib.crc32(body)):
            raise ValueError("this is no step of labels, or it is damaged")
        try:
            return _parsed(body)
        except struct.error as error:
            raise ValueError(f"a step of labels is cut off: {error}") from error


def _parsed(body: bytes) -> Step:
    at = len(_MAGIC)
    length, count = _COUNTS.unpack_from(body, at)
    at += _COUNTS.size
    name = body[at : at + length].decode(errors="replace")
    at += length
    deltas = []
    for _ in range(count):
        *corners, wide, size = _DELTA.unpack_from(body, at)
        at += _DELTA.size
        box = Box((corners[0], corners[1], corners[2]), (corners[3], corners[4], corners[5]))
        if box.empty or at + size > len(body):
            raise ValueError("a step of labels holds an impossible block")
        deltas.append(Delta(box, body[at : at + size], bool(wide)))
        at += size
    if at != len(body):
        raise ValueError("a step of labels has bytes left over")
    return Step(name, tuple(deltas))


def apply_step(array: NDArray[Any], step: Step) -> NDArray[Any]:
    """Flip what the step flipped in labels (D, H, W), uint8 or uint16, in place.

    Returns the array, or a uint16 copy where uint8 does not suffice. Applying twice restores.

    Raises:
        ValueError: the step belongs to another shape or is damaged; the array is as before.
    """
    high = step.box.high
    if any(b > n for b, n in zip(high, array.shape, strict=True)):
        raise ValueError(f"a step up to voxel {high} does not fit labels of shape {array.shape}")
    if array.itemsize == 1 and any(delta.wide for delta in step.deltas):
        array = array.astype(np.uint16)
    for done, delta in enumerate(step.deltas):
        try:
            array[delta.box.index] ^= delta.flips()
        except ValueError:
            for earlier in step.deltas[:done]:
                array[earlier.box.index] ^= earlier.flips()
            raise
    return array


def bounds(array: NDArray[Any]) -> Box:
    """The smallest box around the nonzero voxels of (D, H, W); empty where there are none."""
    low, high = [0, 0, 0], [0, 0, 0]
    found = array != 0
    for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
        used = np.flatnonzero(found.any(axis=others))
        if not used.size:
            return Box((0, 0, 0), (0, 0, 0))
        low[axis], high[axis] = int(used[0]), int(used[-1]) + 1
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _shifted(box: Box, by: tuple[int, int, int]) -> Box:
    low, high = np.add(box.low, by).tolist(), np.add(box.high, by).tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
