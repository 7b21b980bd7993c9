"""cDAL's generator: from noisy labels, a time, a latent and an image's features to clean labels.

NCSN++ (Song et al. 2021) with a latent (Xiao et al. 2022), as cDAL conditions it on an image
(Hejrati et al., MICCAI 2024). What the image contributes depends on neither x_t, t nor z:
`NCSNpp.encode` computes it once an image, for all steps and votes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks.ncsnpp_blocks import (
    ALMOST_ZERO,
    HALF,
    AttentionBlock,
    ImageBlock,
    PixelNorm,
    PyramidDown,
    ResidualBlock,
    convolution,
    groups_of,
    start,
)
from engine.networks.spade_unet import SinusoidalTime


@dataclass(frozen=True)
class GeneratorConfig:
    """The network's size; defaults are the published chest X-ray network's.

    Attributes:
        labels: Channels of the label map: 1 for a foreground, else one a class.
        image_channels: 1 grey, 3 colour.
        image_size: Side that it was made for; tells where attention goes.
        width: Features at full resolution.
        multipliers: Features at full, 1/2, ... resolution over `width`.
        blocks: Residual blocks a resolution.
        attention: Resolutions with attention.
        encoder_layers, encoder_blocks: The image's encoder has their product of blocks.
        latent: Length of z.
        style: Length of w, what the mapping makes of z.
        mapping_layers: Layers of the mapping after its first.
    """

    labels: int = 1
    image_channels: int = 1
    image_size: int = 256
    width: int = 32
    multipliers: tuple[int, ...] = (1, 1, 2, 2, 4, 4)
    blocks: int = 1
    attention: tuple[int, ...] = (16,)
    encoder_layers: int = 3
    encoder_blocks: int = 2
    latent: int = 100
    style: int = 256
    mapping_layers: int = 3

    @property
    def divisor(self) -> int:
        """Sides of images must be multiples of it."""
        return 2 ** (len(self.multipliers) - 1)

    def attends(self, level: int) -> bool:
        """Whether a resolution has attention."""
        return self.image_size // 2**level in self.attention


def channels_last(model: nn.Module) -> None:
    """Lay convolution weights out for channels last, which CPUs and tensor cores like best."""
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


class DownLevel(nn.Module):
    """The blocks of one resolution on the way down, and the step to the next."""

    def __init__(
        self, blocks: list[ResidualBlock], attention: list[AttentionBlock],
        shrink: ResidualBlock | None, pyramid: PyramidDown | None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.attention = nn.ModuleList(attention)
        self.shrink, self.pyramid = shrink, pyramid


class UpLevel(nn.Module):
    """The blocks of one resolution on the way up, its attention, and the step to the next."""

    def __init__(
        self, blocks: list[ResidualBlock], attention: AttentionBlock | None,
        grow: ResidualBlock | None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.attention, self.grow = attention, grow


class NCSNpp(nn.Module):
    """G(x_t, t, z, features of the image) -> x0_hat.

    The published networks have 8.8 M parameters (chest X-ray) and 41.7 M (MoNuSeg).
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        c, width, time = config, config.width, 4 * config.width
        self.time = nn.Sequential(
            SinusoidalTime(width), start(nn.Linear(width, time)), nn.SiLU(),
            start(nn.Linear(time, time)), nn.SiLU(),
        )  # fmt: skip
        self.encoder = nn.Sequential(
            convolution(c.image_channels, width),
            *(
                nn.Sequential(*(ImageBlock(width) for _ in range(c.encoder_blocks)))
                for _ in range(c.encoder_layers)
            ),
        )
        mapping = [PixelNorm(), start(nn.Linear(c.latent, c.style)), nn.SiLU()]
        for _ in range(c.mapping_layers):
            mapping += [start(nn.Linear(c.style, c.style)), nn.SiLU()]
        self.mapping = nn.Sequential(*mapping)
        self.stem = convolution(c.labels, width)
        widths, channels, skips = [width * m for m in c.multipliers], width, [width]
        self.down = nn.ModuleList()
        pyramid_channels = c.labels
        for level, wide in enumerate(widths):
            blocks = []
            for _ in range(c.blocks):
                blocks.append(ResidualBlock(channels, wide, time, c.style))
                channels = wide
                skips.append(channels)
            attention = [AttentionBlock(wide) for _ in blocks] if c.attends(level) else []
            shrink = pyramid = None
            if level + 1 < len(widths):
                shrink = ResidualBlock(wide, wide, time, c.style, "down")
                pyramid, pyramid_channels = PyramidDown(pyramid_channels, wide), wide
                skips.append(wide)
            self.down.append(DownLevel(blocks, attention, shrink, pyramid))
        self.middle_in = ResidualBlock(channels, channels, time, c.style)
        self.middle_attention = AttentionBlock(channels)
        self.middle_out = ResidualBlock(channels, channels, time, c.style)
        self.up = nn.ModuleList()
        for level in reversed(range(len(widths))):
            wide, blocks = widths[level], []
            for _ in range(c.blocks + 1):
                blocks.append(ResidualBlock(channels + skips.pop(), wide, time, c.style))
                channels = wide
            grow = ResidualBlock(wide, wide, time, c.style, "up") if level else None
            self.up.append(
                UpLevel(blocks, AttentionBlock(wide) if c.attends(level) else None, grow)
            )
        self.head_norm = nn.GroupNorm(groups_of(channels), channels, eps=1e-6)
        self.head = convolution(channels, c.labels, gain=ALMOST_ZERO)

    def encode(self, image: Tensor) -> Tensor:
        """What an image contributes to every step.

        (B, image_channels, H, W) -> (B, width, H, W).
        """
        return self.encoder(image)

    def forward(
        self, x: Tensor, t: Tensor, z: Tensor,
        features: Tensor | None = None, image: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """One guess of the clean labels.

        Args:
            x: (B, labels, H, W), sides divisible by `config.divisor`.
            t: (B,) timesteps, 0 the cleanest; or (1,), one for the whole batch.
            z: (B, latent) standard normal.
            features: Of `encode`, (B, width, H, W), or (1, ...) of an image shared by the batch.
            image: What to encode where there are no features: in training, that the encoder
                takes its part in the call.

        Returns:
            x0_hat (B, labels, H, W) in (-1, 1), by a final tanh as the published networks have it.
        """
        time = self.time[1:](self.time[0](t).to(x.dtype))
        w = self.mapping(z)
        if features is None:
            assert image is not None, "features or an image"
            features = self.encode(image)
        h = self.stem(x) + features
        if self.stem.weight.is_contiguous(memory_format=torch.channels_last):
            h = h.contiguous(memory_format=torch.channels_last)
        skips = [h]
        pyramid = x
        for level in self.down:
            assert isinstance(level, DownLevel)
            for i, block in enumerate(level.blocks):
                h = block(h, time, w)
                if level.attention:
                    h = level.attention[i](h)
                skips.append(h)
            if level.shrink is not None and level.pyramid is not None:
                h = pyramid = (level.pyramid(pyramid) + level.shrink(h, time, w)) * HALF
                skips.append(h)
        h = self.middle_attention(self.middle_in(h, time, w))
        h = self.middle_out(h, time, w)
        for level in self.up:
            assert isinstance(level, UpLevel)
            for block in level.blocks:
                h = block(torch.cat([h, skips.pop()], dim=1), time, w)
            if level.attention is not None:
                h = level.attention(h)
            if level.grow is not None:
                h = level.grow(h, time, w)
        return self.head(F.silu(self.head_norm(h))).tanh()
