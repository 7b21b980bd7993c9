"""TIFF pictures and stacks, also ImageJ's with their voxel size."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from engine.data.volumes.affines import usable_spacing
from engine.data.volumes.limits import MAX_RATIO, Watch, check_claim, check_memory, decoding
from engine.data.volumes.raster import (
    INDICES,
    MAX_FRAMES,
    NO_SIZE,
    TRANSPARENT,
    pillow_frames,
    spacing_from_dpi,
    stacked,
)
from engine.data.volumes.stored import read_stored
from engine.data.volumes.volume import Channels, Geometry, Kind, Source, Volume, plain_affine
from engine.errors import InputError

MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PLAIN, DEFLATE = 1, (8, 32946)
MINISWHITE, GREY, RGB, PALETTE = range(4)
INCH, CENTIMETRE = 2, 3
UNIT_MM = {
    "mm": 1.0, "millimeter": 1.0, "cm": 10.0, "inch": 25.4, "micron": 1e-3, "um": 1e-3,
    "µm": 1e-3, "\\u00b5m": 1e-3, "nm": 1e-6, "m": 1e3,
}  # fmt: skip


def read_tiff(path: Path, kind: Kind | None = None, watch: Watch | None = None) -> Volume:
    """Reads the pages of the first page's size as slices; ImageJ's stacks by their own axes.

    Other files that an OME-TIFF names are not opened.

    Args:
        path: .tif, .tiff.
        kind: "labels" takes the numbers of a palette and not its colours.
        watch: Told how far it is, page by page.

    Raises:
        InputError: Damaged, larger than the file or memory, or a compression not known here.
    """
    with decoding(path), tifffile.TiffFile(path, is_ome=False) as file:
        count = len(file.pages)
        if not 1 <= count <= MAX_FRAMES:
            raise InputError(f"{path} has {count} pages.", f"Keep 1 to {MAX_FRAMES}.")
        first = file.pages[0]
        if not isinstance(first, tifffile.TiffPage):
            raise ValueError("no page")
        imagej = _imagej(file)
        notes: tuple[str, ...] = ()
        if imagej and count == 1 and int(imagej.get("images", 1)) > 1:
            array = _contiguous(path, first, int(imagej["images"]), file.byteorder, watch)
            channels: Channels = "single"
        else:
            planes, notes = _planes(path, file, first, kind, watch)
            array, channels, _ = stacked(planes, as_time=False)
        if imagej and channels == "single":
            array, channels = _by_axes(array, imagej)
        spacing, told = _spacing(first, imagej)
        fixed, warnings = usable_spacing(spacing[::-1])
        affine = plain_affine((fixed[2], fixed[1], fixed[0]))
        return Volume(
            array,
            Geometry(array.shape[1:], affine, oriented=False),
            kind or "image",
            channels,
            source=Source(path, "raster"),
            notes=notes + told,
            warnings=warnings,
        )


def _imagej(file: tifffile.TiffFile) -> dict[str, Any]:
    return dict(file.imagej_metadata or {}) if file.is_imagej else {}


def _contiguous(
    path: Path, page: tifffile.TiffPage, images: int, order: str, watch: Watch | None
) -> NDArray[Any]:
    """ImageJ's large stacks: one page, whose values go on through all slices."""
    if page.compression != PLAIN or page.samplesperpixel != 1 or page.dtype is None:
        raise ValueError("a compressed stack in one page")
    dtype = page.dtype.newbyteorder("<" if order == "<" else ">")
    shape = (images, page.imagelength, page.imagewidth)
    if min(shape) < 1:
        raise ValueError(f"its size is {shape}")
    return read_stored(path, shape, dtype, start=page.dataoffsets[0], watch=watch)[np.newaxis]


