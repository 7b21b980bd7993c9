"""Opening anything as a `Volume`: the format is told by what a file holds, then by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.data.volumes.choices import Part
from engine.data.volumes.limits import Watch, check_unchanged, first_bytes, opening, stamp
from engine.data.volumes.volume import Kind, Volume
from engine.errors import InputError

__all__ = ["SUPPORTED", "Part", "Watch", "parts", "read_volume"]

SUPPORTED = (
    ".nii", ".nii.gz", ".hdr", ".img", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".h5", ".hdf5",
    ".npy", ".npz", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".gif",
)  # fmt: skip
GZIP = b"\x1f\x8b"
Reader = Callable[[Path, str, Kind | None, Watch | None], Volume]


def read_volume(
    path: str | os.PathLike[str],
    *,
    part: str = "",
    kind: Kind | None = None,
    watch: Watch | None = None,
) -> Volume:
    """Reads an image or a label map of any format.

    Args:
        path: A file, either file of a pair, any file of a DICOM series, or a folder of either
            DICOM files or pictures of one size.
        part: Which data set or series (`Part.id`); "" takes the usual one or the only one.
        kind: What it is to be; None takes labels only where the file says that it holds labels.
        watch: Told how far it is, from 0 to 1. What it raises ends the reading and is passed on;
            it must not be one of the built-in errors that decoders raise.

    Raises:
        InputError: Missing, empty, not permitted, not an image, damaged, larger than memory,
            changed while it was read, or several data sets and none chosen.
    """
    source = Path(path)
    with opening(source):
        folder = source.is_dir()
    if folder:
        return _read_folder(source, part, kind, watch)
    reader = _reader(source)
    before = stamp(source)
    volume = reader(source, part, kind, watch)
    check_unchanged(source, before)
    return volume


def parts(path: str | os.PathLike[str]) -> tuple[Part, ...]:
    """What there is to choose from: data sets, or DICOM series; empty where there is one image.

    Raises:
        InputError: As `read_volume`.
    """
    source = Path(path)
    with opening(source):
        folder = source.is_dir()
    if folder:
        return () if _holds_pictures(source) else _series_parts(source)
    first = first_bytes(source)
    if _is_hdf5(first):
        from engine.data.volumes.hdf5 import hdf5_parts

        return hdf5_parts(source)
    if _is_npz(source, first):
        from engine.data.volumes.arrays import npz_parts

        return npz_parts(source)
    return _series_parts(source) if _is_dicom(source, first) else ()


def _reader(path: Path) -> Reader:
    """The reader of a file; its library is loaded only then."""
    from engine.data.volumes.metaimage import is_metaimage
    from engine.data.volumes.nifti import is_nifti

    first = first_bytes(path)
    name = path.name.lower()
    if first.startswith(GZIP) or is_nifti(first) or name.endswith(".img"):
        return _nifti
    if first.startswith(b"NRRD"):
        return _nrrd
    if is_metaimage(first):
        return _metaimage
    if _is_hdf5(first):
        return _hdf5
    if first.startswith(b"\x93NUMPY"):
        return _npy
    if _is_npz(path, first):
        return _npz
    reader = _picture_reader(first)
    if reader is not None:
        return reader
    if _is_dicom(path, first):
        return _dicom
    if name.endswith(SUPPORTED):
        raise InputError(
            f"{path} is damaged, or is not what its name says.", "Copy or export it again."
        )
    raise InputError(
        f"{path} is not an image that can be read here.", f"Give one of {', '.join(SUPPORTED)}."
    )


def _picture_reader(first: bytes) -> Reader | None:
    from engine.data.volumes import raster, tiff

    if first.startswith(tiff.MAGICS):
        return lambda path, part, kind, watch: tiff.read_tiff(path, kind, watch)
    if first.startswith(raster.MAGICS):
        return lambda path, part, kind, watch: raster.read_raster(path, kind, watch)
    return None


def _is_hdf5(first: bytes) -> bool:
    return first.startswith(b"\x89HDF\r\n\x1a\n") or first[512:520] == b"\x89HDF\r\n\x1a\n"


def _is_npz(path: Path, first: bytes) -> bool:
    return first.startswith(b"PK\x03\x04") and path.suffix.lower() in (".npz", ".zip", "")


def _is_dicom(path: Path, first: bytes) -> bool:
    from engine.data.volumes.dicom_header import looks_like_dicom

    return first[128:132] == b"DICM" or path.name == "DICOMDIR" or looks_like_dicom(path)


def _holds_pictures(path: Path) -> bool:
    """Whether a folder is one of slices: pictures, and no DICOM among its files."""
    from engine.data.volumes.dicom_header import looks_like_dicom
    from engine.data.volumes.folder import ENDINGS, files_in

    files = files_in(path)
    pictures = [file for file in files if file.suffix.lower() in ENDINGS]
    return bool(pictures) and not any(
        looks_like_dicom(file) for file in files if file.suffix.lower() not in ENDINGS
    )


def _read_folder(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    if not _holds_pictures(path):
        return _dicom(path, part, kind, watch)
    from engine.data.volumes.folder import read_folder

    def read(file: Path, wanted: Kind | None) -> Volume:
        reader = _picture_reader(first_bytes(file))
        if reader is None:
            raise InputError(
                f"{file} is damaged, or is no picture.", "Take it out of the folder, or copy it."
            )
        return reader(file, "", wanted, None)

    return read_folder(path, read, kind, watch)


def _nifti(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    from engine.data.volumes.nifti import read_nifti

    return read_nifti(path, kind, watch)


def _nrrd(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    from engine.data.volumes.nrrd import read_nrrd

    return read_nrrd(path, kind, watch)


def _metaimage(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    from engine.data.volumes.metaimage import read_metaimage

    return read_metaimage(path, kind, watch)


def _hdf5(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    from engine.data.volumes.hdf5 import read_hdf5

    return read_hdf5(path, part, kind, watch)


def _npy(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    from engine.data.volumes.arrays import read_npy

    return read_npy(path, kind, watch)


def _npz(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    from engine.data.volumes.arrays import read_npz

    return read_npz(path, part, kind, watch)


def _dicom(path: Path, part: str, kind: Kind | None, watch: Watch | None) -> Volume:
    from dataclasses import replace

    from engine.data.volumes.dicom import read_series
    from engine.data.volumes.dicom_seg_read import is_dicom_seg, read_dicom_seg

    if kind == "labels" and path.is_file() and is_dicom_seg(path):
        return read_dicom_seg(path).volume(path)
    volume = read_series(path, part, watch)
    return replace(volume, kind=kind) if kind else volume


def _series_parts(path: Path) -> tuple[Part, ...]:
    from engine.data.volumes.dicom import find_series

    found = []
    for series in find_series(path):
        try:
            small = series.thumbnail()
        except InputError:
            small = None
        found.append(Part(series.uid, series.title, series.detail, series.shape, small))
    return tuple(found)
