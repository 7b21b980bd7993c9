"""From a network's output to the image and the noise it implies, clipped if wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from engine.diffusion.process import PredictionType

Predict = Callable[[Tensor, Tensor], Tensor]

ClipMode = Literal["none", "x_t", "x0", "dynamic", "unit"]
"""What a sampler keeps in the range of the images, [-1, 1] but for the last.

- none: nothing.
- x_t: the state, after every step; AdaptDiff's published behaviour.
- x0: the estimate x0_hat, before it is used ("static thresholding").
- dynamic: x0_hat, clamped at its own 99.5th percentile of magnitude and divided by that where
  it exceeds 1 (Imagen, Saharia et al. 2022, section 2.3).
- unit: the estimate x0_hat, of images that lie in [0, 1].
"""

_DYNAMIC_QUANTILE = 0.995


def estimate(
    output: Tensor, x_t: Tensor, alpha_bar: float, prediction: PredictionType, clip: ClipMode
) -> tuple[Tensor, Tensor]:
    """The clean image and the noise that make up x_t according to the network.

    Args:
        output: The network's output, (B, C, ...), perhaps in a lower precision than x_t.
        x_t: The state it was computed from, same shape.
        alpha_bar: Its signal level, below 1; above 0 when `prediction` is eps.
        prediction: What the output means.
        clip: x0, dynamic and unit act here, on the image; the noise follows the clipped image.

    Returns:
        x0_hat and eps, with x_t = sqrt(alpha_bar) x0_hat + sqrt(1 - alpha_bar) eps.
    """
    output = output.to(x_t.dtype)
    signal, sigma = math.sqrt(alpha_bar), math.sqrt(1.0 - alpha_bar)
    if prediction == "eps":
        x0, eps = torch.sub(x_t, output, alpha=sigma).mul_(1.0 / signal), output
    elif prediction == "v":
        x0 = (signal * x_t).sub_(output, alpha=sigma)
        eps = (sigma * x_t).add_(output, alpha=signal)
    else:
        x0, eps = output, torch.sub(x_t, output, alpha=signal).mul_(1.0 / sigma)
    if clip in ("x0", "dynamic", "unit"):
        low = 0.0 if clip == "unit" else -1.0
        x0 = _dynamic_threshold(x0) if clip == "dynamic" else x0.clamp(low, 1.0)
        eps = torch.sub(x_t, x0, alpha=signal).mul_(1.0 / sigma)
    return x0, eps


def clip_state(x_t: Tensor, clip: ClipMode) -> Tensor:
    """The state after a step: clamped to [-1, 1] if `clip` is x_t."""
    return x_t.clamp(-1.0, 1.0) if clip == "x_t" else x_t


def _dynamic_threshold(x0: Tensor) -> Tensor:
    magnitude = x0.abs().flatten(1)
    # kthvalue and not quantile, which refuses more than 16 million values: a volume has more.
    rank = math.ceil(_DYNAMIC_QUANTILE * magnitude.shape[1])
    limit = magnitude.kthvalue(rank, dim=1).values.clamp(min=1.0)
    limit = limit.reshape(-1, *[1] * (x0.dim() - 1))
    return torch.minimum(torch.maximum(x0, -limit), limit) / limit
