"""Saves masks and maps in the geometry of the image that they belong to; files are whole or not
there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.atomic import atomic_path, write_atomic
from engine.data.png import write_png
from engine.data.volumes import write_itk, write_nifti, write_plain
from engine.data.volumes.dicom_seg import Maker, write_dicom_seg
from engine.data.volumes.label_table import LabelEntry, record_of, unnamed
from engine.data.volumes.volume import Volume
from engine.data.volumes.write_image import write_volume
from engine.errors import InputError
from engine.provenance import content

LABEL_ENDINGS = (
    ".nii.gz",
    ".nii",
    ".seg.nrrd",
    ".nrrd",
    ".mha",
    ".mhd",
    ".h5",
    ".hdf5",
    ".npz",
    ".npy",
    ".tif",
    ".tiff",
    ".png",
    ".dcm",
)
"""The endings that choose a format, the longer first; .dcm is for masks of DICOM series."""
NAMING_ENDINGS = (".seg.nrrd", ".dcm")
"""Those of formats with room for names and colours of labels."""
MAP_ENDINGS = tuple(e for e in LABEL_ENDINGS if e not in (".png", ".seg.nrrd", ".dcm"))
IMAGE_ENDINGS = (*MAP_ENDINGS, ".png")
_DEPTHS = (np.uint8, np.uint16, np.uint32)


def write_labels(
    path: str | os.PathLike[str],
    labels: NDArray[Any],
    like: Volume,
    table: Sequence[LabelEntry] = (),
    provenance: Mapping[str, Any] | None = None,
    maker: Maker | None = None,
) -> Path:
    """Saves a mask in the smallest unsigned type that holds it; the ending chooses the format.

    Args:
        path: Its folder must exist; see `LABEL_ENDINGS`.
        labels: (D, H, W), whole numbers from 0, in the geometry of `like`.
        like: The image; of a NIfTI the header is kept as well.
        table: Names and colours, kept where the format has room for them (.seg.nrrd and
            .dcm).
        provenance: Written as JSON to `provenance_path(path)`.
        maker: Who drew it, for .dcm; a hand where it is not given.

    Returns:
        The path written.

    Raises:
        InputError: An ending that is none of these, or a format that cannot hold the labels.
        DiskError: The disk refuses; an older file stays as it was.
        ValueError: Another shape than the image's, or labels that are no whole numbers from 0.
    """
    target = Path(path)
    ending = ending_of(target, LABEL_ENDINGS)
    array = smallest(labels)
    _check_shape(array, like)
    if ending == ".png":
        _write_png(target, array)
    elif ending == ".dcm":
        write_dicom_seg(target, array, like, table, maker)
    else:
        _write(target, ending, array, like, table, labels=True)
    if provenance is not None:
        # Most formats have no room for the names, so the record has them, too.
        named = {"labels": record_of(table)} if table else {}
        _write_provenance(target, {**provenance, **named, "content": content(array)})
    return target


def write_map(
    path: str | os.PathLike[str],
    values: NDArray[Any],
    like: Volume,
    provenance: Mapping[str, Any],
) -> Path:
    """Saves a probability or uncertainty map as float32, and beside it where it comes from.

    Args:
        path: See `MAP_ENDINGS`.
        values: (D, H, W) in the geometry of `like`.
        like: The image that it belongs to.
        provenance: Written as JSON to `provenance_path(path)`.

    Returns:
        The path written.

    Raises:
        InputError: An ending that is none of these.
        DiskError: As `write_labels`.
        ValueError: Another shape than the image's.
    """
    target = Path(path)
    ending = ending_of(target, MAP_ENDINGS)
    array = np.asarray(values, np.float32)
    _check_shape(array, like)
    _write(target, ending, array, like, (), labels=False)
    _write_provenance(target, {**provenance, "content": content(array)})
    return target


def write_image(
    path: str | os.PathLike[str], volume: Volume, provenance: Mapping[str, Any] | None = None
) -> Path:
    """Saves a volume in another format, in its own type and place, with all its channels.

    NIfTI keeps slope and intercept, and of a NIfTI its header; other formats hold values, in
    whole numbers where they are whole. NRRD, MetaImage and h5 keep what channels count; npy, npz
    and TIFF keep colours, and TIFF times and components as ImageJ has them (float32, unless they
    are uint8 or uint16). npy has no place, TIFF and pictures at most a voxel size.

    Args:
        path: Its folder must exist; the ending chooses the format, see `IMAGE_ENDINGS`. PNG is
            for one slice of uint8, or of grey up to 65535.
        volume: An image or a label map.
        provenance: Written as JSON to `provenance_path(path)`.

    Returns:
        The path written.

    Raises:
        InputError: An ending that is none of these, or a format that cannot hold the volume.
        DiskError: As `write_labels`.
    """
    target = Path(path)
    write_volume(target, ending_of(target, IMAGE_ENDINGS), volume)
    if provenance is not None:
        _write_provenance(target, provenance)
    return target


def provenance_path(path: str | os.PathLike[str]) -> Path:
    """Where what made a file is told: the file's whole name with .json behind it."""
    target = Path(path)
    return target.with_name(f"{target.name}.json")


