"""The parts of the U-Nets of Improved DDPM and of guided diffusion.

Nichol & Dhariwal 2021 (arXiv 2102.09672) and Dhariwal & Nichol 2021 (arXiv 2105.05233): residual
blocks whose second normalisation is scaled and shifted by what is known of time and label, and
attention with several heads.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks.convolution import Conv3, conv3

Resample = Literal["none", "down", "up"]
GROUPS = 32
LONGEST = 10_000.0
"""Longest wavelength of the time's sines, over 2 pi steps."""


def norm(channels: int) -> nn.GroupNorm:
    """Group norm of 32 groups, or of as many as small networks can be parted into."""
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)


def silent(layer: nn.Conv2d | nn.Linear) -> nn.Conv2d | nn.Linear:
    """The layer with weights of 0: at the start its branch contributes nothing."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def silu(x: Tensor) -> Tensor:
    """SiLU of a map that nobody else needs: in its place, unless a gradient wants it."""
    return F.silu(x, inplace=not torch.is_grad_enabled())


class TimeEmbedding(nn.Module):
    """t (B,) -> (B, features): cosines, then sines, of frequencies 10000^(-i / half)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        half = features // 2
        frequencies = torch.exp(torch.arange(half) * (-math.log(LONGEST) / half))
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.frequencies: Tensor

    def forward(self, t: Tensor) -> Tensor:
        # float32 whatever the network's precision: bf16 cannot tell t = 256 from 257.
        angles = t.float()[:, None] * self.frequencies.float()[None, :]
        return torch.cat([angles.cos(), angles.sin()], dim=1)


class ResidualBlock(nn.Module):
    """norm-SiLU-(resample)-conv, norm steered by the embedding, SiLU-conv, plus the input.

    x (B, inputs, H, W), embedding (B, E) after its SiLU -> (B, outputs, H', W').

    Args:
        scale_shift: The embedding scales and shifts what the second norm gives; else it is added
            before that norm.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        embedding: int,
        *,
        scale_shift: bool = True,
        resample: Resample = "none",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.resample: Resample = resample
        self.scale_shift = scale_shift
        self.norm_in = norm(inputs)
        self.conv_in = Conv3(inputs, outputs)
        self.embed = nn.Linear(embedding, outputs * (2 if scale_shift else 1))
        self.norm_mid = norm(outputs)
        self.dropout = nn.Dropout(dropout)
        self.conv_mid = silent(Conv3(outputs, outputs))
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = silu(self.norm_in(x))
        if self.resample != "none":
            h, x = _resampled(h, self.resample), _resampled(x, self.resample)
        h = self.conv_in(h)
        steered = self.embed(embedding)[:, :, None, None]
        if self.scale_shift:
            scale, shift = steered.chunk(2, dim=1)
            h = torch.addcmul(shift, self.norm_mid(h), 1 + scale)
        else:
            h = self.norm_mid(h + steered)
        h = self.conv_mid(self.dropout(silu(h)))
        return h.add_(self._shortcut(x))

    def _shortcut(self, x: Tensor) -> Tensor:
        if self.skip is None:
            return x
        if torch.is_grad_enabled():
            return self.skip(x)
        # A 1x1 convolution is a product of matrices, which CPUs do faster.
        if x.is_contiguous(memory_format=torch.channels_last):
            weight = self.skip.weight[:, :, 0, 0]
            return F.linear(x.permute(0, 2, 3, 1), weight, self.skip.bias).permute(0, 3, 1, 2)
        if x.device.type == "cpu" and x.is_contiguous():
            assert self.skip.bias is not None
            found = self.skip.weight[:, :, 0, 0] @ x.flatten(2)
            return found.add_(self.skip.bias[:, None]).unflatten(2, x.shape[2:])
        return self.skip(x)


class AttentionBlock(nn.Module):
    """x + project(attention over all pixels): (B, C, H, W) -> the same shape.

    The rows of `qkv` lie head by head: query, key and value of the first, then of the second.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{channels} features cannot be shared by {heads} heads")
        self.heads = heads
        self.norm = norm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = silent(nn.Linear(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        pixels = self.norm(x).flatten(2).transpose(1, 2)
        parts = self.qkv(pixels).reshape(batch, height * width, self.heads, 3, -1)
        q, k, v = parts.permute(3, 0, 2, 1, 4)  # each (B, heads, H W, C / heads)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return x + self.project(h).transpose(1, 2).reshape(x.shape)


class Downsample(nn.Module):
    """3x3 convolution of stride 2: (B, C, H, W) -> (B, C, H/2, W/2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Upsample(nn.Module):
    """Every pixel four times, then a 3x3 convolution: (B, C, H, W) -> (B, C, 2H, 2W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        assert self.conv.bias is not None
        return enlarged(x, self.conv.weight, self.conv.bias)


class AttentionPool(nn.Module):
    """One answer from all pixels: attention that the mean pixel pays to them (as in CLIP).

    (B, C, side, side) -> (B, outputs). The rows of `qkv` are all queries, all keys, all values.
    """

    def __init__(self, side: int, channels: int, heads: int, outputs: int) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{channels} features cannot be shared by {heads} heads")
        self.heads = heads
        self.positions = nn.Parameter(torch.randn(channels, side**2 + 1) / channels**0.5)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.flatten(2)
        tokens = torch.cat([pixels.mean(dim=2, keepdim=True), pixels], dim=2) + self.positions
        tokens = tokens.transpose(1, 2)
        parts = self.qkv(tokens).reshape(*tokens.shape[:2], 3, self.heads, -1)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        # Only what the mean pixel hears is used.
        h = F.scaled_dot_product_attention(q[:, :, :1], k, v)
        return self.project(h.flatten(1))


def enlarged(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A 3x3 convolution of every pixel four times, without making them four times first.

    Of the nine weights, those that meet the same pixel are added up: 2x2 remain for each of the
    four places a new pixel can have in an old one, less than half of the work.

    Args:
        x: (B, C, H, W).
        weight: (K, C, 3, 3), padding 1.
        bias: (K,).

    Returns:
        (B, K, 2H, 2W).
    """
    height, width = x.shape[2:]
    upper, lower = _merged(weight, 2)
    kernels = torch.cat([*_merged(upper, 3), *_merged(lower, 3)])
    y = conv3(x, kernels, bias.repeat(4)).chunk(4, dim=1)
    places = [
        part[:, :, row : row + height, column : column + width]
        for part, (row, column) in zip(y, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True)
    ]
    if torch.is_grad_enabled():
        return F.pixel_shuffle(torch.stack(places, dim=2).flatten(1, 2), 2)
    last = x.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if last else torch.contiguous_format
    shape = (len(x), len(weight), 2 * height, 2 * width)
    found = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout)
    for part, (row, column) in zip(places, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
        found[:, :, row::2, column::2] = part
    return found


def _merged(weight: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Three weights along an axis as the two that a first and a second new pixel see."""
    first, middle, last = weight.unbind(axis)
    return (
        torch.stack([first, middle + last], axis), torch.stack([first + middle, last], axis)
    )  # fmt: skip


def _resampled(x: Tensor, how: Resample) -> Tensor:
    if how == "down":
        return F.avg_pool2d(x, 2)
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
