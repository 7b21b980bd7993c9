"""Arrays as NIfTI in the geometry of the image that they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Volume

_SCANNER = 1
_LARGEST_NIFTI1 = 2**15 - 1


def write_nifti(path: Path, array: NDArray[Any], like: Volume, labels: bool) -> None:
    """Writes (D, H, W) as .nii or .nii.gz.

    A NIfTI source's header is kept: qform and sform with their codes, units, description and
    extensions. Only what speaks of the values is set anew.
    """
    import nibabel as nib

    known = like.source.header
    second = isinstance(known, nib.Nifti2Header) or max(array.shape) > _LARGEST_NIFTI1
    kind = nib.Nifti2Image if second else nib.Nifti1Image
    header = None
    if isinstance(known, nib.Nifti1Header):
        header = kind.header_class.from_header(known, check=False).as_byteswapped("<")
        header.set_data_dtype(array.dtype)
        header["cal_min"] = header["cal_max"] = 0
        header.set_slope_inter(1, 0)
    keep = header is not None and _same_place(header, like)
    if header is not None and not keep:
        _forget_place(header)
    # NIfTI's first axis runs fastest, as the last does here: no voxel is moved.
    image = kind(array.transpose(2, 1, 0), like.affine, header, dtype=array.dtype)
    if not keep:
        image.set_sform(like.affine, _SCANNER)
        image.set_qform(like.affine, _SCANNER)
        image.header.set_xyzt_units("mm", "sec")
    image.header.set_intent("label" if labels else "none", (), name="")
    nib.save(image, path)


def _same_place(header: Any, like: Volume) -> bool:
    """Whether the header still says where the volume is, so that its codes may stay."""
    from nibabel.spatialimages import HeaderDataError

    try:
        place = header.get_best_affine()
    except (HeaderDataError, ValueError, np.linalg.LinAlgError):
        return False
    return bool(np.allclose(place, like.affine, rtol=1e-5, atol=1e-4))


def _forget_place(header: Any) -> None:
    """Takes out a place that is wrong or that nibabel cannot compute with."""
    header["sform_code"] = header["qform_code"] = 0
    header["pixdim"][:4] = 1
    for name in ("quatern_b", "quatern_c", "quatern_d"):
        header[name] = 0
