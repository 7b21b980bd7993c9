"""The residual U-Net that AdaptDiff segments with (arXiv 2410.04648, section 2.1)."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (8, 32, 32, 64, 64, 16)


class ResidualBlock(nn.Module):
    """1x1 alignment a, then ReLU(a + conv-BN-ELU-conv-BN(a)).

    (B, inputs, H, W) -> (B, outputs, H, W).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.align = nn.Conv2d(inputs, outputs, 1)
        self.convs = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ELU(),
            nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = self.align(x)
        return F.relu(x + self.convs(x))


def resample(
    channels: int, convolution: type[nn.Conv2d] | type[nn.ConvTranspose2d]
) -> nn.Sequential:
    """4x4, stride 2 (down by convolution, up by its transpose), BN, ELU."""
    return nn.Sequential(
        convolution(channels, channels, 4, 2, 1), nn.BatchNorm2d(channels), nn.ELU()
    )


class ResidualUNet(nn.Module):
    """Image (B, inputs, H, W) -> logits (B, classes, H, W); H and W divisible by `divisor`.

    Args:
        channels: features at full, 1/2, ... resolution; as many halvings as entries.
    """

    def __init__(
        self, channels: tuple[int, ...] = CHANNELS, inputs: int = 1, classes: int = 2
    ) -> None:
        super().__init__()
        self.config = {"channels": list(channels), "inputs": inputs, "classes": classes}
        self.divisor = 2 ** len(channels)
        widths = [inputs, *channels]
        self.encoder = nn.ModuleList(ResidualBlock(a, b) for a, b in itertools.pairwise(widths))
        self.down = nn.ModuleList(resample(c, nn.Conv2d) for c in channels)
        self.up = nn.ModuleList(resample(c, nn.ConvTranspose2d) for c in reversed(channels))
        outputs = [*reversed(channels[:-1]), classes]
        self.decoder = nn.ModuleList(
            ResidualBlock(2 * a, b) for a, b in zip(reversed(channels), outputs, strict=True)
        )

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, classes, H, W); bottleneck (B, channels[-1], H / divisor, W / divisor)."""
        skips: list[Tensor] = []
        for block, down in zip(self.encoder, self.down, strict=True):
            x = block(x)
            skips.append(x)
            x = down(x)
        latent = x
        for up, block in zip(self.up, self.decoder, strict=True):
            x = block(torch.cat([up(x), skips.pop()], dim=1))
        return x, latent

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)[0]
