"""cDAL's discriminators: was x_t made from x_{t+1} by the forward process or by the generator?

Those of Denoising Diffusion GANs (Xiao et al. 2022): residual down-blocks that know the time,
the spread over the minibatch, a linear head. Their features are what cDAL attends with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks import fir
from engine.networks.ncsnpp_blocks import HALF
from engine.networks.spade_unet import SinusoidalTime

DiscriminatorSize = Literal["large", "small"]
SLOPE = 0.2
SPREAD_GROUP = 4
"""Samples that the spread is taken over."""
BLOCKS: dict[DiscriminatorSize, tuple[tuple[int, bool], ...]] = {
    "large": ((4, True), (8, True), (8, True), (8, True), (8, True), (8, True)),
    "small": ((2, False), (4, True), (8, True), (8, True)),
}
"""Of each block: its features over `width`, and whether it halves the resolution."""


@dataclass(frozen=True)
class DiscriminatorConfig:
    """The network's size.

    Attributes:
        size: large for images of 256 and more, small for 32.
        labels: Channels of each of the two label maps.
        width: Features; the first map has twice as many.
        time: Length of the embedding of t.
    """

    size: DiscriminatorSize = "large"
    labels: int = 1
    width: int = 64
    time: int = 256


class DownBlock(nn.Module):
    """LeakyReLU-conv + time, LeakyReLU-(down)-conv, plus the input's 1x1; over sqrt 2.

    (B, inputs, H, W), time (B, T) -> (B, outputs, H', W').
    """

    def __init__(self, inputs: int, outputs: int, time: int, down: bool) -> None:
        super().__init__()
        self.down = down
        self.conv_in = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv_mid = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.time = nn.Linear(time, outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        h = self.conv_in(F.leaky_relu(x, SLOPE)) + self.time(time)[:, :, None, None]
        h = F.leaky_relu(h, SLOPE)
        if self.down:
            h, x = fir.downsample(h), fir.downsample(x)
        return (self.conv_mid(h) + self.skip(x)) * HALF


class TimeDiscriminator(nn.Module):
    """D(x_t, t, x_{t+1}) -> a score, high for pairs of the forward process.

    `x_t`, `x_next`: (B, labels, H, W), x_next the noisier; `t`: (B,) timesteps, 0 the cleanest.
    """

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        width, time = config.width, config.time
        self.time = nn.Sequential(
            SinusoidalTime(time), nn.Linear(time, time), nn.LeakyReLU(SLOPE),
            nn.Linear(time, time), nn.LeakyReLU(SLOPE),
        )  # fmt: skip
        channels = 2 * width
        self.stem = nn.Conv2d(2 * config.labels, channels, 1)
        self.blocks = nn.ModuleList()
        for multiplier, down in BLOCKS[config.size]:
            self.blocks.append(DownBlock(channels, multiplier * width, time, down))
            channels = multiplier * width
        self.last = nn.Conv2d(channels + 1, channels, 3, padding=1)
        self.head = nn.Linear(channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)

    def features(self, x_t: Tensor, t: Tensor, x_next: Tensor, count: int = 0) -> list[Tensor]:
        """The feature maps (B, C_i, H_i, W_i), the stem's first; the first `count`, or all."""
        time = self.time[1:](self.time[0](t).to(x_t.dtype))
        maps = [self.stem(torch.cat([x_t, x_next], dim=1))]
        for block in self.blocks[: count - 1 if count else None]:
            maps.append(block(maps[-1], time))
        return maps

    def attention(self, x_t: Tensor, t: Tensor, x_next: Tensor, scale: int) -> Tensor:
        """Where it looks: feature map number `scale`, mean over channels, at the labels' size.

        Returns:
            (B, 1, H, W), not normalised.
        """
        chosen = self.features(x_t, t, x_next, scale + 1)[scale].mean(dim=1, keepdim=True)
        return F.interpolate(chosen, size=x_t.shape[-2:], mode="bilinear")

    def forward(self, x_t: Tensor, t: Tensor, x_next: Tensor) -> Tensor:
        """Scores (B, 1)."""
        h = self.features(x_t, t, x_next)[-1]
        h = F.leaky_relu(self.last(torch.cat([h, spread(h)], dim=1)), SLOPE)
        return self.head(h.sum(dim=(2, 3)))


def spread(h: Tensor) -> Tensor:
    """Mean standard deviation of groups of samples: (B, C, H, W) -> (B, 1, H, W)."""
    batch, _, height, width = h.shape
    group = next(g for g in range(min(batch, SPREAD_GROUP), 0, -1) if batch % g == 0)
    members = h.reshape(group, batch // group, *h.shape[1:])
    deviation = (members.var(dim=0, unbiased=False) + 1e-8).sqrt()
    mean = deviation.mean(dim=(1, 2, 3))  # one a group
    return mean.repeat(group)[:, None, None, None].expand(batch, 1, height, width)
