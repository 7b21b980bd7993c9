"""HDF5 files: a data set with its voxel size or affine, if it has one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.affines import is_usable, usable_spacing
from engine.data.volumes.choices import Part, arranged, choose, kind_of, layout_of, thumbnail
from engine.data.volumes.limits import Watch, check_claim, decoding
from engine.data.volumes.volume import Geometry, Kind, Source, Volume, plain_affine
from engine.errors import InputError

MAGIC = b"\x89HDF\r\n\x1a\n"
MAX_DATA_SETS = 1000
MAX_DEPTH = 16
MAX_ATTRIBUTE = 64
SLAB_BYTES = 2**24
MAX_THUMBNAIL_BYTES = 2**25
# Attributes with the voxel size along the data set's own axes, and what one unit is in mm.
SPACINGS = {"spacing_mm": 1.0, "spacing": 1.0, "voxel_size": 1.0, "element_size_um": 1e-3}
NOTE = "the file gives no voxel size: 1 mm assumed"


def read_hdf5(
    path: Path, part: str = "", kind: Kind | None = None, watch: Watch | None = None
) -> Volume:
    """Reads one data set; see `choices.layout_of` for its axes.

    Attributes of the data set or the file are heeded: `affine` (4, 4), voxel (i, j, k) =
    (w, h, d) to RAS+ mm, and `oriented`, 0 where that is no patient's; else `spacing_mm`,
    `spacing` or `voxel_size` in mm, or `element_size_um`, in the order of the data set's axes.

    Args:
        path: .h5, .hdf5.
        part: The data set's path in the file; "" takes `image` (`label` for labels), or the only
            one.
        kind: None: labels where its name says so, else an image.
        watch: Told how far it is.

    Raises:
        InputError: Damaged, no such data set, one that lies in another file, larger than memory.
    """
    with decoding(path), h5py.File(path, "r", locking=False) as file:
        names = list(_data_sets(file))
        if part and part not in names:
            _refuse_link(path, file, part)
        name = choose(path, names, part, kind)
        data = file[name]
        layout, last, channels = layout_of(path, data.shape, data.dtype)
        if channels == "components" and _counts_times(data):
            channels = "time"
        _check(path, data)
        array = arranged(_values(data, watch), layout, last)
        affine, oriented, notes, warnings = _affine(file, data)
        return Volume(
            array,
            Geometry(array.shape[1:], affine, oriented),
            kind_of(name, data.dtype, kind),
            channels,
            source=Source(path, "hdf5", name),
            notes=notes,
            warnings=warnings,
        )


def hdf5_parts(path: Path) -> tuple[Part, ...]:
    """The data sets that can be images, with a picture of their middle slice.

    Raises:
        InputError: Damaged.
    """
    found = []
    with decoding(path), h5py.File(path, "r", locking=False) as file:
        for name in _data_sets(file):
            data = file[name]
            try:
                layout_of(path, data.shape, data.dtype)
            except InputError:
                continue
            found.append(Part(name, name, str(data.dtype), data.shape, _thumbnail(path, data)))
    return tuple(found)


def _data_sets(group: h5py.Group) -> Iterator[str]:
    """Paths of all data sets that hard links lead to, each object once."""
    seen: set[Any] = set()
    waiting: list[tuple[h5py.Group, str]] = [(group, "")]
    count = 0
    while waiting:
        here, start = waiting.pop(0)
        for name in here:
            # Other links may lead to other files.
            if not isinstance(here.get(name, getlink=True), h5py.HardLink):
                continue
            found = here[name]
            info = h5py.h5o.get_info(found.id)
            if info.addr in seen:
                continue
            seen.add(info.addr)
            if isinstance(found, h5py.Group) and start.count("/") < MAX_DEPTH:
                waiting.append((found, f"{start}{name}/"))
            elif isinstance(found, h5py.Dataset) and found.shape and found.dtype.kind in "iufb":
                count += 1
                yield f"{start}{name}"
            if count >= MAX_DATA_SETS:
                return


def _refuse_link(path: Path, file: h5py.File, part: str) -> None:
    link = file.get(part, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        raise InputError(
            f"{path} has {part!r} in another file, {link.filename}.", "Open that file instead."
        )


def _check(path: Path, data: h5py.Dataset) -> None:
    if data.external or data.is_virtual:
        raise InputError(
            f"{path} keeps {data.name} in other files.", "Save it into one file, and open that."
        )
    check_claim(path, math.prod(data.shape) * data.dtype.itemsize, path.stat().st_size, packed=True)
    # A chunk is unpacked whole, also for a single value.
    if data.chunks:
        chunk = math.prod(data.chunks) * data.dtype.itemsize
        check_claim(path, chunk, path.stat().st_size, packed=True)


def _values(data: h5py.Dataset, watch: Watch | None) -> NDArray[Any]:
    array = np.empty(data.shape, data.dtype)
    line = max(1, array[0].nbytes)
    step = max(1, SLAB_BYTES // line)
    if data.chunks:
        # Whole chunks, so that none is unpacked twice.
        step = max(1, step // data.chunks[0]) * data.chunks[0]
    for start in range(0, len(array), step):
        end = min(start + step, len(array))
        array[start:end] = data[start:end]
        if watch is not None:
            watch(end / len(array))
    return array


def _thumbnail(path: Path, data: h5py.Dataset) -> NDArray[np.uint8] | None:
    with_slices = len(data.shape) > 2 and data.shape[-1] not in (3, 4)
    size = math.prod(data.shape) * data.dtype.itemsize
    chunk = math.prod(data.chunks) * data.dtype.itemsize if data.chunks else 0
    if chunk > MAX_THUMBNAIL_BYTES or data.external or data.is_virtual:
        return None
    if with_slices:
        index = tuple(n // 2 for n in data.shape[:-2])
        size = data.shape[-1] * data.shape[-2] * data.dtype.itemsize
    else:
        index = ()
    if size > MAX_THUMBNAIL_BYTES:
        return None
    try:
        with decoding(path):
            plane = np.asarray(data[index])
    except InputError:
        return None
    return thumbnail(plane if plane.ndim == 2 else plane[..., 0])


def _attribute(file: h5py.File, data: h5py.Dataset, name: str) -> NDArray[np.float64] | None:
    for holder in (data, file):
        if name in holder.attrs:
            kept = holder.attrs.get_id(name)
            if kept.dtype.kind in "iufb" and 1 <= math.prod(kept.shape) <= MAX_ATTRIBUTE:
                return np.asarray(holder.attrs[name], np.float64)
    return None


def _counts_times(data: h5py.Dataset) -> bool:
    """Whether this program wrote points in time."""
    told = data.attrs.get("channels")
    return isinstance(told, str) and told == "time"


def _affine(
    file: h5py.File, data: h5py.Dataset
) -> tuple[NDArray[np.float64], bool, tuple[str, ...], tuple[str, ...]]:
    """The affine, whether it is a patient's, notes and warnings."""
    given = _attribute(file, data, "affine")
    warnings: tuple[str, ...] = ()
    if given is not None:
        if is_usable(given):
            oriented = _attribute(file, data, "oriented")
            return given, oriented is None or bool(oriented.all()), (), ()
        warnings = ("The affine of the file is singular or not of 4 x 4 numbers; it is not used.",)
    for name, factor in SPACINGS.items():
        sizes = _attribute(file, data, name)
        if sizes is None or sizes.ndim > 1:
            continue
        # One number is for every axis; with two, slices are 1 mm apart.
        along = [float(n) * factor for n in np.ravel(sizes)]
        d, h, w = along * 3 if len(along) == 1 else [1.0, *along][-3:]
        fixed, told = usable_spacing((w, h, d))
        return plain_affine((fixed[2], fixed[1], fixed[0])), False, (), warnings + told
    return plain_affine(), False, (NOTE,), warnings
