"""What NRRD and MetaImage files share: ITK's conventions and a text header before the values.

Both are read here and not by ITK, whose parser of damaged MetaImage headers can end the process,
and which can neither map a file nor be cancelled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.affines import from_parts
from engine.data.volumes.limits import Watch, damaged
from engine.data.volumes.stored import Packing, read_stored
from engine.data.volumes.volume import Channels, Geometry, Kind, Source, Volume
from engine.errors import InputError

MAX_HEADER_BYTES = 2**22


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the values of a file with a text header lie, and how.

    Attributes:
        sizes: Of the axes, the fastest first.
        dtype: As stored.
        path: The file of the values.
        start, offset, packing: As `stored.read_stored` takes them.
        channel_axis: Index in `sizes` of the axis that is not space, or None.
        channels: What that axis counts.
    """

    sizes: tuple[int, ...]
    dtype: np.dtype[Any]
    path: Path
    start: int = 0
    offset: int = 0
    packing: Packing = ""
    channel_axis: int | None = None
    channels: Channels = "single"


@dataclass(frozen=True, eq=False)
class Place:
    """Spacings, unit directions (columns, RAS+) and origin (RAS+, mm) of two or three axes."""

    spacing: Sequence[float]
    directions: NDArray[Any]
    origin: Sequence[float]
    oriented: bool = True


def build(
    path: Path,
    file_format: str,
    layout: Layout,
    place: Place,
    header: dict[str, str],
    *,
    kind: Kind = "image",
    warnings: tuple[str, ...] = (),
    watch: Watch | None = None,
) -> Volume:
    """Reads the values and sets them in their place.

    Raises:
        InputError: The file is shorter than its header says, or memory is.
    """
    array = read_values(layout, watch)
    notes: tuple[str, ...] = ()
    if layout.channels == "rgb" and len(array) == 4:
        array, notes = array[:3], ("transparency ignored",)
    if len(place.spacing) == 2 or not place.oriented:
        spacing = [*place.spacing, 1.0][:3]
        affine, told = from_parts(spacing, np.eye(3), (0.0, 0.0, 0.0))
        geometry = Geometry(array.shape[1:], affine, oriented=False)
    else:
        affine, told = from_parts(place.spacing, place.directions, place.origin)
        geometry = Geometry(array.shape[1:], affine)
    files = () if layout.path == path else (path, layout.path)
    source = Source(path, file_format, files=files, header=header)
    return Volume(
        array,
        geometry,
        kind,
        layout.channels if len(array) > 1 else "single",
        source=source,
        notes=notes,
        warnings=warnings + told,
    )


def read_values(layout: Layout, watch: Watch | None = None) -> NDArray[Any]:
    """The values as (C, D, H, W)."""
    sizes = layout.sizes
    stored = read_stored(
        layout.path,
        sizes[::-1],
        layout.dtype,
        start=layout.start,
        offset=layout.offset,
        packing=layout.packing,
        watch=watch,
    )
    if layout.channel_axis is None:
        array = stored[np.newaxis]
    else:
        array = np.moveaxis(stored, len(sizes) - 1 - layout.channel_axis, 0)
    while array.ndim < 4:
        array = array[:, np.newaxis]
    return array


def check_sizes(path: Path, sizes: Sequence[int], spatial: int) -> None:
    """Refuses sizes that no image has.

    Raises:
        InputError: With the sizes.
    """
    shown = " x ".join(map(str, sizes)) or "missing"
    if not sizes or min(sizes) < 1 or math.prod(sizes) >= 2**62:
        raise damaged(path, f"its size is {shown}")
    if spatial not in (2, 3):
        raise InputError(
            f"{path} has {spatial} axes in space: {shown}.", "Export an image of two or three."
        )


def beside(path: Path, name: str) -> Path:
    """The file of the values that a header names.

    Raises:
        InputError: It lies elsewhere, is missing or no plain file, or there are several.
    """
    first = name.split()[0] if name.split() else ""
    if first.upper() == "LIST" or "%" in name:
        raise InputError(
            f"{path} names one file a slice.", "Save it as one file, for example .nrrd or .mha."
        )
    # A header from elsewhere must not be able to open any file of this computer.
    if not name or "\0" in name or Path(name).name != name:
        raise InputError(
            f"{path} keeps its values in another folder: {name[:80]!r}.",
            "Put both files into one folder, and write the name alone into the header.",
        )
    found = path.with_name(name)
    if not found.is_file():
        raise InputError(
            f"{path} keeps its values in {name}, which is missing.",
            "Put both files into one folder.",
        )
    return found


def numbers(path: Path, field: str, text: str, count: int | None = None) -> list[float]:
    """The numbers of a field.

    Raises:
        InputError: Not as many numbers as asked for, or something else.
    """
    try:
        found = [float(word) for word in text.split()]
    except ValueError as error:
        raise damaged(path, f"its {field} is {text[:60]!r}") from error
    if count is not None and len(found) != count:
        raise damaged(path, f"its {field} has {len(found)} numbers, not {count}")
    return found


def whole_numbers(path: Path, field: str, text: str, count: int | None = None) -> list[int]:
    """The whole numbers of a field; as `numbers`."""
    found = numbers(path, field, text, count)
    if any(not math.isfinite(n) or n != int(n) for n in found):
        raise damaged(path, f"its {field} is {text[:60]!r}")
    return [int(n) for n in found]
