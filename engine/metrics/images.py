"""How well one image agrees with another of the same modality: SSIM, PSNR, MAE; and with any: MI.

All of it where there is a body: a black margin agrees with a black margin, and the wider it is
the better any method would look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGMA = 1.5
"""Of SSIM's Gaussian window, in pixels (Wang et al. 2004)."""
RADIUS = 5
BEST_PSNR = 100.0
"""What images without any difference get, so that means stay numbers."""
BINS = 64
OWN = "Intensities of both images are mapped to [0, 1] each by its own percentiles."
SHARED = (
    "Intensities of both images are mapped to [0, 1] by the reference's least and largest value."
)
AS_THEY_ARE = "Intensities of both images are taken as they are, 0 as black and 1 as white."
MEASURES = (
    "SSIM is that of Wang et al. 2004 in each slice (Gaussian, sigma 1.5), PSNR and "
    f"MAE are of the range 1 (no difference at all counts as {BEST_PSNR:g} dB), MI is the mutual "
    f"information of {BINS} by {BINS} intensities in bits."
)
RULE = f"{OWN} Where either shows a body: {MEASURES}"
FAINT = 0.05
"""Of the range of values: what is darker is background."""
TAIL = 0.5
"""Per cent of the values at either end that become black and white."""
IMAGE_METRICS = ("ssim", "psnr", "mae", "mi")
IMAGE_WORDS = {"ssim": "SSIM", "psnr": "PSNR", "mae": "MAE", "mi": "MI"}
IMAGE_UNITS = {"psnr": "dB", "mi": "bits"}
HIGHER_IS_BETTER = {"ssim": True, "psnr": True, "mae": False, "mi": True}
Image = NDArray[np.float32]


@dataclass(frozen=True)
class ImageScore:
    """One image against another.

    Attributes:
        ssim: At most 1.
        psnr: In dB.
        mae: In [0, 1].
        mi: In bits.
    """

    ssim: float
    psnr: float
    mae: float
    mi: float


def intensity_range(
    values: NDArray[np.floating], dark: float = TAIL, bright: float = TAIL
) -> tuple[float, float, float]:
    """The values of an image that become 0 and 1, and up to which it is background.

    Args:
        dark: Per cent of all values that become 0.
        bright: Per cent of what is no background that becomes 1.
    """
    low, high = (float(v) for v in np.percentile(values, (dark, 100 - bright)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    background = low + FAINT * (high - low)
    body = values[values > background]
    # Of the body alone: in a wide dark margin half a per cent of all is much of what matters.
    if body.size:
        high = max(high, float(np.percentile(body, 100 - bright)))
    return low, high, background


def compare_images(found: Image, truth: Image, body: NDArray[np.bool_]) -> ImageScore:
    """Scores of slices (n, H, W) where `body` is; the reference is in [0, 1].

    Raises:
        ValueError: Shapes differ, or there is no body.
    """
    if found.shape != truth.shape or body.shape != truth.shape or found.ndim != 3:
        raise ValueError(f"{found.shape} against {truth.shape} in {body.shape}")
    if not body.any():
        raise ValueError("nothing to compare")
    ours, theirs = found[body].astype(np.float64), truth[body].astype(np.float64)
    error = float(np.mean((ours - theirs) ** 2))
    psnr = min(BEST_PSNR, -10 * math.log10(error)) if error > 0 else BEST_PSNR
    return ImageScore(
        structural_similarity(found, truth, body), psnr, float(np.abs(ours - theirs).mean()),
        mutual_information(np.clip(ours, 0, 1), np.clip(theirs, 0, 1)),
    )  # fmt: skip


def structural_similarity(found: Image, truth: Image, body: NDArray[np.bool_]) -> float:
    """Mean over the body of each slice's SSIM map; smaller windows where slices are small."""
    from skimage import metrics

    total = 0.0
    for ours, theirs, inside in zip(found, truth, body, strict=True):
        if not inside.any():
            continue
        side = min(2 * RADIUS + 1, min(ours.shape) - 1 + min(ours.shape) % 2)
        _, local = metrics.structural_similarity(
            theirs.astype(np.float64), ours.astype(np.float64), win_size=side, data_range=1.0,
            gaussian_weights=side == 2 * RADIUS + 1, sigma=SIGMA, use_sample_covariance=False,
            full=True,
        )  # fmt: skip
        total += float(local[inside].sum())
    return total / int(body.sum())


def mutual_information(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Of intensities in [0, 1], pixel by pixel, in bits."""
    from scipy.stats import entropy

    joint, _, _ = np.histogram2d(one, other, BINS, ((0, 1), (0, 1)))
    sides = (joint.sum(axis=1), joint.sum(axis=0), joint.ravel())
    ours, theirs, both = (float(entropy(counts, base=2)) for counts in sides)
    return ours + theirs - both
