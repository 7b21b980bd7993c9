"""The U-Net of guided diffusion: from a noisy image, a time and a label to noise and variance.

Nichol & Dhariwal 2021 (arXiv 2102.09672), Dhariwal & Nichol 2021 (arXiv 2105.05233). A label is a
vector that is added to that of the time, so what lies between two labels can be asked for as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.networks.convolution import FEWEST_FEATURES, pays_here
from engine.networks.guided_blocks import (
    AttentionBlock,
    Downsample,
    ResidualBlock,
    TimeEmbedding,
    Upsample,
    norm,
    silent,
    silu,
)
from engine.networks.ncsnpp import channels_last


@dataclass(frozen=True)
class GuidedConfig:
    """The network's size; defaults are those that CDM publishes for 128 x 128.

    Attributes:
        inputs: Channels of x_t, and of what may be stacked on it.
        outputs: Channels of the answer; twice those of the image with a learned variance.
        width: Features at full resolution.
        multipliers: Features at full, 1/2, ... resolution over `width`.
        blocks: Residual blocks a resolution.
        attention: By how much the image is reduced where there is attention, such as 8 and 16.
        heads: Of the attention; 0: as many as `head_channels` tells.
        head_channels: Features a head, where `heads` is 0.
        scale_shift: See `ResidualBlock`.
        block_resampling: Residual blocks resample, instead of single convolutions.
        classes: Labels that it knows; 0: it takes none.
        dropout: Share of features left out in training.
    """

    inputs: int = 1
    outputs: int = 2
    width: int = 128
    multipliers: tuple[int, ...] = (1, 1, 2, 3, 4)
    blocks: int = 3
    attention: tuple[int, ...] = (8, 16)
    heads: int = 4
    head_channels: int = 64
    scale_shift: bool = True
    block_resampling: bool = False
    classes: int = 2
    dropout: float = 0.0

    @property
    def divisor(self) -> int:
        """Sides of images must be multiples of it."""
        return 2 ** (len(self.multipliers) - 1)

    @property
    def embedding(self) -> int:
        """Length of the vectors of time and label."""
        return 4 * self.width

    def attends(self, level: int) -> bool:
        """Whether a resolution has attention."""
        return 2**level in self.attention

    def heads_of(self, channels: int) -> int:
        """Attention heads over so many features."""
        return self.heads or max(1, channels // self.head_channels)


class Level(nn.Module):
    """The blocks of one resolution, each perhaps with attention, and the step to the next."""

    def __init__(
        self,
        blocks: list[ResidualBlock],
        attention: list[AttentionBlock],
        resample: nn.Module | None,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.attention = nn.ModuleList(attention)
        self.resample = resample

    def block(self, i: int, h: Tensor, embedding: Tensor) -> Tensor:
        """One block and its attention."""
        h = self.blocks[i](h, embedding)
        return self.attention[i](h) if self.attention else h

    def step(self, h: Tensor, embedding: Tensor) -> Tensor:
        """To the next resolution."""
        assert self.resample is not None
        if isinstance(self.resample, ResidualBlock):
            return self.resample(h, embedding)
        return self.resample(h)


class GuidedEncoder(nn.Module):
    """Time, stem, the way down and the middle: what U-Net and classifier have in common."""

    def __init__(self, config: GuidedConfig) -> None:
        super().__init__()
        self.config = config
        c, length = config, config.embedding
        self.time = nn.Sequential(
            TimeEmbedding(c.width), nn.Linear(c.width, length), nn.SiLU(), nn.Linear(length, length)
        )
        self.stem = nn.Conv2d(c.inputs, c.width, 3, padding=1)
        channels = c.width
        # Features of what the way up gets from the way down, first to last.
        self.skips = [channels]
        self.down = nn.ModuleList()
        for level, multiplier in enumerate(c.multipliers):
            wide, blocks = c.width * multiplier, []
            for _ in range(c.blocks):
                blocks.append(_residual(c, channels, wide))
                channels = wide
                self.skips.append(channels)
            shrink: nn.Module | None = None
            if level < len(c.multipliers) - 1:
                shrink = Downsample(channels)
                if c.block_resampling:
                    shrink = _residual(c, channels, channels, "down")
                self.skips.append(channels)
            self.down.append(Level(blocks, _attention(c, level, channels, c.blocks), shrink))
        self.middle_in = _residual(c, channels, channels)
        self.middle_attention = AttentionBlock(channels, c.heads_of(channels))
        self.middle_out = _residual(c, channels, channels)
        self.channels = channels

    def embed(self, t: Tensor) -> Tensor:
        """Timesteps (B,) -> vectors (B, embedding), before the SiLU of the blocks."""
        return self.time[1:](self.time[0](t).to(self.stem.weight.dtype))

    def encode(self, x: Tensor, embedding: Tensor) -> tuple[Tensor, list[Tensor]]:
        """x (B, inputs, H, W), the activated embedding -> the middle, and what is skipped."""
        h = self.stem(x)
        # The stem's own weights cannot tell: with one channel both layouts are one.
        if self.middle_in.conv_in.weight.is_contiguous(memory_format=torch.channels_last):
            h = h.contiguous(memory_format=torch.channels_last)
        skips = [h]
        for level in self.down:
            assert isinstance(level, Level)
            for i in range(len(level.blocks)):
                h = level.block(i, h, embedding)
                skips.append(h)
            if level.resample is not None:
                h = level.step(h, embedding)
                skips.append(h)
        h = self.middle_attention(self.middle_in(h, embedding))
        return self.middle_out(h, embedding), skips


class GuidedUNet(GuidedEncoder):
    """(x_t, t, label) -> noise, and with twice the channels the variance's place in its range."""

    def __init__(self, config: GuidedConfig) -> None:
        super().__init__(config)
        c = config
        self.label = nn.Embedding(c.classes, c.embedding) if c.classes else None
        channels, skips = self.channels, list(self.skips)
        self.up = nn.ModuleList()
        for level in reversed(range(len(c.multipliers))):
            wide, blocks = c.width * c.multipliers[level], []
            for _ in range(c.blocks + 1):
                blocks.append(_residual(c, channels + skips.pop(), wide))
                channels = wide
            grow: nn.Module | None = None
            if level:
                grow = _residual(c, wide, wide, "up") if c.block_resampling else Upsample(wide)
            self.up.append(Level(blocks, _attention(c, level, wide, c.blocks + 1), grow))
        self.head_norm = norm(channels)
        self.head = silent(nn.Conv2d(channels, c.outputs, 3, padding=1))

    def label_vectors(self, labels: Tensor) -> Tensor:
        """Labels (B,) from 0 to classes - 1 -> their vectors (B, embedding)."""
        assert self.label is not None, "a network without labels"
        return self.label(labels)

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """One look at a batch.

        Args:
            x: (B, inputs, H, W), sides divisible by `config.divisor`.
            t: (B,) timesteps, as the network was trained to see them.
            label: (B,) labels, or vectors (B, embedding) of `label_vectors` or between them; None
                for a network without labels.

        Returns:
            (B, outputs, H, W).
        """
        embedding = self.embed(t)
        if label is not None:
            embedding = embedding + (label if label.dim() == 2 else self.label_vectors(label))
        embedding = nn.functional.silu(embedding)
        h, skips = self.encode(x, embedding)
        for level in self.up:
            assert isinstance(level, Level)
            for i in range(len(level.blocks)):
                h = level.block(i, torch.cat([h, skips.pop()], dim=1), embedding)
            if level.resample is not None:
                h = level.step(h, embedding)
        return self.head(silu(self.head_norm(h)))


def lay_out(model: GuidedUNet) -> None:
    """Lay weights out as suits the device: channels last, which CPUs and tensor cores like best,
    unless most convolutions can be made with fewer products, which want channels first."""
    weight = model.middle_in.conv_in.weight
    plain = weight.device.type == "cpu" and weight.dtype == torch.float32
    if not (plain and model.config.width >= FEWEST_FEATURES and pays_here()):
        channels_last(model)


def _residual(c: GuidedConfig, inputs: int, outputs: int, way: str = "none") -> ResidualBlock:
    return ResidualBlock(
        inputs, outputs, c.embedding, scale_shift=c.scale_shift, dropout=c.dropout,
        resample="down" if way == "down" else "up" if way == "up" else "none",
    )  # fmt: skip


def _attention(c: GuidedConfig, level: int, channels: int, count: int) -> list[AttentionBlock]:
    if not c.attends(level):
        return []
    return [AttentionBlock(channels, c.heads_of(channels)) for _ in range(count)]
