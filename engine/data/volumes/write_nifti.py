"""Arrays as NIfTI in the geometry of the image that they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Geometry, Volume

_SCANNER = 1
_VECTOR = 1007
_LARGEST_NIFTI1 = 2**15 - 1
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def write_nifti(path: Path, array: NDArray[Any], like: Volume, labels: bool) -> None:
    """Writes (D, H, W) as .nii or .nii.gz.

    A NIfTI source's header is kept: qform and sform with their codes, units, description and
    extensions. Only what speaks of the values is set anew.
    """
    # NIfTI's first axis runs fastest, as the last does here: no voxel is moved.
    image = _image(array.transpose(2, 1, 0), like.source.header, like.geometry)
    image.header["cal_min"] = image.header["cal_max"] = 0
    image.header.set_intent("label" if labels else "none", (), name="")
    _save(image, path, 1.0, 0.0)


def write_nifti_image(path: Path, volume: Volume) -> None:
    """Writes all channels in their type, with slope and intercept; a NIfTI's header is kept.

    Times are the fourth axis and components the fifth; colours of bytes are NIfTI's own.
    """
    array = volume.array
    colours = volume.channels == "rgb" and array.dtype == np.uint8 and len(array) == 3
    if colours:
        stored = np.ascontiguousarray(np.moveaxis(array, 0, -1)).view(_RGB)[..., 0].T
    elif len(array) == 1:
        stored = array[0].T
    elif volume.channels == "time":
        stored = array.T
    else:
        stored = array.T[:, :, :, np.newaxis]
    image = _image(stored, volume.source.header, volume.geometry)
    low, high = volume.window or (0.0, 0.0)
    image.header["cal_min"], image.header["cal_max"] = low, high
    if volume.kind == "labels":
        image.header.set_intent("label", (), name="")
    elif stored.ndim == 5 and not int(image.header["intent_code"]):
        image.header.set_intent(_VECTOR, (), name="")
    slope, intercept = (1.0, 0.0) if colours else (volume.slope, volume.intercept)
    _save(image, path, slope, intercept)


def with_place_of(header: Any, other: Any) -> Any:
    """A copy of a NIfTI header that lies where another one does, with its codes; `header` itself
    where one of them is none."""
    import nibabel as nib

    if not (isinstance(header, nib.Nifti1Header) and isinstance(other, nib.Nifti1Header)):
        return header
    moved = header.copy()
    for name in ("sform_code", "qform_code", "srow_x", "srow_y", "srow_z", "quatern_b",
                 "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"):  # fmt: skip
        moved[name] = other[name]
    moved["pixdim"][:4] = other["pixdim"][:4]
    return moved


def _image(stored: NDArray[Any], known: Any, geometry: Geometry) -> Any:
    """A nibabel image, with what the source's header has beyond values and size."""
    import nibabel as nib

    second = isinstance(known, nib.Nifti2Header) or max(stored.shape) > _LARGEST_NIFTI1
    kind = nib.Nifti2Image if second else nib.Nifti1Image
    header = None
    if isinstance(known, nib.Nifti1Header):
        header = kind.header_class.from_header(known, check=False).as_byteswapped("<")
        header.set_data_dtype(stored.dtype)
        header.set_slope_inter(1, 0)
    keep = header is not None and _same_place(header, geometry)
    if header is not None and not keep:
        _forget_place(header)
    image = kind(stored, geometry.affine, header, dtype=stored.dtype)
    if not keep:
        image.set_sform(geometry.affine, _SCANNER)
        image.set_qform(geometry.affine, _SCANNER)
        image.header.set_xyzt_units("mm", "sec")
    return image


def _save(image: Any, path: Path, slope: float, intercept: float) -> None:
    import nibabel as nib

    # With a slope of its own in the header nibabel writes numbers as they are.
    image.header.set_slope_inter(slope, intercept)
    nib.save(image, path)


def _same_place(header: Any, geometry: Geometry) -> bool:
    """Whether the header still says where the volume is, so that its codes may stay."""
    from nibabel.spatialimages import HeaderDataError

    try:
        place = header.get_best_affine()
    except (HeaderDataError, ValueError, np.linalg.LinAlgError):
        return False
    return bool(np.allclose(place, geometry.affine, rtol=1e-5, atol=1e-4))


def _forget_place(header: Any) -> None:
    """Takes out a place that is wrong or that nibabel cannot compute with."""
    header["sform_code"] = header["qform_code"] = 0
    header["pixdim"][:4] = 1
    for name in ("quatern_b", "quatern_c", "quatern_d"):
        header[name] = 0
