"""The file behind the journal of painted labels: records one after the other, each with a check.

A log is a line that names the format, then records: number of bytes, CRC-32, kind, payload. A
crash can only tear the last record; all before it count. Steps are XORs, so that taking a step
back is the same record once more, and replaying needs no history.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter

from app.label_record import LabelRecord, Rows
from engine.errors import InputError
from widgets.paint.labels.step import Step, apply_step
from widgets.paint.labels.table import Label

MAGIC = b"REVERIE-LABELS-1\n"
HEADER, BASE, STEP, UNDO, REDO, TABLE = b"H", b"B", b"S", b"U", b"R", b"T"
MAX_VOXELS = 2**33
_RECORD = struct.Struct("<IIc")
_COUNTS = {STEP: 1, UNDO: -1, REDO: 1}
_TABLE = TypeAdapter(tuple[LabelRecord, ...])


class Header(BaseModel):
    """Which labels a log holds.

    Attributes:
        name: For people.
        shape: (D, H, W).
        affine: (4, 4), voxel (i, j, k) to RAS+ mm, row by row.
        images: Files that were shown below the labels.
        origin: The file that the labels came from, or "" for labels begun in the program.
        origin_sha256: Of that file, if known.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    shape: tuple[int, int, int]
    affine: Rows
    images: tuple[str, ...] = ()
    origin: str = ""
    origin_sha256: str = ""


class _Base(BaseModel):
    wide: bool
    strokes: int
    origin: str | None = None  # None: as before


@dataclass(frozen=True, eq=False)
class Recovered:
    """What a log holds.

    Attributes:
        path: The log.
        header: See `Header`.
        labels: (D, H, W) uint8 or uint16 after the last whole record.
        table: The label table; empty if none was written.
        strokes: Steps done since the log was opened, those that were undone not counted.
        torn: Whether the last record was cut off or damaged.
        end: Bytes of the whole records.
    """

    path: Path
    header: Header
    labels: NDArray[Any]
    table: tuple[Label, ...]
    strokes: int
    torn: bool
    end: int


def record(kind: bytes, payload: bytes) -> bytes:
    """One record."""
    return _RECORD.pack(len(payload), zlib.crc32(payload, zlib.crc32(kind)), kind) + payload


def header_record(header: Header) -> bytes:
    """The beginning of a log."""
    return MAGIC + record(HEADER, header.model_dump_json().encode())


def base_record(labels: NDArray[Any], strokes: int = 0, origin: str | None = None) -> bytes:
    """All labels (D, H, W), uint8 or uint16, at one moment.

    Args:
        origin: The file that they are in, or were begun from, as in `Header`; None: as before.
    """
    wide = labels.itemsize > 1
    facts = _Base(wide=wide, strokes=strokes, origin=origin).model_dump_json().encode()
    raw = np.ascontiguousarray(labels, "<u2" if wide else "u1")
    return record(BASE, facts + b"\n" + zlib.compress(raw.data, 1))


def step_record(step: Step, kind: bytes = STEP) -> bytes:
    """A step that was done, or (`UNDO`, `REDO`) gone back or forth over."""
    return record(kind, step.to_bytes())


def table_record(labels: Iterable[LabelRecord]) -> bytes:
    """The label table as it is now."""
    return record(TABLE, json.dumps([label.model_dump() for label in labels]).encode())


def read_log(path: Path) -> Recovered:
    """Replay a log up to its last whole record.

    Raises:
        InputError: it is no log, or not even its beginning is whole.
        OSError: it cannot be read.
    """
    with open(path, "rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise InputError(f"{path} is no journal of labels.", "Delete it.")
        replay = _Replay()
        torn, end = False, len(MAGIC)
        for kind, payload, whole in _records(stream):
            if not whole or not replay.take(kind, payload):
                torn = True
                break
            end += _RECORD.size + len(payload)
    if replay.header is None:
        raise InputError(f"The beginning of the journal {path} is damaged.", "Delete it.")
    strokes = max(replay.strokes, 0)
    return Recovered(path, replay.header, replay.labels, replay.table, strokes, torn, end)


class _Replay:
    """State after the records taken so far."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.labels: NDArray[Any] = np.zeros((1, 1, 1), np.uint8)
        self.table: tuple[Label, ...] = ()
        self.strokes = 0

    def take(self, kind: bytes, payload: bytes) -> bool:
        """One record; False when it makes no sense, and the state is as before."""
        try:
            if kind == HEADER:
                self._begin(Header.model_validate_json(payload))
            elif self.header is None:
                return False
            elif kind == BASE:
                self._base(payload)
            elif kind == TABLE:
                self.table = tuple(row.label() for row in _TABLE.validate_json(payload))
            elif kind in _COUNTS:
                self.labels = apply_step(self.labels, Step.from_bytes(payload))
                self.strokes += _COUNTS[kind]
            else:
                return False
        except (ValueError, zlib.error):
            return False
        return True

    def _begin(self, header: Header) -> None:
        if min(header.shape) < 1 or int(np.prod(header.shape, dtype=np.float64)) > MAX_VOXELS:
            raise ValueError(f"labels of shape {header.shape}")
        self.header, self.labels = header, np.zeros(header.shape, np.uint8)

    def _base(self, payload: bytes) -> None:
        facts, _, packed = payload.partition(b"\n")
        base = _Base.model_validate_json(facts)
        dtype = np.dtype("<u2" if base.wide else "u1")
        size = self.labels.size * dtype.itemsize
        raw = zlib.decompressobj().decompress(packed, size + 1)
        if len(raw) != size:
            raise ValueError(f"a base of {len(raw)} bytes")
        whole = np.frombuffer(bytearray(raw), dtype).reshape(self.labels.shape)
        self.labels, self.strokes = whole.astype(dtype.newbyteorder("="), copy=False), base.strokes
        if base.origin is not None and self.header is not None:
            self.header = self.header.model_copy(update={"origin": base.origin})


def _records(stream: BinaryIO) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind, payload, and whether it is whole; ends after the first that is not."""
    while head := stream.read(_RECORD.size):
        if len(head) < _RECORD.size:
            yield b"", b"", False
            return
        length, check, kind = _RECORD.unpack(head)
        payload = stream.read(length)
        whole = len(payload) == length and check == zlib.crc32(payload, zlib.crc32(kind))
        yield kind, payload, whole
        if not whole:
            return
