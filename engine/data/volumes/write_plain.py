"""Arrays as h5, npy, npz, TIFF and PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Channels, Geometry, Volume

_IMAGEJ = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


def flat(array: NDArray[Any]) -> NDArray[Any]:
    """(H, W) where there is one slice, as readers of plain arrays expect of a picture.

    Rows of three or four stay behind a first axis of one, or they would be taken for colours.
    """
    slices = array[0] if array.shape[0] == 1 else array
    return slices[None] if slices.ndim == 3 and slices.shape[-1] in (3, 4) else slices


def arranged(volume: Volume) -> NDArray[Any]:
    """The array with its channels where readers of plain arrays look for them.

    (H, W), (D, H, W), colours (D, H, W, 3), other channels (C, D, H, W).
    """
    array = volume.array
    if volume.channels == "rgb" and len(array) == 3:
        return np.moveaxis(array, 0, -1)
    return flat(array[0]) if len(array) == 1 else array


def write_h5(path: Path, array: NDArray[Any], geometry: Geometry, name: str) -> None:
    """One compressed data set; where it lies stands in its attributes."""
    _write_h5(path, flat(array), geometry, name, "single")


def write_h5_image(path: Path, volume: Volume, name: str) -> None:
    """As `write_h5`, of all channels."""
    _write_h5(path, arranged(volume), volume.geometry, name, volume.channels)


def _write_h5(
    path: Path, array: NDArray[Any], geometry: Geometry, name: str, channels: Channels
) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        data = file.create_dataset(name, data=array, compression="gzip", compression_opts=4)
        data.attrs["affine"] = geometry.affine
        data.attrs["spacing_mm"] = geometry.spacing_mm
        data.attrs["oriented"] = geometry.oriented
        data.attrs["channels"] = channels


def write_npy(path: Path, array: NDArray[Any]) -> None:
    """The bare numbers."""
    with open(path, "wb") as stream:
        np.save(stream, array, allow_pickle=False)


def write_npz(path: Path, array: NDArray[Any], geometry: Geometry, name: str) -> None:
    """The numbers and the affine, or the voxel size where there is no patient."""
    _write_npz(path, flat(array), geometry, name)


def write_npz_image(path: Path, volume: Volume, name: str) -> None:
    """As `write_npz`, of all channels."""
    _write_npz(path, arranged(volume), volume.geometry, name)


def _write_npz(path: Path, array: NDArray[Any], geometry: Geometry, name: str) -> None:
    place = {"affine": geometry.affine}
    if not geometry.oriented:
        place = {"spacing_mm": np.array(geometry.spacing_mm)}
    with open(path, "wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **{name: array}, **place)


def write_tiff(path: Path, array: NDArray[Any]) -> None:
    """One page for each slice."""
    import tifffile

    tifffile.imwrite(
        path, array, photometric="minisblack", compression="zlib", predictor=False, metadata=None
    )


def write_tiff_image(path: Path, volume: Volume) -> None:
    """One page for each slice; as ImageJ writes them where it knows the type, with voxel size.

    Times and components are always written as ImageJ has them, in float32 if need be.
    """
    import tifffile

    array = volume.array
    if volume.channels == "rgb" and len(array) == 3:
        tifffile.imwrite(
            path, arranged(volume), photometric="rgb", compression="zlib", metadata=None
        )
        return
    if array.dtype not in _IMAGEJ:
        if len(array) == 1:
            write_tiff(path, array[0])
            return
        array = array.astype(np.float32)
    # Times, slices, channels, rows and columns, in ImageJ's order.
    timed = volume.channels != "components"
    ordered = array[:, :, np.newaxis] if timed else np.moveaxis(array, 0, 1)[np.newaxis]
    d, h, w = volume.geometry.spacing_mm
    about = {"axes": "TZCYX", "unit": "mm", "spacing": d}
    tifffile.imwrite(
        path, ordered, imagej=True, resolution=(1 / w, 1 / h), metadata=about,
        photometric="minisblack",
    )  # fmt: skip
