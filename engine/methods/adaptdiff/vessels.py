"""Vessel images as AdaptDiff's networks see them: preprocessing, crops, augmentation.

Preprocessing after arXiv 2410.04648, section 3.1: green channel, CLAHE, min-max, inverted so
that vessels are bright in every modality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import exposure, filters

from engine.errors import InputError
from engine.methods.adaptdiff.params import Kind

CLAHE_CLIP = 0.01
FIELD_THRESHOLD = 0.1


@dataclass(frozen=True, eq=False)
class VesselImage:
    """One case.

    Attributes:
        name: For messages and manifests.
        image: (H, W) float32 in [0, 1], vessels bright.
        mask: (H, W) uint8 in {0, 1}, or None where there is no label.
        file: Of the image, where it has one of its own.
    """

    name: str
    image: np.ndarray
    mask: np.ndarray | None = None
    file: Path | None = None

    def with_mask(self, mask: np.ndarray) -> VesselImage:
        return replace(self, mask=mask)


def min_max(image: np.ndarray) -> np.ndarray:
    """To [0, 1]; a constant image becomes 0."""
    low, high = float(image.min()), float(image.max())
    return ((image - low) / (high - low) if high > low else image * 0).astype(np.float32)


def to_network(image: np.ndarray, kind: Kind) -> np.ndarray:
    """(H, W) or (H, W, 3) of any range -> (H, W) float32 in [0, 1], vessels bright."""
    if kind == "fundus":
        return _fundus(image)
    grey = image.mean(axis=2) if image.ndim == 3 else image
    return min_max(grey.astype(np.float32))


def _fundus(image: np.ndarray) -> np.ndarray:
    """Green channel, CLAHE, inverted; outside the round field of view the field's median.

    Without that, the black surround would become the brightest thing in the image.
    """
    green = min_max((image[..., 1] if image.ndim == 3 else image).astype(np.float32))
    field = ndimage.binary_erosion(
        ndimage.binary_fill_holes(filters.gaussian(green, 2) > FIELD_THRESHOLD), iterations=3
    )
    if not field.any():
        field = np.ones_like(green, dtype=bool)
    inside = np.where(field, green, np.median(green[field]))
    bright = 1 - exposure.equalize_adapthist(inside, clip_limit=CLAHE_CLIP)
    low, high = np.quantile(bright[field], (0.001, 0.999))
    scaled = np.clip((bright - low) / max(high - low, 1e-6), 0, 1)
    return np.where(field, scaled, np.median(scaled[field])).astype(np.float32)


def check_cases(cases: Sequence[VesselImage], labelled: bool) -> None:
    """Refuse what cannot be trained on.

    Raises:
        InputError: names the case.
    """
    if not cases:
        raise InputError("The data set holds no images.", "Choose a folder with images in it.")
    for case in cases:
        if not np.isfinite(case.image).all():
            raise InputError(f"{case.name} holds NaN or infinite values.", "Repair or remove it.")
        if case.image.max() == case.image.min():
            raise InputError(f"{case.name} is constant.", "Remove it from the data set.")
        if labelled and case.mask is None:
            raise InputError(f"{case.name} has no mask.", "Add one, or remove the image.")
        if case.mask is not None and case.mask.shape != case.image.shape:
            raise InputError(
                f"The mask of {case.name} is {_size(case.mask)}, its image {_size(case.image)}.",
                "Both must have the same size.",
            )


def _size(array: np.ndarray) -> str:
    return f"{array.shape[1]} x {array.shape[0]}"


def random_crop(
    case: VesselImage, rng: np.random.Generator, side: int, zoom: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """A crop of `side` pixels, enlarged by a random factor, flipped and turned by quarters.

    Images smaller than the crop are reflected at their border.

    Returns:
        image (side, side) float32 in [0, 1] and mask (side, side) float32 in {0, 1}; the mask
        is 0 where the case has none.
    """
    factor = float(np.exp(rng.uniform(np.log(zoom[0]), np.log(zoom[1]))))
    mask = np.zeros(case.image.shape, np.uint8) if case.mask is None else case.mask
    reach = int(np.ceil(side / factor))
    top = int(rng.integers(0, max(case.image.shape[0] - reach, 0) + 1))
    left = int(rng.integers(0, max(case.image.shape[1] - reach, 0) + 1))
    image = _window(case.image, top, left, reach)
    mask = _window(mask, top, left, reach)
    if reach != side:
        image = _resize(image, side, order=1)
        mask = _resize(mask.astype(np.float32), side, order=1) > 0.5
    turns, flip = int(rng.integers(4)), bool(rng.integers(2))
    image, mask = np.rot90(image, turns), np.rot90(mask, turns)
    if flip:
        image, mask = image[:, ::-1], mask[:, ::-1]
    return np.ascontiguousarray(image, np.float32), np.ascontiguousarray(mask, np.float32)


def _window(array: np.ndarray, top: int, left: int, reach: int) -> np.ndarray:
    part = array[top : top + reach, left : left + reach]
    missing = [(0, reach - n) for n in part.shape]
    return np.pad(part, missing, mode="symmetric") if any(m for _, m in missing) else part


def _resize(array: np.ndarray, side: int, order: int) -> np.ndarray:
    scale = array.shape[0] / side
    return ndimage.affine_transform(
        array, [scale, scale], offset=(scale - 1) / 2, output_shape=(side, side), order=order,
        mode="nearest",
    )  # fmt: skip


def augment_published(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stage 4's augmentation: noise of sd 0.02-0.15 half the time, else sharpen, shift or blur."""
    if rng.random() < 0.5:
        image = image + rng.normal(0, rng.uniform(0.02, 0.15), image.shape)
    else:
        kind = int(rng.integers(3))
        if kind == 0:
            image = filters.unsharp_mask(image, radius=rng.uniform(0.5, 2.0), amount=1.0)
        elif kind == 1:
            image = image + rng.uniform(-0.05, 0.05)
        else:
            image = filters.gaussian(image, rng.uniform(0.3, 1.2))
    return np.clip(image, 0, 1).astype(np.float32)


