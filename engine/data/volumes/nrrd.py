"""NRRD volumes (.nrrd, .nhdr, .seg.nrrd); fields as in teem's "Definition of NRRD file format"."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.affines import LPS_TO_RAS
from engine.data.volumes.itk import (
    MAX_HEADER_BYTES,
    Layout,
    Place,
    beside,
    build,
    check_sizes,
    numbers,
    whole_numbers,
)
from engine.data.volumes.limits import Watch, damaged, decoding
from engine.data.volumes.slicer import in_one_layer
from engine.data.volumes.stored import Packing
from engine.data.volumes.volume import Channels, Kind, Volume
from engine.errors import InputError

_NAMES = {
    "i1": "signed char|int8|int8_t",
    "u1": "uchar|unsigned char|uint8|uint8_t",
    "i2": "short|short int|signed short|signed short int|int16|int16_t",
    "u2": "ushort|unsigned short|unsigned short int|uint16|uint16_t",
    "i4": "int|signed int|int32|int32_t",
    "u4": "uint|unsigned int|uint32|uint32_t",
    "i8": "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
    "u8": "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t",
    "f4": "float",
    "f8": "double",
}
TYPES = {name: code for code, names in _NAMES.items() for name in names.split("|")}
PACKINGS: dict[str, Packing] = {
    "raw": "", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
}  # fmt: skip
# Signs that turn a space's axes into RAS+.
SPACES = {
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1), "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
}  # fmt: skip
SPATIAL_KINDS = ("domain", "space", "???", "none", "")
COLOUR_KINDS = ("rgb-color", "rgba-color", "vector")
GUESS = (
    "The file does not say how its axes lie in the patient: left, posterior, superior are assumed, "
    "so left and right may be swapped."
)


def read_nrrd(path: Path, kind: Kind | None = None, watch: Watch | None = None) -> Volume:
    """Reads an image; directions of the spaces LPS and LAS are turned into RAS+.

    Args:
        path: .nrrd, or .nhdr with its file of values.
        kind: None: labels where the file describes segments, else an image.
        watch: Told how far it is.

    Raises:
        InputError: Damaged, larger than the file or memory, or an encoding not known here.
    """
    with decoding(path):
        header, end = _header(path)
        count = _dimension(path, header)
        vectors = _vectors(path, header, count)
        axis = _channel_axis(path, header, count, vectors)
        place, warnings = _place(path, header, [v for a, v in enumerate(vectors) if a != axis])
        layout = _layout(path, header, end, axis)
        found: Kind = "labels" if "Segment0_ID" in header and layout.dtype.kind != "f" else "image"
        volume = build(
            path, "nrrd", layout, place, header, kind=kind or found, warnings=warnings, watch=watch
        )
    return in_one_layer(volume) if volume.kind == "labels" else volume


def _header(path: Path) -> tuple[dict[str, str], int]:
    header: dict[str, str] = {}
    with open(path, "rb") as stream:
        if not stream.readline(16).startswith(b"NRRD"):
            raise InputError(f"{path} is no NRRD file.", "Give a .nrrd or .nhdr.")
        while stream.tell() < MAX_HEADER_BYTES:
            line = stream.readline(MAX_HEADER_BYTES)
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if not text:
                break
            if text.startswith("#"):
                continue
            if ":=" in text:
                key, _, value = text.partition(":=")
            else:
                key, _, value = text.partition(":")
                key = key.lower()
            header[key.strip()] = value.strip()
        return header, stream.tell()


def _dimension(path: Path, header: dict[str, str]) -> int:
    (count,) = whole_numbers(path, "dimension", header.get("dimension", ""), 1)
    if not 2 <= count <= 4:
        raise InputError(f"{path} has {count} axes.", "Export an image of two to four.")
    return count


def _vectors(path: Path, header: dict[str, str], count: int) -> list[NDArray[np.float64] | None]:
    """The step of each axis, None where it is not one in space or not written."""
    text = header.get("space directions", "")
    if text:
        words = re.findall(r"none|\([^()]*\)", text)
        if len(words) != count:
            raise damaged(path, f"its space directions are {text[:60]!r}")
        return [
            None
            if word == "none"
            else np.array(numbers(path, "space directions", word[1:-1].replace(",", " ")))
            for word in words
        ]
    return [None] * count


def _kinds(header: dict[str, str], count: int) -> list[str]:
    return [*header.get("kinds", "").lower().split(), *[""] * count][:count]


def _channel_axis(
    path: Path, header: dict[str, str], count: int, vectors: list[NDArray[np.float64] | None]
) -> int | None:
    if any(v is not None for v in vectors):
        others = [a for a, v in enumerate(vectors) if v is None]
        # ITK writes time as a fourth axis of space.
        if not others and count == 4:
            others = [3]
    else:
        others = [a for a, k in enumerate(_kinds(header, count)) if k not in SPATIAL_KINDS]
        if not others and count == 4:
            others = [3]
    if len(others) > 1:
        raise InputError(f"{path} has {len(others)} axes beside space.", "Export one component.")
    return others[0] if others else None


def _place(
    path: Path, header: dict[str, str], vectors: list[NDArray[np.float64] | None]
) -> tuple[Place, tuple[str, ...]]:
    flat = len(vectors) == 2
    if any(v is None for v in vectors) or flat:
        return _without_directions(path, header, len(vectors))
    steps = [v for v in vectors if v is not None]
    if any(len(v) not in (3, 4) for v in steps):
        raise damaged(path, "its space directions are not of three numbers")
    matrix = np.stack([v[:3] for v in steps], axis=1)
    signs, warnings = _signs(header)
    lengths = np.linalg.norm(matrix, axis=0)
    directions = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    text = header.get("space origin", "").strip("()").replace(",", " ")
    origin = numbers(path, "space origin", text)[:3] if text else [0.0, 0.0, 0.0]
    if len(origin) != 3:
        raise damaged(path, "its space origin is not of three numbers")
    return (
        Place(lengths, signs[:, np.newaxis] * directions, signs * np.asarray(origin)),
        warnings,
    )


def _signs(header: dict[str, str]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    space = header.get("space", "").lower().removesuffix("-time")
    space = space[:3] if space in ("rast", "last", "lpst") else space
    if space in SPACES:
        return np.array(SPACES[space], float), ()
    return np.array(SPACES["lps"], float), (GUESS,)


def _without_directions(
    path: Path, header: dict[str, str], space: int
) -> tuple[Place, tuple[str, ...]]:
    count = _dimension(path, header)
    text = header.get("spacings", "")
    spacing = numbers(path, "spacings", text, count) if text else [1.0] * count
    axis = _channel_axis(path, header, count, _vectors(path, header, count))
    spacing = [s for a, s in enumerate(spacing) if a != axis]
    vectors = [v for v in _vectors(path, header, count) if v is not None]
    if space == 2:
        sizes = [float(np.linalg.norm(v)) for v in vectors] or spacing
        return Place(sizes, np.eye(2), (0.0, 0.0), oriented=False), ()
    flip = LPS_TO_RAS[:3, :3]
    return Place(spacing, flip, (0.0, 0.0, 0.0)), (GUESS,)


def _layout(path: Path, header: dict[str, str], end: int, axis: int | None) -> Layout:
    count = _dimension(path, header)
    sizes = whole_numbers(path, "sizes", header.get("sizes", ""), count)
    check_sizes(path, sizes, count - (axis is not None))
    code = TYPES.get(header.get("type", "").lower())
    if code is None:
        raise damaged(path, f"its type is {header.get('type', '')[:40]!r}")
    dtype = np.dtype((">" if header.get("endian", "").lower() == "big" else "<") + code)
    encoding = header.get("encoding", "").lower()
    if encoding not in PACKINGS:
        raise InputError(
            f"{path} has the encoding {encoding[:40]!r}.", "Save it as raw or gzip."
        )  # fmt: skip
    name = header.get("data file", header.get("datafile", ""))
    values, start = (beside(path, name), 0) if name else (path, end)
    offset = _skips(path, header)
    if offset == -1:
        length = int(np.prod(sizes, dtype=object)) * dtype.itemsize
        start, offset = max(0, values.stat().st_size - length), 0
    channels = _channels(header, count, axis, sizes, dtype)
    return Layout(tuple(sizes), dtype, values, start, offset, PACKINGS[encoding], axis, channels)


def _skips(path: Path, header: dict[str, str]) -> int:
    fields = [header.get(f"{a} skip", header.get(f"{a}skip", "0")) for a in ("line", "byte")]
    lines, count = (whole_numbers(path, "skip", field, 1)[0] for field in fields)
    raw = header.get("encoding", "").lower() == "raw"
    if lines != 0 or count < -1 or (count == -1 and not raw):
        raise InputError(f"{path} asks for lines or bytes to be passed over.", "Save it again.")
    return count


def _channels(
    header: dict[str, str], count: int, axis: int | None, sizes: list[int], dtype: np.dtype[np.void]
) -> Channels:
    if axis is None:
        return "single"
    kind = _kinds(header, count)[axis]
    # ITK calls colours a vector.
    if kind in COLOUR_KINDS and axis == 0 and sizes[axis] in (3, 4) and dtype == np.uint8:
        return "rgb"
    plain = kind in SPATIAL_KINDS and axis == count - 1
    return "time" if kind == "time" or plain else "components"
