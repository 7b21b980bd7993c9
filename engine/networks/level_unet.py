"""A U-Net of plain convolution blocks, with or without a time embedding in each of them.

Five levels of two 3x3 convolutions with batch norm, leaky ReLU and dropout: the segmenter of
SSL4MIS and DiffRect (Liu et al., MICCAI 2024), and what DiffRect's rectifier is made of.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks.cpu_layers import conv_of_dropped

WIDTHS = (16, 32, 64, 128, 256)
DROPOUTS = (0.05, 0.1, 0.2, 0.3, 0.5)
SLOPE = 0.01
SINUSOIDS = 128
TIME_WIDTH = 512


@dataclass(frozen=True)
class SegmenterConfig:
    """What a segmenter is built from.

    Attributes:
        inputs: Channels of the image.
        classes: With the background.
        widths: Features at full, half, ... resolution.
        dropouts: Share that is dropped within the encoder's block of each level.
        transposed: Whether the decoder grows by transposed convolutions; else by a 1x1 convolution
            and linear interpolation, as the release does.
    """

    inputs: int = 1
    classes: int = 4
    widths: tuple[int, ...] = WIDTHS
    dropouts: tuple[float, ...] = DROPOUTS
    transposed: bool = False

    @property
    def divisor(self) -> int:
        """What the sides of an image have to be multiples of."""
        return 2 ** (len(self.widths) - 1)


class ConvBlock(nn.Module):
    """conv-BN-leaky ReLU, the time's share added, dropout, conv-BN-leaky ReLU.

    (B, inputs, H, W) and, with `time`, an embedding (B, time) -> (B, outputs, H, W).

    Args:
        time: Length of the embedding; 0 where there is none.
    """

    def __init__(self, inputs: int, outputs: int, dropout: float, time: int = 0) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm_in = nn.BatchNorm2d(outputs)
        self.time = nn.Linear(time, outputs) if time else None
        self.dropout = dropout
        self.conv_out = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.norm_out = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor, time: Tensor | None = None) -> Tensor:
        # In place: batch norm keeps its input for the gradient, not its output.
        x = F.leaky_relu(self.norm_in(self.conv_in(x)), SLOPE, inplace=True)
        if self.time is not None:
            assert time is not None
            x = x + self.time(F.silu(time))[:, :, None, None]
        x = conv_of_dropped(x, self.conv_out, self.dropout, self.training)
        return F.leaky_relu(self.norm_out(x), SLOPE, inplace=True)


class UpBlock(nn.Module):
    """(B, inputs, H, W) grown twofold, beside (B, outputs, 2H, 2W) -> (B, outputs, 2H, 2W)."""

    def __init__(self, inputs: int, outputs: int, time: int = 0, transposed: bool = False) -> None:
        super().__init__()
        self.transposed = transposed
        self.shrink = (
            nn.ConvTranspose2d(inputs, outputs, 2, stride=2)
            if transposed
            else nn.Conv2d(inputs, outputs, 1)
        )
        self.block = ConvBlock(2 * outputs, outputs, 0.0, time)

    def forward(self, x: Tensor, skip: Tensor, time: Tensor | None = None) -> Tensor:
        x = self.shrink(x)
        if not self.transposed:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return self.block(torch.cat([skip, x], dim=1), time)


class Encoder(nn.Module):
    """(B, inputs, H, W) -> features (B, widths[i], H / 2^i, W / 2^i), from fine to coarse."""

    def __init__(
        self, inputs: int, widths: Sequence[int], dropouts: Sequence[float], time: int = 0
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            ConvBlock(a, b, dropout, time)
            for (a, b), dropout in zip(itertools.pairwise([inputs, *widths]), dropouts, strict=True)
        )

    def forward(
        self, x: Tensor, time: Tensor | None = None, added: Sequence[Tensor] | None = None
    ) -> list[Tensor]:
        """`added`: what is added to the features of each level before the next one sees them."""
        features: list[Tensor] = []
        for level, block in enumerate(self.blocks):
            x = block(F.max_pool2d(x, 2) if level else x, time)
            if added is not None:
                x = x + added[level]
            features.append(x)
        return features


class Decoder(nn.Module):
    """Features as `Encoder` gives them -> logits (B, classes, H, W)."""

    def __init__(
        self, widths: Sequence[int], classes: int, time: int = 0, transposed: bool = False
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            UpBlock(a, b, time, transposed) for a, b in itertools.pairwise(widths[::-1])
        )
        self.head = nn.Conv2d(widths[0], classes, 3, padding=1)

    def forward(self, features: Sequence[Tensor], time: Tensor | None = None) -> Tensor:
        *skips, x = features
        for block, skip in zip(self.blocks, reversed(skips), strict=True):
            x = block(x, skip, time)
        logits: Tensor = self.head(x)
        return logits


class SegmenterUNet(nn.Module):
    """Image (B, inputs, H, W) -> logits (B, classes, H, W); sides divisible by the divisor."""

    def __init__(self, config: SegmenterConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config.inputs, config.widths, config.dropouts)
        self.decoder = Decoder(config.widths, config.classes, transposed=config.transposed)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.encoder(image))
        return logits


class TimeEmbedding(nn.Module):
    """t (B,), not only whole numbers -> (B, 512): 128 sinusoids, linear, swish, linear."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(SINUSOIDS, TIME_WIDTH)
        self.second = nn.Linear(TIME_WIDTH, TIME_WIDTH)

    def forward(self, t: Tensor) -> Tensor:
        half = SINUSOIDS // 2
        rates = torch.exp(torch.arange(half, device=t.device) * (-math.log(10_000) / (half - 1)))
        angles = t.float()[:, None] * rates
        waves = torch.cat([angles.sin(), angles.cos()], dim=1)
        embedded: Tensor = self.second(F.silu(self.first(waves)))
        return embedded
