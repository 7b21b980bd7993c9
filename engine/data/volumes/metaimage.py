"""MetaImage volumes: .mha, and .mhd with its file of values."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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
from engine.data.volumes.stored import Packing
from engine.data.volumes.volume import Channels, Kind, Volume
from engine.errors import InputError

TYPES = {
    "CHAR": "i1", "UCHAR": "u1", "SHORT": "i2", "USHORT": "u2", "INT": "i4", "UINT": "u4",
    "LONG": "i4", "ULONG": "u4", "LONG_LONG": "i8", "ULONG_LONG": "u8", "FLOAT": "f4",
    "DOUBLE": "f8",
}  # fmt: skip
LAST_FIELD = "ElementDataFile"


def is_metaimage(first: bytes) -> bool:
    """Whether a file that begins so is a MetaImage header."""
    head = first.lstrip()[:300]
    return head.startswith((b"ObjectType", b"NDims", b"Comment")) and b"=" in head


def read_metaimage(path: Path, kind: Kind | None = None, watch: Watch | None = None) -> Volume:
    """Reads an image as ITK writes it; its directions (LPS) are turned into RAS+.

    Args:
        path: .mha or .mhd.
        kind: None: an image.
        watch: Told how far it is.

    Raises:
        InputError: Damaged, larger than the file or memory, or values that are no numbers.
    """
    with decoding(path):
        header, end = _header(path)
        layout = _layout(path, header, end)
        space = len(layout.sizes) - (layout.channel_axis is not None)
        place = _place(path, header, space)
        return build(path, "mha", layout, place, header, kind=kind or "image", watch=watch)


def _header(path: Path) -> tuple[dict[str, str], int]:
    header: dict[str, str] = {}
    with open(path, "rb") as stream:
        while stream.tell() < MAX_HEADER_BYTES:
            line = stream.readline(2**16)
            key, sign, value = line.decode("latin-1").partition("=")
            if not line or not sign:
                break
            header[key.strip()] = value.strip()
            if key.strip() == LAST_FIELD:
                return header, stream.tell()
    raise damaged(path, f"its header has no {LAST_FIELD}")


def _field(header: dict[str, str], *names: str) -> str:
    return next((header[name] for name in names if name in header), "")


def _true(header: dict[str, str], *names: str) -> bool:
    return _field(header, *names).lower().startswith(("t", "1"))


def _layout(path: Path, header: dict[str, str], end: int) -> Layout:
    (count,) = whole_numbers(path, "NDims", _field(header, "NDims"), 1)
    if not 1 <= count <= 4:
        raise InputError(f"{path} has {count} axes.", "Export an image of two to four.")
    sizes = whole_numbers(path, "DimSize", _field(header, "DimSize"), count)
    check_sizes(path, sizes, min(count, 3))
    (parts,) = whole_numbers(
        path, "ElementNumberOfChannels", _field(header, "ElementNumberOfChannels") or "1", 1
    )
    code = _field(header, "ElementType").removeprefix("MET_").removesuffix("_ARRAY")
    if code not in TYPES:
        raise damaged(path, f"its ElementType is {_field(header, 'ElementType')[:40]!r}")
    if not _true({"": "True", **header}, "BinaryData", ""):
        raise InputError(f"{path} keeps its values as text.", "Save it in binary.")
    big = _true(header, "BinaryDataByteOrderMSB", "ElementByteOrderMSB")
    dtype = np.dtype((">" if big else "<") + TYPES[code])
    if parts != 1 and (parts < 1 or count == 4):
        raise InputError(
            f"{path} has {parts} values a voxel and {count} axes.", "Export one component."
        )
    axis: int | None = None
    channels: Channels = "single"
    if parts > 1:
        axis, sizes = 0, [parts, *sizes]
        channels = "rgb" if parts in (3, 4) and dtype == np.uint8 else "components"
    elif count == 4:
        axis, channels = 3, "time"
    values, start = _values(path, header, end, int(np.prod(sizes, dtype=object)) * dtype.itemsize)
    packing: Packing = "zlib" if _true(header, "CompressedData") else ""
    return Layout(tuple(sizes), dtype, values, start, 0, packing, axis, channels)


def _values(path: Path, header: dict[str, str], end: int, length: int) -> tuple[Path, int]:
    """The file of the values, and where in it they begin."""
    name = header[LAST_FIELD]
    if name.upper() == "LOCAL":
        return path, end
    values = beside(path, name)
    (start,) = whole_numbers(path, "HeaderSize", _field(header, "HeaderSize") or "0", 1)
    if start == -1:
        start = values.stat().st_size - length
    if start < 0:
        raise damaged(path, f"its values are said to begin at byte {start}")
    return values, start


def _place(path: Path, header: dict[str, str], space: int) -> Place:
    count = int(float(header["NDims"]))
    sizes = _field(header, "ElementSpacing", "ElementSize")
    spacing = numbers(path, "ElementSpacing", sizes, count) if sizes else [1.0] * count
    origin_text = _field(header, "Offset", "Position", "Origin")
    origin = numbers(path, "Offset", origin_text, count) if origin_text else [0.0] * count
    text = _field(header, "TransformMatrix", "Rotation", "Orientation")
    matrix = np.eye(count)
    if text:
        # Each row holds the direction of one axis.
        matrix = np.reshape(numbers(path, "TransformMatrix", text, count * count), (count, count)).T
    if space < 3:
        return Place(spacing[:2], np.eye(2), origin[:2], oriented=False)
    flip = LPS_TO_RAS[:3, :3]
    return Place(spacing[:3], flip @ matrix[:3, :3], flip @ np.asarray(origin[:3]))
