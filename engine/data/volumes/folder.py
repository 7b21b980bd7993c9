"""A folder of pictures of one size as the slices of a volume."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.data.volumes.limits import Watch, check_memory, opening
from engine.data.volumes.volume import Geometry, Kind, Source, Volume
from engine.errors import InputError

ENDINGS = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".gif")
MAX_FILES = 100_000


def files_in(path: Path) -> list[Path]:
    """The plain files of a folder that are not hidden, in natural order (2 before 10).

    Raises:
        InputError: Missing, not permitted, or more than `MAX_FILES`.
    """
    found = []
    with opening(path):
        for entry in path.iterdir():
            if entry.is_file() and not entry.name.startswith("."):
                found.append(entry)
            if len(found) > MAX_FILES:
                raise InputError(
                    f"{path} holds more than {MAX_FILES:,} files.", "Choose a folder inside it."
                )
    return sorted(found, key=natural)


def pictures_in(path: Path) -> list[Path]:
    """Those of `files_in` whose names end as pictures' do."""
    return [file for file in files_in(path) if file.suffix.lower() in ENDINGS]


def read_folder(
    path: Path,
    read: Callable[[Path, Kind | None], Volume],
    kind: Kind | None = None,
    watch: Watch | None = None,
) -> Volume:
    """Reads the pictures of a folder as slices in natural order of their names.

    Args:
        path: The folder.
        read: Reads one picture.
        kind: None: an image.
        watch: Told how far it is, file by file.

    Raises:
        InputError: No pictures, one that cannot be read, sizes or types that differ.
    """
    files = pictures_in(path)
    if not files:
        raise InputError(f"{path} holds no images.", "Choose another folder.")
    first = read(files[0], kind)
    if first.geometry.shape[0] != 1 or first.channels not in ("single", "rgb"):
        raise InputError(
            f"{files[0]} holds a stack and not one slice.", "Open it alone, or save slices."
        )
    check_memory(path, first.array.nbytes * len(files))
    array = np.empty((len(first.array), len(files), *first.array.shape[2:]), first.array.dtype)
    for index, file in enumerate(files):
        plane = first if index == 0 else read(file, kind)
        if (plane.array.shape, plane.array.dtype) != (first.array.shape, first.array.dtype):
            raise InputError(
                f"{file.name} in {path} is {_size(plane)}, {files[0].name} is {_size(first)}.",
                "Keep slices of one size and type in the folder.",
            )
        array[:, index] = plane.array[:, 0]
        if watch is not None:
            watch((index + 1) / len(files))
    others = len(files_in(path)) - len(files)
    notes = (*first.notes, "the order is that of the files' names; slices taken as 1 mm apart")
    if others:
        notes += (f"{others} files that are no pictures left out",)
    return Volume(
        array,
        Geometry(array.shape[1:], first.affine, oriented=False),
        kind or "image",
        first.channels,
        source=Source(path, "folder", files=tuple(files)),
        notes=notes,
        warnings=first.warnings,
    )


def natural(path: Path) -> list[tuple[bool, int, str]]:
    words = re.split(r"(\d+)", path.name.lower())
    # int() of thousands of digits is refused, and no file needs it.
    return [(w.isdecimal(), int(w[:300]) if w.isdecimal() else 0, w) for w in words]


def _size(volume: Volume) -> str:
    count, _, height, width = volume.array.shape
    return f"{width} x {height}, {'RGB' if count == 3 else 'grey'}, {volume.array.dtype}"
