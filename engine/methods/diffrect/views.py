"""The two views of a slice: both flipped and turned, the strong one also changed in its values.

As in the release: flips and, in half of the cases, a turn by 0 to 358 whole degrees with black
beyond the edges; for the strong view contrast, sharpness and brightness raised by up to 10 %, each
in half of the cases and in any order, and in half of them a Gaussian blur of up to 1 px.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.ndimage import convolve, gaussian_filter
from torch import Tensor

CHANCE = 0.5
TURNS = 359
MOST_RAISED = 0.1
MOST_BLUR = 1.0
SMOOTHING = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
"""What sharpness is measured against."""

Slice = NDArray[np.float32]


def two_views(
    images: Tensor, labels: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Weak view, strong view, labels.

    Args:
        images: (B, C, S, S) float32 in [0, 1].
        labels: (B, S, S) int64.
    """
    weak, moved = _moved(images, labels, rng)
    strong = np.stack([_changed(image, rng) for image in weak.numpy()])
    return weak, torch.from_numpy(strong), moved


def _moved(images: Tensor, labels: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Flipped and turned about the centre."""
    ways = torch.from_numpy(np.stack([_way_back(rng) for _ in range(len(images))]))
    grid = F.affine_grid(ways, [len(images), 1, *images.shape[2:]], align_corners=False)
    turned = F.grid_sample(images, grid, "bilinear", "zeros", align_corners=False)
    plain = labels[:, None].to(images.dtype)
    found = F.grid_sample(plain, grid, "nearest", "zeros", align_corners=False)
    return turned.clamp_(0.0, 1.0), found[:, 0].long()


def _way_back(rng: np.random.Generator) -> NDArray[np.float32]:
    """(2, 3), from a pixel of the view to where it comes from, both in [-1, 1]."""
    flips = np.where(rng.random(2) < CHANCE, -1.0, 1.0)
    angle = math.radians(rng.integers(TURNS)) if rng.random() < CHANCE else 0.0
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return np.concatenate([turn * flips, np.zeros((2, 1))], axis=1).astype(np.float32)


def _changed(image: Slice, rng: np.random.Generator) -> Slice:
    """(C, S, S) with other values."""
    for which in rng.permutation(3):
        factor = 1.0 + rng.random() * MOST_RAISED
        if rng.random() < CHANCE:
            continue
        if which == 0:
            ground = image.mean()
        elif which == 1:
            ground = np.zeros((), np.float32)
        else:
            ground = np.stack([convolve(c, SMOOTHING, mode="nearest") for c in image])
        image = ground + np.float32(factor) * (image - ground)
    if rng.random() < CHANCE:
        image = gaussian_filter(image, rng.random() * MOST_BLUR, axes=(1, 2))
    return np.asarray(image, np.float32)
