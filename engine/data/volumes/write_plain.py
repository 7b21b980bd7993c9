"""Arrays as h5, npy, npz, TIFF and PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Geometry


def flat(array: NDArray[Any]) -> NDArray[Any]:
    """(H, W) where there is one slice, as readers of plain arrays expect of a picture.

    Rows of three or four stay behind a first axis of one, or they would be taken for colours.
    """
    slices = array[0] if array.shape[0] == 1 else array
    return slices[None] if slices.ndim == 3 and slices.shape[-1] in (3, 4) else slices


def write_h5(path: Path, array: NDArray[Any], geometry: Geometry, name: str) -> None:
    """One compressed data set; where it lies stands in its attributes."""
    import h5py

    with h5py.File(path, "w") as file:
        data = file.create_dataset(name, data=flat(array), compression="gzip", compression_opts=4)
        data.attrs["affine"] = geometry.affine
        data.attrs["spacing_mm"] = geometry.spacing_mm
        data.attrs["oriented"] = geometry.oriented


def write_npy(path: Path, array: NDArray[Any]) -> None:
    """The bare numbers."""
    with open(path, "wb") as stream:
        np.save(stream, flat(array), allow_pickle=False)


def write_npz(path: Path, array: NDArray[Any], geometry: Geometry, name: str) -> None:
    """The numbers and the affine."""
    with open(path, "wb") as stream:
        arrays = {name: flat(array), "affine": geometry.affine}
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def write_tiff(path: Path, array: NDArray[Any]) -> None:
    """One page for each slice."""
    import tifffile

    tifffile.imwrite(
        path, array, photometric="minisblack", compression="zlib", predictor=False, metadata=None
    )
