"""Small data sets on disk."""

from __future__ import annotations

from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def disc(shape: tuple[int, ...], seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A bright ball on a noisy ground, and its mask in {0, 1}."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.indices(shape), -1)
    centre = np.array(shape) * rng.uniform(0.35, 0.65, len(shape))
    mask = np.sqrt(((places - centre) ** 2).sum(-1)) < 0.25 * min(s for s in shape if s > 1)
    image = 60 + 120 * mask + rng.normal(0, 8, shape)
    return np.clip(image, 0, 255).astype(np.uint8), mask.astype(np.uint8)


def folder_set(root: Path, names: list[str], side: int = 24, white: int = 255) -> Path:
    """images/ and masks/ of PNGs."""
    for part in ("images", "masks"):
        (root / part).mkdir(parents=True)
    for seed, name in enumerate(names):
        image, mask = disc((side, side + 4), seed)
        Image.fromarray(image).save(root / "images" / f"{name}.png")
        Image.fromarray(mask * white).save(root / "masks" / f"{name}.png")
    return root


def nifti(
    path: Path, array: NDArray[np.generic], affine: NDArray[np.float64] | None = None
) -> None:
    """(D, H, W) to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(
        nib.Nifti1Image(array.transpose(2, 1, 0), np.eye(4) if affine is None else affine), path
    )


def decathlon_set(root: Path, names: list[str], suffix: str = "") -> Path:
    """imagesTr/ and labelsTr/; `suffix` such as "_0000" for nnU-Net's."""
    for seed, name in enumerate(names):
        image, mask = disc((6, 20, 18), seed)
        columns = np.flatnonzero(mask.any((0, 1)))
        mask[:, :, columns[len(columns) // 2] :] *= 2
        nifti(root / "imagesTr" / f"{name}{suffix}.nii.gz", image)
        nifti(root / "labelsTr" / f"{name}.nii.gz", mask)
    return root


def h5_file(path: Path, seed: int) -> None:
    """`image` float32 and `label` uint8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image, mask = disc((20, 20), seed)
    with h5py.File(path, "w") as file:
        file["image"], file["label"] = image.astype(np.float32) / 255, mask
