"""What is asked of a job that segments a folder, besides what a single image needs."""

from __future__ import annotations

from typing import Literal

from engine.parameters import Parameters, parameter

Ending = Literal["auto", ".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha", ".dcm", ".tif", ".png"]
ENDINGS = {
    "auto": "PNG for pictures, else NIfTI", ".nii.gz": "NIfTI, compressed", ".nii": "NIfTI",
    ".seg.nrrd": "NRRD with names and colours", ".nrrd": "NRRD", ".mha": "MetaImage",
    ".dcm": "DICOM segmentation", ".tif": "TIFF", ".png": "PNG",
}  # fmt: skip


class FolderParams(Parameters):
    """Base of the parameters of such a job; those of a single image come beside it."""

    ending: Ending = parameter(
        "auto", "Format", "Of the labels; maps are NIfTI or TIFF where it has no room for them.",
        choices=ENDINGS,
    )  # fmt: skip
    overwrite: bool = parameter(
        False, "Overwrite", "Make labels again that are there, also those made by hand.",
    )  # fmt: skip
