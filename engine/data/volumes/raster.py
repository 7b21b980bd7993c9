"""Pictures: PNG, JPEG, BMP, GIF; a moving GIF or PNG is a series in time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.image_formats import from_pillow
from engine.data.volumes.limits import Watch, check_memory, decoding
from engine.data.volumes.volume import Channels, Geometry, Kind, Source, Volume, plain_affine
from engine.errors import InputError

MAGICS = (b"\x89PNG", b"BM", b"GIF8", b"\xff\xd8")
FORMATS = ("PNG", "BMP", "GIF", "JPEG")
MAX_FRAMES = 10_000
MM_PER_INCH = 25.4
# What scanners, screens and printers write; it says nothing of the subject.
PRINTING_DPI = (72, 75, 90, 96, 100, 120, 144, 150, 200, 240, 300, 400, 600, 1200)
# Fewer are a slip of some writer: no scanner has pixels of 5 mm and more.
MIN_DPI = 5.0
NO_SIZE = "the file gives no pixel size: 1 mm assumed"
INDICES = "the numbers of the palette taken as labels"
TRANSPARENT = "transparency ignored"


def read_raster(path: Path, kind: Kind | None = None, watch: Watch | None = None) -> Volume:
    """Reads a picture as one slice, rows down and columns right.

    Args:
        path: .png, .jpg, .bmp, .gif.
        kind: "labels" takes the numbers of a coloured palette and not its colours.
        watch: Told how far it is, frame by frame.

    Raises:
        InputError: Damaged, or larger than Pillow's limit (178 million pixels) or memory.
    """
    with decoding(path), Image.open(path, formats=FORMATS) as image:
        frames = int(getattr(image, "n_frames", 1))
        spacing, note = _spacing(image)
        check_frames(path, image, frames)
        planes, notes = [], list(note)
        for index in range(frames):
            image.seek(index)
            plane, told = plane_of(image, kind)
            planes.append(plane)
            notes += [n for n in told if n not in notes]
            if watch is not None:
                watch((index + 1) / frames)
        array, channels, told = stacked(planes, as_time=True)
        geometry = Geometry(array.shape[1:], plain_affine((1.0, *spacing)), oriented=False)
        source = Source(path, "raster")
        return Volume(
            array, geometry, kind or "image", channels, source=source, notes=(*notes, *told)
        )


def check_frames(path: Path, image: Image.Image, frames: int) -> None:
    """Refuses more frames than memory holds.

    Raises:
        InputError: With the sizes.
    """
    if frames > MAX_FRAMES:
        raise InputError(f"{path} has {frames} frames.", f"Keep at most {MAX_FRAMES}.")
    # Four bytes a pixel, and as many again while it is stacked.
    check_memory(path, 8 * frames * image.width * image.height)


def pillow_frames(
    path: Path, frames: int, kind: Kind | None
) -> Iterator[tuple[NDArray[Any], tuple[str, ...]]]:
    """The frames of a TIFF as Pillow decodes them, with notes.

    Raises:
        InputError: Larger than Pillow's limit or memory.
    """
    with Image.open(path, formats=("TIFF",)) as image:
        check_frames(path, image, frames)
        for index in range(frames):
            image.seek(index)
            yield plane_of(image, kind)


def plane_of(image: Image.Image, kind: Kind | None) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The present frame as (H, W) or (H, W, 3), without transparency, with notes."""
    if kind == "labels" and image.mode == "P" and not _grey_palette(image):
        return np.array(image), (INDICES,)
    decoded = from_pillow(image)
    array = decoded.array
    notes = tuple(n for n in decoded.notes if "frames used" not in n)
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array, notes = array[..., :-1], (*notes, TRANSPARENT)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    return array, notes


def _grey_palette(image: Image.Image) -> bool:
    colours = np.asarray(image.convert("RGB"))
    return bool((colours == colours[..., :1]).all())


def stacked(
    planes: list[NDArray[Any]], *, as_time: bool
) -> tuple[NDArray[Any], Channels, tuple[str, ...]]:
    """Planes of one size as (C, D, H, W): grey ones as times or slices, coloured ones as slices."""
    if len({plane.ndim for plane in planes}) > 1:
        # A moving GIF turns to colours where its second frame has another palette.
        planes = [p if p.ndim == 3 else np.repeat(p[..., np.newaxis], 3, -1) for p in planes]
    if planes[0].ndim == 3 and all((p == p[..., :1]).all() for p in planes) and len(planes) > 1:
        planes = [p[..., 0] for p in planes]
    # One plane needs no copy.
    array = np.stack(planes) if len(planes) > 1 else planes[0][np.newaxis]
    if array.ndim == 4:
        told = ("coloured frames shown as slices",) if as_time and len(planes) > 1 else ()
        return np.moveaxis(array, -1, 0), "rgb", told
    if as_time and len(planes) > 1:
        return array[:, np.newaxis], "time", ()
    return array[np.newaxis], "single", ()


def spacing_from_dpi(x: float, y: float) -> tuple[tuple[float, float], tuple[str, ...]]:
    """Pixel size (H, W) in mm from dots per inch, and a note where that is no size."""
    if not (np.isfinite([x, y]).all() and min(x, y) >= MIN_DPI and max(x, y) <= 1e7):
        return (1.0, 1.0), (NO_SIZE,)
    if round(x) in PRINTING_DPI and abs(x - round(x)) < 0.1 and abs(x - y) < 0.2:
        return (1.0, 1.0), (f"{x:.0f} dpi is a size for printing: 1 mm assumed",)
    return (MM_PER_INCH / y, MM_PER_INCH / x), ()


def _spacing(image: Image.Image) -> tuple[tuple[float, float], tuple[str, ...]]:
    dpi = image.info.get("dpi")
    if image.format != "PNG" or not isinstance(dpi, tuple) or len(dpi) != 2:
        return (1.0, 1.0), (NO_SIZE,)
    return spacing_from_dpi(float(dpi[0]), float(dpi[1]))
