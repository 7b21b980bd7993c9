"""DICOM series as volumes: from the files' stored numbers to values in the patient."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.dicom_header import Frame, Header
from engine.data.volumes.dicom_pixels import decode_frames
from engine.data.volumes.dicom_series import Series, find_series
from engine.data.volumes.limits import Watch, check_memory
from engine.data.volumes.volume import Channels, Geometry, Source, Volume
from engine.errors import InputError

__all__ = ["Series", "find_series", "load_series", "read_series"]

Place = tuple[int, int, Frame]
_QUANTITIES = ("CT", "MR", "PT", "NM")


def read_series(path: str | os.PathLike[str], uid: str = "", watch: Watch | None = None) -> Volume:
    """Reads the series in a folder, or the one that a file belongs to.

    Args:
        path: A folder, or any file of the series.
        uid: Which one (`Series.uid`) where there are several.
        watch: Told after each file which share is done, 0 to 1; it may raise to cancel.

    Raises:
        InputError: No series, several and none chosen, or a file of it that cannot be decoded.
    """
    source = Path(path)
    found = find_series(source)
    if not found:
        raise InputError(f"{source} holds no DICOM images.", "Choose another folder.")
    chosen = [s for s in found if s.uid == uid] if uid else list(found)
    if not chosen:
        raise InputError(f"{source} holds no series {uid}.", "Choose one of those in it.")
    if len(chosen) > 1:
        names = "; ".join(f"{s.title} ({s.detail})" for s in chosen[:4])
        more = " ..." if len(chosen) > 4 else ""
        raise InputError(
            f"{source} holds {len(chosen)} series: {names}{more}.",
            "Choose one of them; `reverie volume series` lists them for --part.",
        )
    return load_series(chosen[0], source, watch)


def load_series(series: Series, path: Path | None = None, watch: Watch | None = None) -> Volume:
    """Reads a series that was found; `path` is what the user opened.

    Raises:
        InputError: A file that is damaged, without pixels, or compressed without a codec here.
    """
    order = series.order
    line = order.frames[0]
    head = line[0].header
    rescales = {(f.slope, f.intercept) for times in order.frames for f in times}
    array, slope, intercept = _filled(series, rescales, watch)
    window = line[len(line) // 2].window
    notes, warnings = order.notes, order.warnings
    if head.photometric == "MONOCHROME1":
        if head.modality in _QUANTITIES:
            notes += ("meant to be shown inverted",)
        else:
            slope, intercept, window = _inverted(head, slope, intercept, window)
            notes += ("inverted, as the file asks, so that dense tissue is bright",)
    if head.curved:
        warnings += ("The file asks for a table of values that is not applied: stored numbers.",)
    channels: Channels = "rgb" if array.shape[0] == 3 and _colour(head) else order.channels
    return Volume(
        array=array,
        geometry=Geometry(series.shape, order.affine, order.oriented),
        channels=channels,
        slope=slope,
        intercept=intercept,
        source=Source(
            path or series.files[0],
            "dicom",
            series.uid,
            series.files,
            title=series.description,
            modality=series.modality,
        ),
        window=None if channels == "rgb" else window,
        unit=head.unit,
        notes=notes,
        warnings=warnings,
    )


def _colour(head: Header) -> bool:
    return head.samples == 3 or head.photometric == "PALETTE COLOR"


def _filled(
    series: Series, rescales: set[tuple[float, float]], watch: Watch | None
) -> tuple[NDArray[Any], float, float]:
    """The array (C, D, H, W), and the slope and intercept that are still to be applied."""
    frames = series.order.frames
    heads = {f.header.path: f.header for line in frames for f in line}
    stored = np.result_type(*(h.stored for h in heads.values()))
    if any(_colour(h) for h in heads.values()):
        return _filled_colour(series, watch), 1.0, 0.0
    varies = len(rescales) > 1
    slope, intercept = (1.0, 0.0) if varies else next(iter(rescales))
    shift = 0
    if not varies and _fits(list(heads.values()), slope, intercept, stored):
        stored, shift = np.dtype(f"i{stored.itemsize}"), int(intercept)
        intercept = 0.0
    stored = np.dtype(np.float32) if varies else stored
    voxels = len(frames) * int(np.prod(series.shape, dtype=np.int64))
    check_memory(series.files[0].parent, voxels * stored.itemsize)
    array = np.empty((len(frames), *series.shape), stored)
    for (time, depth, frame), pixels in _decoded(frames, watch):
        if varies:
            array[time, depth] = pixels * np.float32(frame.slope) + np.float32(frame.intercept)
        else:
            array[time, depth] = pixels
            array[time, depth] += shift
    return array, slope, intercept


def _fits(heads: list[Header], slope: float, intercept: float, stored: np.dtype[Any]) -> bool:
    """Whether values are whole numbers that need no more room than the stored ones."""
    if slope != 1.0 or intercept == 0.0 or intercept != int(intercept) or stored.kind == "f":
        return False
    room = np.iinfo(f"i{stored.itemsize}")
    ends = [end + int(intercept) for h in heads for end in _range(h)]
    return bool(room.min <= min(ends) and max(ends) <= room.max)


def _range(head: Header) -> tuple[int, int]:
    """The least and the greatest number that can be stored."""
    bits = min(head.bits, head.stored.itemsize * 8)
    if head.stored.kind == "i":
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return 0, 2**bits - 1


def _filled_colour(series: Series, watch: Watch | None) -> NDArray[Any]:
    line = series.order.frames[0]
    array: NDArray[Any] | None = None
    for (_, depth, _), pixels in _decoded((line,), watch):
        if array is None:
            array = np.empty((3, *series.shape), pixels.dtype)
        array[:, depth] = np.moveaxis(pixels, -1, 0)
    assert array is not None
    return array


def _decoded(
    frames: tuple[tuple[Frame, ...], ...], watch: Watch | None
) -> Iterator[tuple[Place, NDArray[Any]]]:
    """Every image with its place, file by file, so that no file is decoded twice."""
    by_file: dict[Path, list[Place]] = defaultdict(list)
    for time, line in enumerate(frames):
        for depth, frame in enumerate(line):
            by_file[frame.header.path].append((time, depth, frame))
    for done, places in enumerate(by_file.values(), 1):
        pixels = decode_frames(places[0][2].header)
        for place in places:
            yield place, pixels[place[2].index]
        if watch is not None:
            watch(done / len(by_file))


def _inverted(
    head: Header, slope: float, intercept: float, window: tuple[float, float] | None
) -> tuple[float, float, tuple[float, float] | None]:
    low, high = _range(head)
    turned = intercept * 2 + slope * (low + high)
    shown = None if window is None else (turned - window[1], turned - window[0])
    return -slope, intercept + slope * (low + high), shown
