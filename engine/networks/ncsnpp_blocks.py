"""The parts of cDAL's generator: BigGAN residual blocks steered by a latent, and attention.

Layers after NCSN++ (Song et al. 2021, arXiv 2011.13456) with the adaptive group norm of
Denoising Diffusion GANs (Xiao et al. 2022, arXiv 2112.07804).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks import fir

Resample = Literal["none", "down", "up"]
HALF = math.sqrt(0.5)
"""Sums of two branches are scaled by this, so that their variance stays."""
ALMOST_ZERO = 1e-5
"""Gain of a branch's last layer at the start: the branch contributes next to nothing."""
MOST_GROUPS = 32


def groups_of(channels: int) -> int:
    """Groups of a normalisation: one for four channels, at most 32, a divisor of `channels`."""
    groups = max(1, min(channels // 4, MOST_GROUPS))
    while channels % groups:
        groups -= 1
    return groups


def start(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Conv2d | nn.Linear:
    """Initial weights of variance 1 / mean(fan in, fan out), bias 0."""
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def convolution(inputs: int, outputs: int, size: int = 3, gain: float = 1.0) -> nn.Conv2d:
    """A convolution that keeps the sides."""
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2)
    start(layer, gain)
    return layer


def silu(x: Tensor) -> Tensor:
    """SiLU of a map that nobody else needs: in its place, unless a gradient wants it."""
    return F.silu(x, inplace=not torch.is_grad_enabled())


class PixelNorm(nn.Module):
    """z / sqrt(mean(z^2) + 1e-8) over the features of (B, N)."""

    def forward(self, z: Tensor) -> Tensor:
        return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)


class AdaptiveNorm(nn.Module):
    """Group norm whose scale and shift the latent gives: gamma(w) norm(x) + beta(w).

    x (B, C, H, W), w (B, style) -> (B, C, H, W).
    """

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.groups = groups_of(channels)
        self.style = nn.Linear(style, 2 * channels)
        start(self.style)
        with torch.no_grad():
            self.style.bias[:channels] = 1

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        gamma, beta = self.style(w).chunk(2, dim=1)
        if x.shape[0] == 1:  # one pass over the map
            return F.group_norm(x, self.groups, gamma[0], beta[0], eps=1e-6)
        normalised = F.group_norm(x, self.groups, eps=1e-6)
        return torch.addcmul(beta[:, :, None, None], normalised, gamma[:, :, None, None])


class ResidualBlock(nn.Module):
    """norm-SiLU-(resample)-conv + time, norm-SiLU-conv, plus the input; both over sqrt 2.

    x (B, inputs, H, W), time (B, T) after its SiLU, w (B, style) -> (B, outputs, H', W').
    """

    def __init__(
        self, inputs: int, outputs: int, time: int, style: int, resample: Resample = "none"
    ) -> None:
        super().__init__()
        self.resample: Resample = resample
        self.norm_in = AdaptiveNorm(inputs, style)
        self.conv_in = convolution(inputs, outputs)
        self.time = start(nn.Linear(time, outputs))
        self.norm_mid = AdaptiveNorm(outputs, style)
        self.conv_mid = convolution(outputs, outputs, gain=ALMOST_ZERO)
        self.skip: nn.Conv2d | None = None
        if inputs != outputs or resample != "none":
            self.skip = nn.Conv2d(inputs, outputs, 1)
            start(self.skip)

    def forward(self, x: Tensor, time: Tensor, w: Tensor) -> Tensor:
        h = silu(self.norm_in(x, w))
        if self.resample == "down":
            h, x = fir.downsample(h), fir.downsample(x)
        elif self.resample == "up":
            h = fir.upsample(h)
        shift = self.time(time)
        if shift.shape[0] == 1:  # one time for the whole batch is a part of the bias
            assert self.conv_in.bias is not None
            h = F.conv2d(h, self.conv_in.weight, self.conv_in.bias + shift[0], padding=1)
        else:
            h = self.conv_in(h).add_(shift[:, :, None, None])
        h = self.conv_mid(silu(self.norm_mid(h, w)))
        return h.add_(self._shortcut(x)).mul_(HALF)

    def _shortcut(self, x: Tensor) -> Tensor:
        if self.skip is None:
            return x
        if self.resample != "up":
            return self.skip(x)
        # A 1x1 convolution and the filter change places: a quarter of the work.
        assert self.skip.bias is not None
        return fir.upsample(F.conv2d(x, self.skip.weight)).add_(self.skip.bias[:, None, None])


class AttentionBlock(nn.Module):
    """One head over all pixels: x + project(softmax(q k / sqrt C) v), over sqrt 2.

    (B, C, H, W) -> the same shape.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups_of(channels), channels, eps=1e-6)
        self.query, self.key, self.value = (
            start(nn.Linear(channels, channels), math.sqrt(0.1)) for _ in range(3)
        )
        self.project = start(nn.Linear(channels, channels), ALMOST_ZERO)

    def forward(self, x: Tensor) -> Tensor:
        pixels = self.norm(x).flatten(2).transpose(1, 2)[:, None]  # (B, 1, H W, C)
        q, k, v = self.query(pixels), self.key(pixels), self.value(pixels)
        h = self.project(F.scaled_dot_product_attention(q, k, v))
        return (x + h[:, 0].transpose(1, 2).reshape(x.shape)) * HALF


class PyramidDown(nn.Module):
    """Filter, then a 3x3 convolution of stride 2: (B, inputs, H, W) -> (B, outputs, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=2)
        start(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(fir.smooth(x, pad=2))


class ImageBlock(nn.Module):
    """Of the image's encoder: x + norm-SiLU-conv-norm-SiLU-conv(x); (B, C, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        groups = math.gcd(channels, MOST_GROUPS)
        last = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(
            nn.GroupNorm(groups, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(groups, channels), nn.SiLU(), last,
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)
