"""DiffRect's rectifier: a label map in, a better one out, by diffusion of its latent features.

Liu et al., DiffRect (MICCAI 2024), sections 2.1 (label context calibration) and 2.2 (latent
feature rectification). An encoder of image and coded label, whose every level is added to that of
an encoder of the image alone, ends in a bottleneck at 1/16 of the resolution. A small U-Net
denoises the bottleneck of the better label, told of the coarse one's; its answer takes the place.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks.level_unet import (
    DROPOUTS,
    TIME_WIDTH,
    WIDTHS,
    ConvBlock,
    Decoder,
    Encoder,
    TimeEmbedding,
    UpBlock,
)

CODE_CHANNELS = 3
"""Red, green and blue of the palette."""
Noised = Callable[[Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class RectifierConfig:
    """What a rectifier is built from.

    Attributes:
        inputs: Channels of the image, without those of the coded label.
        classes: With the background.
        widths, dropouts: As in `level_unet.SegmenterConfig`.
        latent_widths: Features of the denoiser at the bottleneck's resolution, half and a quarter
            of it; the first is that of the bottleneck.
    """

    inputs: int = 1
    classes: int = 4
    widths: tuple[int, ...] = WIDTHS
    dropouts: tuple[float, ...] = DROPOUTS
    latent_widths: tuple[int, ...] = (256, 384, 512)

    @property
    def divisor(self) -> int:
        """What the sides of an image have to be multiples of."""
        return 2 ** (len(self.widths) + len(self.latent_widths) - 2)


class Encoded(NamedTuple):
    """What the encoders make of an image and its coarse label.

    Attributes:
        time: Embedded distance to the better label, (B, 512).
        of_image: Features of the image alone, from fine to coarse.
        features: With the label; the last is the bottleneck.
    """

    time: Tensor
    of_image: list[Tensor]
    features: list[Tensor]


class Learned(NamedTuple):
    """What a pass of training gives.

    Attributes:
        start: The better label's bottleneck, without a gradient.
        clean: What the denoiser makes of it when it is noised.
        logits: (B, classes, H, W) with that in the bottleneck.
        encoded: Of the coarse label.
    """

    start: Tensor
    clean: Tensor
    logits: Tensor
    encoded: Encoded


class LatentDenoiser(nn.Module):
    """Noisy bottleneck (B, C, h, w), timestep (B,), condition (B, C, h, w) -> the clean one.

    The condition is added to what the last block gets from the first level, and nowhere else.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        pairs = list(itertools.pairwise(widths))
        self.time = TimeEmbedding()
        self.down = nn.ModuleList(ConvBlock(a, b, 0.0, TIME_WIDTH) for a, b in pairs)
        self.up = nn.ModuleList(UpBlock(b, a, TIME_WIDTH) for a, b in reversed(pairs))

    def forward(self, x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        time = self.time(t)
        skips = [x + condition]
        for block in self.down:
            x = block(F.max_pool2d(x, 2), time)
            skips.append(x)
        skips.pop()
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = block(x, skip, time)
        return x


class LabelRectifier(nn.Module):
    """Label codes are (B, 3, H, W) in [0, 1]; t is the distance of coarse and better label."""

    def __init__(self, config: RectifierConfig) -> None:
        super().__init__()
        self.config = config
        widths, dropouts = config.widths, config.dropouts
        self.time = TimeEmbedding()
        self.encoder = Encoder(config.inputs + CODE_CHANNELS, widths, dropouts, TIME_WIDTH)
        self.embedder = Encoder(config.inputs, widths, dropouts, TIME_WIDTH)
        self.decoder = Decoder(widths, config.classes, TIME_WIDTH)
        self.denoiser = LatentDenoiser(config.latent_widths)

    def encode(self, image: Tensor, code: Tensor, t: Tensor) -> Encoded:
        """Image (B, inputs, H, W), coded coarse label (B, 3, H, W), times (B,) in [0, 999]."""
        time = self.time(t)
        of_image = self.embedder(image, time)
        features = self.encoder(torch.cat([image, code], dim=1), time, of_image)
        return Encoded(time, of_image, features)

    def denoise(self, x_t: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        """The better label's bottleneck, from a noisy one and the coarse label's."""
        clean: Tensor = self.denoiser(x_t, t, condition)
        return clean

    def decode(self, encoded: Encoded, bottleneck: Tensor) -> Tensor:
        """Logits (B, classes, H, W), with another bottleneck in place of the coarse label's."""
        logits: Tensor = self.decoder([*encoded.features[:-1], bottleneck], encoded.time)
        return logits

    def forward(
        self, image: Tensor, coarse: Tensor, better: Tensor, t: Tensor, noised: Noised
    ) -> Learned:
        """The pass of training.

        Args:
            coarse, better: Codes.
            noised: Clean bottleneck -> noisy one and its timestep (B,).
        """
        encoded = self.encode(image, coarse, t)
        with torch.no_grad():
            both = torch.cat([image, better], dim=1)
            start = self.encoder(both, encoded.time, encoded.of_image)[-1].float()
            x_t, step = noised(start)
        clean = self.denoise(x_t, step, encoded.features[-1])
        return Learned(start, clean, self.decode(encoded, clean), encoded)
