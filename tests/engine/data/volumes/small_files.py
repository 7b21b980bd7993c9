"""Small valid files of every format, as the formats' own libraries write them."""

from __future__ import annotations

from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import SimpleITK as sitk
import tifffile
from PIL import Image


def ramp(shape: tuple[int, ...] = (3, 4, 5), dtype: str = "i2") -> np.ndarray:
    """Distinct values, so that any exchange of voxels shows."""
    return (np.arange(np.prod(shape)) + 1).reshape(shape).astype(dtype)


def write_itk(path: Path, array: np.ndarray, *, packed: bool = False, vector: bool = False) -> Path:
    """(D, H, W) or, as a vector, (D, H, W, C)."""
    image = sitk.GetImageFromArray(array, isVector=vector)
    sitk.WriteImage(image, str(path), packed)
    return path


def write_nifti(path: Path, array: np.ndarray, affine: np.ndarray | None = None) -> Path:
    """(W, H, D, ...) in nibabel's order."""
    place = np.eye(4) if affine is None else affine
    nib.save(nib.nifti1.Nifti1Image(array, place, dtype=array.dtype), path)
    return path


def write_all(folder: Path) -> list[Path]:
    """One small file of each kind."""
    grey = (ramp((20, 24), "i4") % 251).astype(np.uint8)
    files = [
        write_nifti(folder / "a.nii", ramp()),
        write_nifti(folder / "a.nii.gz", ramp()),
        write_itk(folder / "a.nrrd", ramp()),
        write_itk(folder / "packed.nrrd", ramp(), packed=True),
        write_itk(folder / "a.mha", ramp()),
        write_itk(folder / "packed.mha", ramp(), packed=True),
    ]
    nib.save(nib.nifti2.Nifti2Image(ramp(), np.eye(4)), folder / "two.nii")
    np.save(folder / "a.npy", ramp())
    np.savez_compressed(folder / "a.npz", image=ramp(), label=ramp(dtype="u1"))
    with h5py.File(folder / "a.h5", "w") as file:
        kept = file.create_dataset("image", data=ramp((4, 6, 8), "f4"), chunks=(2, 3, 4),
                                   compression="gzip")  # fmt: skip
        kept.attrs["spacing"] = (3.0, 1.0, 1.0)
        file.create_dataset("label", data=ramp((4, 6, 8), "u1"))
    for ending in ("png", "jpg", "bmp", "gif"):
        Image.fromarray(grey).save(folder / f"a.{ending}")
        files.append(folder / f"a.{ending}")
    frames = [Image.fromarray(grey), Image.fromarray(grey[::-1])]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    Image.fromarray(grey).save(folder / "lzw.tif", compression="tiff_lzw")
    tifffile.imwrite(folder / "stack.tif", ramp((3, 20, 24), "u2"), photometric="minisblack")
    tifffile.imwrite(folder / "deflate.tif", ramp((20, 24), "f4"), compression="zlib")
    tifffile.imwrite(folder / "imagej.tif", ramp((2, 3, 8, 9), "u2"), imagej=True,
                     resolution=(2, 4), metadata={"axes": "TZYX", "unit": "mm", "spacing": 3},
                     )  # fmt: skip
    names = ("two.nii", "a.npy", "a.npz", "a.h5", "moving.gif", "lzw.tif", "stack.tif",
             "deflate.tif", "imagej.tif")  # fmt: skip
    return [*files, *(folder / name for name in names)]