def smallest(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels in the smallest unsigned type that holds them.

    Raises:
        ValueError: Negative, fractional, or above 2**32 - 1.
    """
    array = labels.astype(np.uint8) if labels.dtype == bool else np.asarray(labels)
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if not (low >= 0 and high <= np.iinfo(np.uint32).max):
        raise ValueError(f"labels from {low} to {high}")
    depth = next(d for d in _DEPTHS if high <= np.iinfo(d).max)
    found: NDArray[Any] = array.astype(depth, copy=False)
    if array.dtype.kind == "f" and not np.array_equal(found, array):
        raise ValueError("labels that are no whole numbers")
    return found


def _check_shape(array: NDArray[Any], like: Volume) -> None:
    if array.shape != like.geometry.shape:
        raise ValueError(f"{array.shape} values for an image of {like.geometry.shape}")


def ending_of(target: Path, known: Sequence[str]) -> str:
    for ending in known:
        if target.name.lower().endswith(ending) and len(target.name) > len(ending):
            return ending
    raise InputError(
        f"{target} has no ending that can be written.", f"Use one of {', '.join(known)}."
    )


def _write(
    target: Path,
    ending: str,
    array: NDArray[Any],
    like: Volume,
    table: Sequence[LabelEntry],
    *,
    labels: bool,
) -> None:
    name = "label" if labels else "image"
    if ending == ".mhd":
        write_itk.write_mhd(target, Volume(array[np.newaxis], like.geometry))
        return
    with atomic_path(target) as beside:
        if ending in (".nii", ".nii.gz"):
            write_nifti.write_nifti(beside, array, like, labels)
        elif ending in (".nrrd", ".seg.nrrd", ".mha"):
            used = _named(array, table) if ending == ".seg.nrrd" else ()
            write_itk.write_itk(beside, array, like.geometry, used)
        elif ending in (".h5", ".hdf5"):
            write_plain.write_h5(beside, array, like.geometry, name)
        elif ending == ".npz":
            write_plain.write_npz(beside, array, like.geometry, name)
        elif ending == ".npy":
            write_plain.write_npy(beside, write_plain.flat(array))
        else:
            write_plain.write_tiff(beside, array)


def _named(labels: NDArray[Any], table: Sequence[LabelEntry]) -> list[LabelEntry]:
    """The table's labels, and those of the mask that it does not name."""
    known = {entry.value: entry for entry in table if entry.value}
    found = (int(value) for value in np.unique(labels) if value)
    return [*known.values(), *(unnamed(value) for value in found if value not in known)]


def _write_png(target: Path, array: NDArray[Any]) -> None:
    if array.shape[0] > 1 or array.dtype == np.uint32:
        what = f"{array.shape[0]} slices" if array.shape[0] > 1 else "labels above 65535"
        raise InputError(f"{target}: PNG cannot hold {what}.", "Use .nii.gz or .tif.")
    write_png(target, array[0])


def _write_provenance(target: Path, provenance: Mapping[str, Any]) -> None:
    text = json.dumps(dict(provenance), indent=2, ensure_ascii=False)
    write_atomic(provenance_path(target), text.encode())
