"""Resampling by two with the filter [1, 3, 3, 1], as in StyleGAN2 (Karras et al. 2020).

The published code stuffs zeros between pixels, filters at the high resolution and drops every
other pixel. One strided depthwise convolution gives the same numbers, without the work on zeros
and on pixels that are dropped. Outside the image is zero.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

TAPS = (1.0, 3.0, 3.0, 1.0)


def filter_of(like: Tensor, gain: float = 1.0) -> Tensor:
    """The separable filter as (4, 4) of the type and device of `like`, summing to `gain`."""
    taps = torch.tensor(TAPS, dtype=like.dtype, device=like.device)
    kernel = torch.outer(taps, taps)
    return kernel * (gain / kernel.sum())


def downsample(x: Tensor, pad: int = 1) -> Tensor:
    """Filter and keep every second pixel: (B, C, H, W) -> (B, C, H/2, W/2) with even H and W.

    Args:
        pad: Zeros around the image; 1 keeps the two grids centred.
    """
    channels = x.shape[1]
    weight = filter_of(x).expand(channels, 1, 4, 4)
    return F.conv2d(x, weight, stride=2, padding=pad, groups=channels)


def smooth(x: Tensor, pad: int) -> Tensor:
    """Filter alone: (B, C, H, W) -> (B, C, H + 2 pad - 3, W + 2 pad - 3)."""
    channels = x.shape[1]
    return F.conv2d(x, filter_of(x).expand(channels, 1, 4, 4), padding=pad, groups=channels)


def upsample(x: Tensor) -> Tensor:
    """Put pixels between pixels: (B, C, H, W) -> (B, C, 2H, 2W)."""
    channels = x.shape[1]
    weight = filter_of(x, 4.0).expand(channels, 1, 4, 4)
    return F.conv_transpose2d(x, weight, stride=2, padding=1, groups=channels)
