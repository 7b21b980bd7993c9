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
        header = kind.header_class.from_header(known).as_byteswapped("<")
        header.set_data_dtype(array.dtype)
        header["cal_min"] = header["cal_max"] = 0
        header.set_slope_inter(1, 0)
    # NIfTI's first axis runs fastest, as the last does here: no voxel is moved.
    image = kind(array.transpose(2, 1, 0), like.affine, header, dtype=array.dtype)
    if header is None or not _same_place(known, like):
        image.set_sform(like.affine, _SCANNER)
        image.set_qform(like.affine, _SCANNER)
        image.header.set_xyzt_units("mm", "sec")
    image.header.set_intent("label" if labels else "none", (), name="")
    nib.save(image, path)


def _same_place(header: Any, like: Volume) -> bool:
    """Whether the header still says where the volume is, so that its codes may stay."""
    place = header.get_best_affine()
    return bool(np.allclose(place, like.affine, rtol=1e-5, atol=1e-4))