def _planes(
    path: Path,
    file: tifffile.TiffFile,
    first: tifffile.TiffPage,
    kind: Kind | None,
    watch: Watch | None,
) -> tuple[list[NDArray[Any]], tuple[str, ...]]:
    pages = [page for page in file.pages if isinstance(page, tifffile.TiffPage)]
    alike = [page for page in pages if (page.shape, page.dtype) == (first.shape, first.dtype)]
    notes: list[str] = []
    if len(alike) < len(pages):
        notes.append(f"{len(pages) - len(alike)} of {len(pages)} pages of another size left out")
    planes: list[NDArray[Any]] = []
    if all(_direct(path, page, len(alike)) for page in alike):
        for page in alike:
            planes.append(_values(page, kind))
            if watch is not None:
                watch(len(planes) / len(alike))
        if first.photometric == PALETTE and kind == "labels":
            notes.append(INDICES)
        if first.samplesperpixel in (2, 4):
            notes.append(TRANSPARENT)
        return planes, tuple(notes)
    kept = [page in alike for page in pages]
    for index, (plane, told) in enumerate(pillow_frames(path, len(pages), kind)):
        if kept[index]:
            # Pillow takes no notice of a byte's sign.
            signed = first.dtype == np.int8 and plane.dtype == np.uint8
            planes.append(plane.view(np.int8) if signed else plane)
        notes += [n for n in told if n not in notes]
        if watch is not None:
            watch((index + 1) / len(pages))
    if len({p.shape[:2] for p in planes}) != 1:
        raise ValueError("its pages differ in size")
    return planes, tuple(notes)


def _direct(path: Path, page: tifffile.TiffPage, pages: int) -> bool:
    """Whether tifffile reads it; Pillow's decoders stop at the size that the header declares,
    tifffile's do not."""
    if page.dtype is None or page.samplesperpixel > 4 or page.imagedepth != 1:
        raise InputError(
            f"{path} holds {page.samplesperpixel} channels and a depth of {page.imagedepth}.",
            "Export grey or RGB pages.",
        )
    size = math.prod(page.shape) * page.dtype.itemsize
    packed = page.compression != PLAIN
    check_claim(path, size, path.stat().st_size, packed=packed)
    check_memory(path, 2 * size * pages)
    if page.photometric not in (MINISWHITE, GREY, RGB, PALETTE) or page.dtype.kind not in "iufb":
        return False
    if page.compression in DEFLATE and page.dtype.itemsize > 1:
        check_memory(path, max(page.databytecounts, default=0) * MAX_RATIO)
        return True
    return not packed


def _values(page: tifffile.TiffPage, kind: Kind | None) -> NDArray[Any]:
    array = page.asarray()
    # Stored (C, H, W) when the planes lie apart.
    if array.ndim == 3 and page.planarconfig == 2:
        array = np.moveaxis(array, 0, -1)
    if page.photometric == MINISWHITE and np.issubdtype(array.dtype, np.unsignedinteger):
        array = np.asarray(array.dtype.type((1 << page.bitspersample) - 1) - array)
    if page.photometric == PALETTE and kind != "labels" and page.colormap is not None:
        array = np.moveaxis((page.colormap >> 8).astype(np.uint8)[:, array], 0, -1)
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array = array[..., :-1]
    return array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array


def _by_axes(array: NDArray[Any], imagej: dict[str, Any]) -> tuple[NDArray[Any], Channels]:
    """Slices (1, N, H, W) in ImageJ's order of times, slices and channels, as (C, D, H, W)."""
    times, depth, parts = (
        max(1, int(imagej.get(key, 1))) for key in ("frames", "slices", "channels")
    )
    count, height, width = array.shape[1:]
    if times * depth * parts != count or (times == 1 and parts == 1):
        return array, "single"
    split = array[0].reshape(times, depth, parts, height, width)
    moved = np.moveaxis(split, 2, 1).reshape(times * parts, depth, height, width)
    return moved, "time" if parts == 1 else "components"


def _spacing(
    page: tifffile.TiffPage, imagej: dict[str, Any]
) -> tuple[tuple[float, float, float], tuple[str, ...]]:
    """Voxel size (D, H, W) in mm, and a note where the file gives none."""
    x, y = (float(n) for n in page.resolution)
    factor = UNIT_MM.get(str(imagej.get("unit", "")).strip().lower())
    if factor and min(x, y) > 0 and np.isfinite([x, y]).all():
        deep = float(imagej.get("spacing", 1.0 / factor))
        return (abs(deep) * factor, factor / y, factor / x), ()
    per_inch = {INCH: 1.0, CENTIMETRE: 2.54}.get(int(page.resolutionunit))
    if imagej or per_inch is None:
        return (1.0, 1.0, 1.0), (NO_SIZE,)
    (height, width), notes = spacing_from_dpi(x * per_inch, y * per_inch)
    return (1.0, height, width), notes
