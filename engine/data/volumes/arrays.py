"""Arrays saved by numpy, .npy and .npz; never a pickle."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.affines import is_usable, usable_spacing
from engine.data.volumes.choices import Part, arranged, choose, kind_of, layout_of
from engine.data.volumes.limits import Watch, check_claim, damaged, decoding
from engine.data.volumes.stored import fill, read_stored
from engine.data.volumes.volume import Geometry, Kind, Source, Volume, plain_affine
from engine.errors import InputError

MAGIC = b"\x93NUMPY"
MAX_MEMBERS = 1000
# Members that say where the others lie.
AFFINE, SPACING = "affine", "spacing_mm"
NOTE = "numpy keeps no voxel size: 1 mm assumed"


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int

    @property
    def stored(self) -> tuple[int, ...]:
        """The shape in C order."""
        return self.shape[::-1] if self.fortran else self.shape

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy(path: Path, kind: Kind | None = None, watch: Watch | None = None) -> Volume:
    """Reads an array; see `choices.layout_of` for its axes.

    Args:
        path: .npy.
        kind: None: an image.
        watch: Told how far it is.

    Raises:
        InputError: No array of real numbers, objects, damaged, larger than the file or memory.
    """
    with decoding(path):
        with open(path, "rb") as stream:
            header = _header(path, stream)
        layout = layout_of(path, header.shape, header.dtype)
        stored = read_stored(path, header.stored, header.dtype, start=header.offset, watch=watch)
        return _volume(path, stored.T if header.fortran else stored, layout, kind or "image")


def read_npz(
    path: Path, part: str = "", kind: Kind | None = None, watch: Watch | None = None
) -> Volume:
    """Reads one array of an archive.

    Beside it `affine` (4, 4), voxel (i, j, k) = (w, h, d) to RAS+ mm, or else `spacing_mm` along
    (D, H, W) says where it lies.

    Args:
        path: .npz.
        part: Its name; "" takes `image` (`label` for labels), or the only one.
        kind: None: labels where its name says so, else an image.
        watch: Told how far it is.

    Raises:
        InputError: As `read_npy`; also without such an array.
    """
    with decoding(path), _archive(path) as archive:
        name = choose(path, _names(archive), part, kind)
        info = archive.getinfo(f"{name}.npy")
        with archive.open(info) as stream:
            header = _header(path, stream)
            layout = layout_of(path, header.shape, header.dtype)
            check_claim(path, header.bytes, info.compress_size, packed=True)
            stored = fill(path, stream, header.stored, header.dtype, watch)
            stream.read(1)
        array = stored.T if header.fortran else stored
        found = kind_of(name, header.dtype, kind)
        volume = _volume(path, array, layout, found, name)
        return _placed(volume, _small(archive, AFFINE, (4, 4)), _small(archive, SPACING, (3,)))


def npz_parts(path: Path) -> tuple[Part, ...]:
    """The arrays of an archive that can be images.

    Raises:
        InputError: Damaged.
    """
    found = []
    with decoding(path), _archive(path) as archive:
        for name in _names(archive):
            with archive.open(f"{name}.npy") as stream:
                header = _header(path, stream)
            try:
                layout_of(path, header.shape, header.dtype)
            except InputError:
                continue
            found.append(Part(name, name, str(header.dtype), header.shape))
    return tuple(found)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_MEMBERS:
                raise InputError(f"{path} holds over {MAX_MEMBERS} arrays.", "Save fewer of them.")
            yield archive
    except zipfile.BadZipFile as error:
        raise damaged(path, str(error)[:100]) from error


def _names(archive: zipfile.ZipFile) -> list[str]:
    names = [name[:-4] for name in archive.namelist() if name.endswith(".npy")]
    return [name for name in names if name not in (AFFINE, SPACING)] or names


def _small(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]
) -> NDArray[np.float64] | None:
    """A few real numbers of an archive; None where there are none of this shape."""
    if f"{name}.npy" not in archive.namelist():
        return None
    path = Path(archive.filename or "")
    with archive.open(f"{name}.npy") as stream:
        header = _header(path, stream)
        if header.shape != shape or header.dtype.kind not in "iuf":
            return None
        stored = fill(path, stream, header.stored, header.dtype)
    return np.asarray(stored.T if header.fortran else stored, np.float64)


def _placed(
    volume: Volume, affine: NDArray[np.float64] | None, spacing: NDArray[np.float64] | None
) -> Volume:
    """The volume where the file says that it lies."""
    geometry = volume.geometry
    if affine is not None and is_usable(affine):
        return replace(volume, geometry=replace(geometry, affine=affine, oriented=True), notes=())
    if spacing is None:
        return volume
    d, h, w = spacing.tolist()
    fixed, told = usable_spacing((w, h, d))
    plain = plain_affine((fixed[2], fixed[1], fixed[0]))
    return replace(volume, geometry=replace(geometry, affine=plain), notes=(), warnings=told)


def _header(path: Path, stream: IO[bytes]) -> _Header:
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise InputError(f"{path} is of .npy version {version}.", "Save it with numpy.save.")
    shape, fortran, dtype = read(stream)
    if any(not isinstance(n, int) or n < 0 for n in shape) or math.prod(shape) >= 2**60:
        raise damaged(path, f"its shape is {shape}"[:100])
    return _Header(shape, fortran, dtype, stream.tell())


def _volume(
    path: Path,
    array: NDArray[Any],
    layout: tuple[tuple[int, int, int, int], bool, Any],
    kind: Kind,
    part: str = "",
) -> Volume:
    shape, last, channels = layout
    found = arranged(array, shape, last)
    geometry = Geometry(found.shape[1:], plain_affine(), oriented=False)
    return Volume(
        found, geometry, kind, channels, source=Source(path, "numpy", part), notes=(NOTE,)
    )
