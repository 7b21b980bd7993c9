"""Decoding arrays of numbers, .npy and NIfTI, after a look at their headers."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np

from engine.data.image_limits import Decoded, check_size
from engine.errors import InputError

MAX_VOXELS = 2**26
"""Most voxels of a NIfTI volume that a slice is taken from: 256 MiB as float32."""
MAX_HEADER_BYTES = 2**20


def decode_npy(path: Path) -> Decoded:
    """Reads an array saved by numpy; object arrays are refused, so nothing is ever unpickled."""
    with open(path, "rb") as stream:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise InputError(f"{path} is of .npy version {version}.", "Save it with numpy.save.")
        shape, fortran, dtype = read(stream)
        if dtype.kind not in "buif" or len(shape) not in (2, 3):
            raise InputError(
                f"{path} holds {dtype} values of shape {shape}, not an image.",
                "Give a grey (H, W) or colour (H, W, 3) array of real numbers.",
            )
        check_size(path, shape[0], shape[1])
        if len(shape) == 3 and not 1 <= shape[2] <= 4:
            raise InputError(f"{path} has shape {shape}.", "Give one slice (H, W).")
        count = int(np.prod(shape, dtype=np.int64))
        content = stream.read(count * dtype.itemsize)
    array = np.frombuffer(content, dtype, count).reshape(shape, order="F" if fortran else "C")
    return Decoded(array, dtype.itemsize * 8)


def decode_nifti(path: Path) -> Decoded:
    """Reads a NIfTI-1 or NIfTI-2 volume as (rows, columns, slices)."""
    with open(path, "rb") as plain:
        zipped = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if zipped else open(path, "rb") as stream:
        return _read_nifti(path, stream)


def _read_nifti(path: Path, stream: gzip.GzipFile | io.BufferedReader) -> Decoded:
    # Read by hand from here on: nibabel would follow the extensions' sizes, whatever they claim.
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    start = stream.read(540)
    kind = Nifti2Header if start[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c") else Nifti1Header
    length = 540 if kind is Nifti2Header else 348
    try:
        header = kind.from_fileobj(io.BytesIO(start[:length] + bytes(4)), check=False)
        shape, dtype = tuple(header.get_data_shape()), header.get_data_dtype()
        slope, intercept = header.get_slope_inter()
    except (HeaderDataError, WrapStructError) as error:
        raise ValueError(str(error)) from error
    offset = int(header.get_data_offset())
    shape = _flat_shape(path, shape)
    if dtype.kind not in "uif" or not length <= offset <= MAX_HEADER_BYTES:
        raise InputError(f"{path} is no NIfTI image that can be read.", "Export it again.")
    count = int(np.prod(shape, dtype=np.int64))
    stream.seek(offset)
    values = np.frombuffer(stream.read(count * dtype.itemsize), dtype, count)
    if slope not in (None, 1.0) or intercept not in (None, 0.0):
        values = values * (slope or 1.0) + (intercept or 0.0)
    # Column runs along the file's first axis, as viewers show it.
    array = np.swapaxes(values.reshape(shape, order="F"), 0, 1)
    return Decoded(array, dtype.itemsize * 8, volume=True)


def _flat_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, int, int]:
    if any(n != 1 for n in shape[3:]) or len(shape) < 2 or min(shape) < 1:
        raise InputError(
            f"{path} has the shape {shape}; one 2D or 3D image is needed.",
            "Export a single volume or slice.",
        )
    width, height, slices = (*shape[:3], 1)[:3]
    check_size(path, height, width)
    if width * height * slices > MAX_VOXELS:
        raise InputError(
            f"{path} has {width * height * slices:,} voxels; at most {MAX_VOXELS:,} are read.",
            "Export the slice alone.",
        )
    return width, height, slices
