"""Label maps from any file, and how their grid differs from an image's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.dicom_header import looks_like_dicom
from engine.data.volumes.dicom_seg_read import is_dicom_seg, read_dicom_seg
from engine.data.volumes.label_table import LabelEntry, table_beside
from engine.data.volumes.limits import Watch
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, Volume
from engine.errors import InputError

MAX_LABEL = 65535
# Scaled by a float32 slope, a whole number is off by this much.
WHOLE = 1e-3
MANY_VALUES = 64
FULL = 255
FIRST_SLICES = 8
# Blurred by their compression, whatever they were.
LOSSY = (".jpg", ".jpeg")
LAID = "the file has no place of its own: laid on the image voxel by voxel"
AS_ONE = f"{FULL} taken as label 1"
# Formats without a voxel size or a place of their own.
PLACELESS = ("raster", "numpy", "folder", "hdf5")


@dataclass(frozen=True, eq=False)
class LabelsRead:
    """A label map and how it lies to an image.

    Attributes:
        labels: (D, H, W) uint8, or uint16 where a label exceeds 255.
        geometry: Of `labels`; the image's own where the file has no place and the shapes agree.
        matches: Whether both grids are the same, so that labels can be taken voxel by voxel.
        differences: What differs, each a phrase with both numbers; empty if `matches`.
        notes: What was done on the way.
        volume: As it was read, with its source.
        table: Names and colours: the file's own, else of the label description beside it.
    """

    labels: NDArray[np.uint8] | NDArray[np.uint16]
    geometry: Geometry
    matches: bool
    differences: tuple[str, ...]
    notes: tuple[str, ...]
    volume: Volume
    table: tuple[LabelEntry, ...] = ()


def read_labels(
    path: str | os.PathLike[str],
    like: Geometry,
    *,
    part: str = "",
    watch: Watch | None = None,
) -> LabelsRead:
    """Reads a mask; also a float one, if its values are whole.

    Args:
        path: As `read.read_volume`.
        like: The image's grid.
        part: Which data set; "" takes `label`, or the only one.
        watch: Told how far it is.

    Raises:
        InputError: As `read.read_volume`; several channels, negative values, fractions, NaN,
            values beyond 65535.
    """
    source = Path(path)
    if not part and looks_like_dicom(source) and is_dicom_seg(source):
        return _segmented(source, like)
    volume = read_volume(source, part=part, kind="labels", watch=watch)
    labels, notes = whole_labels(source, volume)
    geometry = volume.geometry
    placeless = volume.source.format in PLACELESS and not geometry.oriented
    if placeless and geometry.shape == like.shape:
        geometry = like
        if like.oriented:
            notes += (LAID,)
    matches = geometry.matches(like)
    told = () if matches else differences(geometry, like)
    notes = (*volume.notes, *notes)
    return LabelsRead(labels, geometry, matches, told, notes, volume, table_of(source, volume))


def _segmented(path: Path, like: Geometry) -> LabelsRead:
    """A DICOM segmentation, on the image's grid where its planes are among the image's."""
    found = read_dicom_seg(path, like)
    volume = found.volume(path)
    told = () if found.matches else differences(found.geometry, like)
    return LabelsRead(
        found.labels, found.geometry, found.matches, told, found.warnings, volume, found.entries
    )


def table_of(path: Path, volume: Volume) -> tuple[LabelEntry, ...]:
    """Names and colours of labels read from a file: its own, else of the table beside it."""
    return volume.table or table_beside(path)


def whole_labels(
    path: Path, volume: Volume
) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], tuple[str, ...]]:
    """The labels (D, H, W) of a volume read as such, and what was done to get them.

    Raises:
        InputError: As `read_labels`.
    """
    if volume.source.format == "raster" and path.suffix.lower() in LOSSY:
        return _cut(path)
    if _marked_by_transparency(volume):
        return _cut(path)
    if volume.channels == "rgb" and not (volume.array == volume.array[:1]).all():
        return _coloured(path, volume)
    if len(volume.array) > 1 and volume.channels != "rgb":
        raise InputError(
            f"{path} holds {len(volume.array)} maps.", "Export one label map of one channel."
        )
    values = volume.values(0)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"{path} has values that are NaN or infinite.", "Replace them by 0.")
    if low < 0 or high > MAX_LABEL:
        raise InputError(
            f"{path} has values from {low:g} to {high:g}; labels go from 0 to {MAX_LABEL}.",
            "Choose a label map, or renumber its labels.",
        )
    labels = np.asarray(np.rint(values) if values.dtype.kind == "f" else values)
    if values.dtype.kind == "f" and float(np.abs(values - labels).max()) > WHOLE:
        raise InputError(
            f"{path} holds fractions, so it is no label map.",
            "Open it as an image or a probability map, or save it in whole numbers.",
        )
    notes: tuple[str, ...] = ()
    if values.dtype.kind == "f":
        notes = ("whole numbers stored as fractions",)
    if volume.source.format == "raster" and high == FULL:
        return _picture(path, volume, labels, notes)
    return _narrowed(labels, high), notes


def _marked_by_transparency(volume: Volume) -> bool:
    """Whether a picture has one colour all over, so that only its transparency can tell."""
    from engine.data.volumes.raster import TRANSPARENT

    array = volume.array
    return TRANSPARENT in volume.notes and bool((array == array[:, :1, :1, :1]).all())


def _picture(
    path: Path, volume: Volume, labels: NDArray[Any], notes: tuple[str, ...]
) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], tuple[str, ...]]:
    """Black and white are 0 and 1."""
    found = np.unique(labels)
    if len(found) <= 2:
        return (labels == FULL).astype(np.uint8), (*notes, AS_ONE)
    if len(found) > MANY_VALUES:
        return _cut(path)
    return _narrowed(labels, FULL), notes


def _coloured(
    path: Path, volume: Volume
) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], tuple[str, ...]]:
    if volume.source.format == "raster" and volume.geometry.shape[0] == 1:
        return _cut(path)
    raise InputError(f"{path} is in colour, so it is no label map.", "Export whole numbers.")


def _cut(path: Path) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], tuple[str, ...]]:
    """Foreground of a picture that only looks like a mask, such as a JPEG."""
    from engine.data.images import read_mask

    read = read_mask(path)
    return read.mask[np.newaxis], read.notes


def _narrowed(labels: NDArray[Any], high: float) -> NDArray[np.uint8] | NDArray[np.uint16]:
    # In C order, and never the read-only file itself: these are painted on.
    if high <= np.iinfo(np.uint8).max:
        return np.array(labels, np.uint8, order="C")
    return np.array(labels, np.uint16, order="C")


def looks_like_labels(volume: Volume) -> bool:
    """Whether a volume could be a label map: one channel of few whole numbers from 0 up, with 0
    in it. A guess to offer, never one to act on."""
    if volume.kind == "labels":
        return True
    if len(volume.array) != 1 or volume.scaled:
        return False
    array = volume.array[0]
    found: set[int] = set()
    # Slices far apart first: most images are told from a few, and a mapped file is not read whole.
    step = max(1, len(array) // FIRST_SLICES)
    for start in range(step):
        for plane in array[start::step]:
            if not (plane.min() >= 0 and plane.max() <= MAX_LABEL):
                return False
            if plane.dtype.kind == "f" and (plane != np.rint(plane)).any():
                return False
            counts = np.bincount(plane.astype(np.uint16).reshape(-1))
            found.update(np.flatnonzero(counts)[: MANY_VALUES + 1].tolist())
            if len(found) > MANY_VALUES // 2:
                return False
    return 0 in found and len(found) > 1


def differences(mask: Geometry, image: Geometry) -> tuple[str, ...]:
    """What differs between two grids, each a phrase with both numbers (axes i x j x k)."""
    told = []
    if mask.shape != image.shape:
        told.append(f"{_size(mask)} voxels, the image has {_size(image)}")
    if not np.allclose(mask.spacing_mm, image.spacing_mm, rtol=1e-4, atol=1e-5):
        told.append(f"voxels of {_spacing(mask)} mm, the image's are {_spacing(image)} mm")
    ours, theirs = _directions(mask), _directions(image)
    angles = np.degrees(np.arccos(np.clip((ours * theirs).sum(0), -1.0, 1.0)))
    if angles.max() > 1e-2:
        turned = ", ".join(f"{angle:.4g}°" for angle in angles)
        told.append(f"axes turned against the image's by {turned}")
    apart = mask.affine[:3, 3] - image.affine[:3, 3]
    if np.abs(apart).max() > 1e-3:
        told.append(
            f"first voxel at {_point(mask)} mm, the image's at {_point(image)} mm "
            f"({np.linalg.norm(apart):.4g} mm apart)"
        )
    return tuple(told) or ("slightly another place, spacing or direction",)


def _size(geometry: Geometry) -> str:
    return " x ".join(str(n) for n in geometry.shape[::-1])


def _spacing(geometry: Geometry) -> str:
    return " x ".join(f"{n:.5g}" for n in geometry.spacing_mm[::-1])


def _point(geometry: Geometry) -> str:
    return ", ".join(f"{n:.5g}" for n in geometry.affine[:3, 3])


def _directions(geometry: Geometry) -> NDArray[np.float64]:
    matrix = geometry.affine[:3, :3]
    return np.asarray(matrix / np.linalg.norm(matrix, axis=0), np.float64)
