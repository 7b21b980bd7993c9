"""Reading 2D images and masks, and writing PNGs that carry their provenance."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.image_formats import decode
from engine.data.image_limits import MAX_SIDE, MIN_SIDE, Decoded
from engine.data.png import read_png_metadata, write_png
from engine.errors import InputError

__all__ = [
    "MAX_SIDE",
    "MIN_SIDE",
    "Image2D",
    "MaskImport",
    "read_image",
    "read_mask",
    "read_png_metadata",
    "write_png",
]

# A mask saved as JPEG: this share of pixels lies this near (of the range) to black or white.
NEAR_BINARY_SHARE = 0.95
NEAR_BINARY_TOLERANCE = 0.15
# Few and small integers are labels, not greys.
MAX_LABELS, MAX_LABEL = 16, 64

EMPTY_NOTE = "the mask is empty: nothing is marked"
FULL_NOTE = "the mask marks every pixel"


@dataclass(frozen=True, eq=False)
class Image2D:
    """A 2D image with the values it has in its file.

    Attributes:
        array: (H, W) grey or (H, W, 3) RGB, float32, finite.
        source: The file.
        bit_depth: Bits a value has in the file.
        full_range: Values of black and white: (0, 2^bits - 1) for integers, else smallest and
            largest value found.
        notes: What was done on the way, for the user.
    """

    array: NDArray[np.float32]
    source: Path
    bit_depth: int
    full_range: tuple[float, float]
    notes: tuple[str, ...] = ()

    def unit(self) -> NDArray[np.float32]:
        """The array with `full_range` mapped to [0, 1]."""
        low, high = self.full_range
        return ((self.array - low) / (high - low or 1.0)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class MaskImport:
    """A mask and what was done to make it one.

    Attributes:
        mask: (H, W) uint8 in {0, 1}.
        notes: Each a phrase for the user, also when the mask is empty or full.
    """

    mask: NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def read_image(path: str | os.PathLike[str], *, slice_index: int | None = None) -> Image2D:
    """Reads a grey or RGB image.

    Args:
        path: .png .tif .bmp .gif .jpg .npy, or .nii(.gz), of which one slice is taken.
        slice_index: Slice of a volume along its third axis, from 0; None takes the middle one.

    Raises:
        InputError: Missing, unreadable, no image, damaged, NaN, sides not in 16 to 4096.
    """
    source = Path(path)
    decoded = _one_slice(source, decode(source), slice_index, by_content=False)
    array, notes = decoded.array, decoded.notes
    if array.ndim == 3 and array.shape[-1] in (2, 4):
        array, notes = array[..., :-1], (*notes, "transparency ignored")
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    _check_finite(source, array)
    black_white = _full_range(array, decoded.bit_depth)
    return Image2D(array.astype(np.float32), source, decoded.bit_depth, black_white, notes)


def read_mask(
    path: str | os.PathLike[str],
    *,
    threshold: float | Literal["auto"] = "auto",
    slice_index: int | None = None,
) -> MaskImport:
    """Reads a mask from anything that looks like one.

    Args:
        path: As in `read_image`.
        threshold: Values above it are foreground. "auto": two values are taken as they are, a
            near-binary image (JPEG) is cut halfway, few integers count as labels, a grey image is
            cut by Otsu's method (1979).
        slice_index: Slice of a volume, from 0; None takes the one with most foreground.

    Raises:
        InputError: As `read_image`, and a slice that is not there.
    """
    source = Path(path)
    decoded = _one_slice(source, decode(source), slice_index, by_content=True)
    plane, told = _to_grey(decoded.array)
    _check_finite(source, plane)
    notes = decoded.notes + told
    if threshold == "auto":
        foreground, told = _binarise(plane)
        notes += told
    else:
        foreground = plane > threshold
    if not foreground.any():
        notes += (EMPTY_NOTE,)
    elif foreground.all():
        notes += (FULL_NOTE,)
    return MaskImport(foreground.astype(np.uint8), notes)


def _one_slice(source: Path, decoded: Decoded, index: int | None, *, by_content: bool) -> Decoded:
    if not decoded.volume:
        return decoded
    volume, count = decoded.array, decoded.array.shape[-1]
    if index is None and by_content:
        # A label volume's background is its smallest value.
        foreground = (volume > np.nan_to_num(volume).min()).sum(axis=(0, 1))
        chosen, why = int(np.argmax(foreground)), "the one with most foreground"
    else:
        chosen, why = (count // 2 if index is None else index), "as asked" if index else "middle"
    if not 0 <= chosen < count:
        raise InputError(
            f"{source} has no slice {chosen}.", f"Choose one from 0 to {count - 1} (0-based)."
        )
    notes = decoded.notes
    if count > 1:
        notes += (f"slice {chosen} of {count} (0-based) taken, {why}",)
    return Decoded(volume[..., chosen], decoded.bit_depth, notes)


def _check_finite(source: Path, array: NDArray[Any]) -> None:
    bad = int(array.size - np.isfinite(array).sum())
    if bad:
        raise InputError(
            f"{source} has {bad} values that are NaN or infinite.",
            "Replace them, for example by 0, and save it again.",
        )
    # Beyond this, arithmetic in float32 overflows.
    if array.dtype.kind == "f" and np.abs(array).max() > 1e30:
        raise InputError(f"{source} has values beyond 1e30.", "Rescale it and save it again.")


def _full_range(array: NDArray[Any], bit_depth: int) -> tuple[float, float]:
    if array.dtype.kind in "bu" and bit_depth <= 16:
        return 0.0, float(2**bit_depth - 1)
    return float(array.min()), float(array.max())


def _to_grey(array: NDArray[Any]) -> tuple[NDArray[Any], tuple[str, ...]]:
    if array.ndim == 2:
        return array, ()
    if array.shape[-1] == 1:
        return array[..., 0], ()
    colour, alpha = array, None
    notes: tuple[str, ...] = ()
    if array.shape[-1] in (2, 4):
        colour, alpha = array[..., :-1], array[..., -1]
    flat = bool((colour == colour[:1, :1]).all())
    if alpha is not None and flat and not (alpha == alpha[:1, :1]).all():
        return alpha, ("taken from the transparency channel",)
    if alpha is not None:
        notes = ("transparency ignored",)
    if (colour == colour[..., :1]).all():
        return colour[..., 0], notes
    # The brightest channel: a mask painted in pure blue counts like one in white.
    return colour.max(axis=-1), (*notes, "colours converted to grey (brightest channel)")


def _binarise(plane: NDArray[Any]) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    values = np.unique(plane)
    if len(values) == 1:
        return np.full(plane.shape, values[0] != 0), ()
    low, high = float(values[0]), float(values[-1])
    if len(values) == 2:
        told = () if low == 0 else (f"{high:g} is foreground, {low:g} background",)
        return plane == values[-1], told
    if len(values) <= MAX_LABELS and plane.dtype.kind != "f" and low >= 0 and high <= MAX_LABEL:
        return plane != 0, (f"labels up to {high:g} joined into one",)
    scaled = (plane.astype(np.float64) - low) / (high - low)
    near = np.minimum(scaled, 1 - scaled) < NEAR_BINARY_TOLERANCE
    upper = scaled > 0.5
    if near.mean() >= NEAR_BINARY_SHARE and near[upper].mean() >= 0.5:
        return upper, ("values near black and white cut halfway",)
    from skimage.filters import threshold_otsu

    cut = float(threshold_otsu(plane.astype(np.float64)))
    return plane > cut, (f"grey values cut at {cut:.4g} by Otsu's method",)
