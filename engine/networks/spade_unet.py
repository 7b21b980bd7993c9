"""AdaptDiff's noise predictor: a U-Net whose decoder is modulated by the mask (SPADE).

Architecture after Hu et al., AdaptDiff (arXiv 2410.04648), section 2.2; SPADE after
Park et al. (arXiv 1903.07291). What the mask contributes does not depend on x_t or t,
so it is computed by `SpadeUNet.modulation` once a mask and handed to every step.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks.neighbourhoods import convolve, mask_affines

TIME_FEATURES = 32
MASK_FEATURES = 128
WIDTHS = (16, 32, 64, 128, 256)


class SinusoidalTime(nn.Module):
    """t (B,) -> (B, features): sines, then cosines, of frequencies 10000^(-i / (half - 1))."""

    def __init__(self, features: int = TIME_FEATURES) -> None:
        super().__init__()
        half = features // 2
        frequencies = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.frequencies: Tensor

    def forward(self, t: Tensor) -> Tensor:
        # float32 whatever the network's precision: bf16 cannot tell t = 256 from 257.
        angles = t.float()[:, None] * self.frequencies.float()[None, :]
        return torch.cat([angles.sin(), angles.cos()], dim=1)


class PointwiseBlock(nn.Module):
    """1x1 convolutions, each with ReLU and batch norm: a path of two and a path of one, summed.

    (B, inputs, H, W) -> (B, outputs, H, W).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        hidden = min(inputs, outputs)
        self.main = nn.Sequential(
            nn.Conv2d(inputs, hidden, 1), nn.ReLU(), nn.BatchNorm2d(hidden),
            nn.Conv2d(hidden, outputs, 1), nn.ReLU(), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        self.side = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.ReLU(), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x) + self.side(x)


@dataclass(frozen=True)
class Affine:
    """What a mask says about one normalised feature map: scale = 1 + gamma, shift = beta.

    Both (B, C, H, W), or (1, C, H, W) for one mask shared by a batch.
    """

    scale: Tensor
    shift: Tensor

    def __call__(self, normalised: Tensor) -> Tensor:
        return torch.addcmul(self.shift, normalised, self.scale)


class MaskAffine(nn.Module):
    """The layers that turn a mask into gamma and beta for `channels` features.

    conv 3x3 to 128, ReLU, then one 3x3 conv each; evaluated in `neighbourhoods`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.embedding = nn.Conv2d(1, MASK_FEATURES, 3, padding=1)
        self.gamma = nn.Conv2d(MASK_FEATURES, channels, 3, padding=1)
        self.beta = nn.Conv2d(MASK_FEATURES, channels, 3, padding=1)


class SpadeBlock(nn.Module):
    """Residual block of 1x1 convolutions with mask-modulated instance norm before each.

    (B, inputs, H, W) -> (B, outputs, H, W).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.affine_in = MaskAffine(inputs)
        self.conv_in = nn.Conv2d(inputs, outputs, 1)
        self.affine_mid = MaskAffine(outputs)
        self.conv_mid = nn.Conv2d(outputs, outputs, 1)
        self.affine_skip = MaskAffine(inputs)
        self.conv_skip = nn.Conv2d(inputs, outputs, 1)

    @property
    def affines(self) -> tuple[MaskAffine, MaskAffine, MaskAffine]:
        return self.affine_in, self.affine_mid, self.affine_skip

    def forward(self, x: Tensor, modulation: tuple[Affine, Affine, Affine]) -> Tensor:
        into, mid, skip = modulation
        normalised = F.instance_norm(x)  # the main path and the skip share it
        h = self.conv_in(F.silu(into(normalised)))
        h = self.conv_mid(F.silu(mid(F.instance_norm(h))))
        return h + self.conv_skip(F.silu(skip(normalised)))


Modulation = tuple[tuple[Affine, Affine, Affine], ...]
"""One triple a decoder level, coarsest first: all that the mask contributes."""


class SpadeUNet(nn.Module):
    """eps_hat(x_t, t | mask), 8.1 M parameters at the published widths.

    Args:
        widths: features at full, 1/2, ... resolution; x needs sides divisible by `divisor`.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.divisor = 2 ** (len(widths) - 1)
        pairs = list(itertools.pairwise(widths))
        self.time = nn.Sequential(
            SinusoidalTime(), nn.Linear(TIME_FEATURES, TIME_FEATURES), nn.ReLU()
        )
        self.stem = nn.Conv2d(1, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(PointwiseBlock(a, b) for a, b in pairs)
        self.encoder_time = nn.ModuleList(nn.Linear(TIME_FEATURES, b) for _, b in pairs)
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(b, b, 4, 2, 1), nn.BatchNorm2d(b), nn.ReLU()) for _, b in pairs
        )
        outputs = [a for a, _ in pairs][::-1]
        inputs = [b for _, b in pairs][::-1]
        self.up = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose2d(b, b, 4, 2, 1), nn.BatchNorm2d(b), nn.ReLU())
            for b in inputs
        )
        self.decoder = nn.ModuleList(
            SpadeBlock(2 * b, a) for a, b in zip(outputs, inputs, strict=True)
        )
        self.decoder_time = nn.ModuleList(nn.Linear(TIME_FEATURES, a) for a in outputs)
        self.head = nn.Conv2d(widths[0], 1, 1)

    def modulation(self, mask: Tensor, *, plain: bool = False) -> Modulation:
        """What the mask contributes to every step.

        Args:
            mask: (B, 1, H, W), any values; the same at every step.
            plain: convolve everywhere. By default a mask is convolved only once for each
                distinct 5x5 neighbourhood, which gives the same numbers with a fraction of
                the work where the mask is binary and mostly flat.
        """
        levels: list[tuple[Affine, Affine, Affine]] = []
        depth = len(self.decoder)
        for i, block in enumerate(self.decoder):
            assert isinstance(block, SpadeBlock)
            factor = 2 ** (depth - 1 - i)
            size = (mask.shape[-2] // factor, mask.shape[-1] // factor)
            resized = mask if factor == 1 else F.interpolate(mask, size=size, mode="nearest")
            pairs = (
                [convolve(resized, branch) for branch in block.affines]
                if plain
                else mask_affines(resized, block.affines)
            )
            into, mid, skip = (Affine(1 + gamma, beta) for gamma, beta in pairs)
            levels.append((into, mid, skip))
        return tuple(levels)

    def forward(self, x: Tensor, t: Tensor, modulation: Modulation | Tensor) -> Tensor:
        """x (B, 1, H, W), t (B,), the mask or its modulation -> eps (B, 1, H, W)."""
        if isinstance(modulation, Tensor):
            modulation = self.modulation(modulation)
        time = self.time[1:](self.time[0](t).to(x.dtype))
        skips: list[Tensor] = []
        h = self.stem(x)
        for block, linear, down in zip(self.encoder, self.encoder_time, self.down, strict=True):
            h = block(h) + F.silu(linear(time))[:, :, None, None]
            skips.append(h)
            h = down(h)
        for up, block, linear, affines in zip(
            self.up, self.decoder, self.decoder_time, modulation, strict=True
        ):
            h = block(torch.cat([up(h), skips.pop()], dim=1), affines)
            h = h + F.silu(linear(time))[:, :, None, None]
        return self.head(h)