def augment_appearance(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stage 1's: contrast, blur, a smooth illumination field and speckle.

    A segmenter that has seen these meets another modality with fewer surprises.
    """
    image = np.clip(image, 0, 1) ** float(np.exp(rng.uniform(-0.5, 0.5)))
    if rng.random() < 0.3:
        coarse = rng.normal(0, 1, (4, 4))
        field = ndimage.zoom(coarse, image.shape[0] / 4, order=1, grid_mode=True, mode="nearest")
        image = image + 0.07 * field[: image.shape[0], : image.shape[1]]
    if rng.random() < 0.3:
        image = filters.gaussian(image, rng.uniform(0.4, 1.0))
    if rng.random() < 0.6:
        noise = rng.normal(0, rng.uniform(0.02, 0.12), image.shape)
        if rng.random() < 0.5:  # grains the size of capillaries
            noise = 2 * filters.gaussian(noise, rng.uniform(0.5, 1.0))
        image = image + noise * (0.3 + 0.7 * np.clip(image, 0, 1))
    return min_max(image)


def pollute(
    mask: np.ndarray, false_positive: float, false_negative: float, rng: np.random.Generator
) -> np.ndarray:
    """A weaker label: vessel pieces dropped and false ones drawn, at the given pixel rates.

    Errors come in patches of a few pixels, as a segmenter makes them, not as single pixels.
    """
    noise = ndimage.uniform_filter(rng.random(mask.shape), 5)
    order = noise.ravel().argsort().argsort().reshape(mask.shape) / mask.size
    vessel = mask > 0
    dropped = vessel & (order < false_negative)
    drawn = ~vessel & (order > 1 - false_positive)
    return np.where(dropped, 0, np.where(drawn, 1, mask)).astype(mask.dtype)
