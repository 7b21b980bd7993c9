"""Volumes as files of another format, in their own type and with all their channels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.atomic import atomic_path
from engine.data.png import write_png
from engine.data.volumes import write_itk, write_nifti, write_plain
from engine.data.volumes.volume import Volume
from engine.errors import InputError

_KINDS = {"u": (np.uint8, np.uint16, np.uint32), "i": (np.int16, np.int32)}
_MOST_EXACT = 2.0**24
"""float32 holds all whole numbers up to this."""
Array = NDArray[Any]


def write_volume(target: Path, ending: str, volume: Volume) -> None:
    """Writes a volume so that the file is whole or as it was; `ending` chooses the format.

    Raises:
        InputError: A PNG of what is no picture.
        DiskError: The disk refuses.
    """
    if ending == ".png":
        write_png(target, _picture(target, unscaled(volume)))
    elif ending == ".mhd":
        write_itk.write_mhd(target, unscaled(volume))
    else:
        with atomic_path(target) as beside:
            _write(beside, ending, volume)


def _write(beside: Path, ending: str, volume: Volume) -> None:
    name = "label" if volume.kind == "labels" else "image"
    if ending in (".nii", ".nii.gz"):
        write_nifti.write_nifti_image(beside, replace(volume, array=native(volume.array)))
        return
    volume = unscaled(volume)
    if ending in (".nrrd", ".mha"):
        write_itk.write_itk_image(beside, volume)
    elif ending in (".h5", ".hdf5"):
        write_plain.write_h5_image(beside, volume, name)
    elif ending == ".npz":
        write_plain.write_npz_image(beside, volume, name)
    elif ending == ".npy":
        write_plain.write_npy(beside, write_plain.arranged(volume))
    else:
        write_plain.write_tiff_image(beside, volume)


def native(array: Array) -> Array:
    """The same numbers of a type that every format knows, in this machine's byte order."""
    kind = array.dtype.newbyteorder("=")
    if kind == np.dtype(bool):
        kind = np.dtype(np.uint8)
    elif kind == np.dtype(np.float16):
        kind = np.dtype(np.float32)
    return array.astype(kind, copy=False)


def unscaled(volume: Volume) -> Volume:
    """The same with its values stored as they are: whole numbers in the smallest type that holds
    them where they stay whole, else float32, or float64 where float32 would not do."""
    stored = native(volume.array)
    slope, intercept = volume.slope, volume.intercept
    if not volume.scaled:
        return replace(volume, array=stored)
    ends = [float(end) * slope + intercept for end in (stored.min(), stored.max())]
    low, high = min(ends), max(ends)
    whole = slope == int(slope) and intercept == int(intercept) and stored.dtype.kind in "iu"
    kind = _whole_type(low, high) if whole else None
    if kind is None:
        precise = stored.dtype.itemsize > 4 or (whole and max(-low, high) > _MOST_EXACT)
        kind = np.dtype(np.float64 if precise else np.float32)
        values = stored.astype(kind) * kind.type(slope) + kind.type(intercept)
    else:
        values = (stored.astype(np.int64) * int(slope) + int(intercept)).astype(kind)
    return replace(volume, array=values, slope=1.0, intercept=0.0)


def _whole_type(low: float, high: float) -> np.dtype[Any] | None:
    for kind in _KINDS["u" if low >= 0 else "i"]:
        room = np.iinfo(kind)
        if room.min <= low and high <= room.max:
            return np.dtype(kind)
    return None


def _picture(target: Path, volume: Volume) -> Array:
    """(H, W) or (H, W, 3) as PNG has it.

    Raises:
        InputError: Several slices or channels, or numbers that PNG has not.
    """
    array = write_plain.arranged(volume)
    shape = volume.array.shape
    what = ""
    if shape[1] > 1:
        what = f"{shape[1]} slices"
    elif shape[0] > 1 and (volume.channels != "rgb" or array.dtype != np.uint8):
        what = f"{shape[0]} channels of {array.dtype}"
    elif array.dtype.kind == "f" or array.min() < 0 or array.max() > np.iinfo(np.uint16).max:
        what = f"values from {array.min():g} to {array.max():g} of type {array.dtype}"
    if what:
        raise InputError(f"{target}: PNG cannot hold {what}.", "Use .nii.gz or .tif.")
    plane = array[0] if array.shape[0] == 1 and array.ndim > 2 else array
    return plane if plane.dtype == np.uint8 else plane.astype(np.uint16)
