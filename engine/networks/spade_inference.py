"""The noise predictor arranged for inference on a CPU: the same numbers, fewer trips to memory.

At full resolution the network is bound by memory, not arithmetic. So batch norms are folded
into their neighbours, and the pointwise parts run over blocks of pixels small enough to stay in
the cache from normalisation to the 1x1 convolution. What the mask contributes is kept as one
row for each distinct neighbourhood and gathered block by block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.networks.neighbourhoods import MaskBranch, Windows, convolve
from engine.networks.spade_unet import PointwiseBlock, SpadeBlock, SpadeUNet

BLOCK_VALUES = 2**18
"""Values of a block's widest input; a megabyte in float32."""

EPS = 1e-5


@dataclass(frozen=True)
class Rows:
    """Per-pixel vectors, stored once for each distinct one.

    Attributes:
        table: (U, K).
        index: (B, P) int32, row of each pixel; None where row p of image b is b P + p.
        pixels: P.
    """

    table: Tensor
    index: Tensor | None
    pixels: int

    @property
    def images(self) -> int:
        return len(self.table) // self.pixels if self.index is None else len(self.index)

    def block(self, image: int, start: int, stop: int) -> Tensor:
        """(stop - start, K) of one image; image 0 where one mask serves a whole batch."""
        image = image if self.images > 1 else 0
        if self.index is None:
            return self.table[image * self.pixels + start : image * self.pixels + stop]
        return self.table.index_select(0, self.index[image, start:stop])


@dataclass(frozen=True)
class LevelRows:
    """One decoder level: [scale, shift, skip scale, skip shift] and, after it, [scale, shift]."""

    outer: Rows
    inner: Rows


def mask_rows(mask: Tensor, blocks: Sequence[SpadeBlock]) -> tuple[LevelRows, ...]:
    """What the mask (B, 1, H, W) contributes to every step, coarsest level first."""
    levels = []
    for i, block in enumerate(blocks):
        factor = 2 ** (len(blocks) - 1 - i)
        size = (mask.shape[-2] // factor, mask.shape[-1] // factor)
        resized = mask if factor == 1 else F.interpolate(mask, size=size, mode="nearest")
        into, mid, skip = block.affines
        windows = Windows.of(resized)
        levels.append(
            LevelRows(_rows(resized, windows, (into, skip)), _rows(resized, windows, (mid,)))
        )
    return tuple(levels)


def _rows(mask: Tensor, windows: Windows | None, branches: Sequence[MaskBranch]) -> Rows:
    pixels = mask.shape[-2] * mask.shape[-1]
    parts: list[Tensor] = []
    for branch in branches:
        if windows is None:
            gamma, beta = (v.permute(0, 2, 3, 1).flatten(0, 2) for v in convolve(mask, branch))
        else:
            gamma, beta = windows.table(branch)
        parts += [1 + gamma, beta]
    index = None if windows is None else windows.index.flatten(1).to(torch.int32)
    return Rows(torch.cat(parts, dim=1), index, pixels)


def _affine_of(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Batch norm in eval mode is y = x scale + shift."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


class _Pointwise:
    """`PointwiseBlock` over blocks of pixels, plus the time term."""

    def __init__(self, block: PointwiseBlock) -> None:
        first, second, side = (_linear_of(c) for c in (block.main[0], block.main[3], block.side[0]))
        scale, shift = _affine_of(block.main[2])
        self.hidden = len(first[1])
        self.weight_in = torch.cat([first[0], side[0]], dim=1)
        self.bias_in = torch.cat([first[1], side[1]])
        self.weight_out = second[0] * scale[:, None]
        self.bias_out = second[1] + shift @ second[0]
        self.scale_main, shift_main = _affine_of(block.main[5])
        self.scale_side, shift_side = _affine_of(block.side[2])
        self.shift = shift_main + shift_side

    def __call__(self, x: Tensor, time: Tensor) -> Tensor:
        """x (B, H, W, inputs), time (B, outputs) -> (B, H, W, outputs)."""
        flat = x.flatten(1, 2)
        out = x.new_empty(*flat.shape[:2], len(self.shift))
        for image, start, stop in _blocks(flat):
            y = F.relu_(torch.addmm(self.bias_in, flat[image, start:stop], self.weight_in))
            main = F.relu_(torch.addmm(self.bias_out, y[:, : self.hidden], self.weight_out))
            target = out[image, start:stop]
            torch.addcmul(self.shift + time[image], main, self.scale_main, out=target)
            target.addcmul_(y[:, self.hidden :], self.scale_side)
        return out.view(*x.shape[:3], -1)


class _Spade:
    """`SpadeBlock` over blocks of pixels; takes its two inputs without joining them first."""

    def __init__(self, block: SpadeBlock) -> None:
        self.weight_in, self.bias_in = _linear_of(block.conv_in)
        self.weight_mid, self.bias_mid = _linear_of(block.conv_mid)
        self.weight_skip, self.bias_skip = _linear_of(block.conv_skip)

    def __call__(self, up: Tensor, skip: Tensor, rows: LevelRows, time: Tensor) -> Tensor:
        """up, skip (B, H, W, C), time (B, outputs) -> (B, H, W, outputs)."""
        a, b = up.flatten(1, 2), skip.flatten(1, 2)
        channels, outputs = a.shape[2] + b.shape[2], len(self.bias_in)
        main = a.new_empty(*a.shape[:2], outputs)
        out = torch.empty_like(main)
        scale_a, shift_a = _instance_norm(a)
        scale_b, shift_b = _instance_norm(b)
        scale, shift = torch.cat([scale_a, scale_b], 1), torch.cat([shift_a, shift_b], 1)
        for image, start, stop in _blocks(a, channels):
            x = torch.cat([a[image, start:stop], b[image, start:stop]], dim=1)
            x = torch.addcmul(shift[image], x, scale[image])
            r = rows.outer.block(image, start, stop).split(channels, dim=1)
            h = F.silu(torch.addcmul(r[1], x, r[0]), inplace=True)
            torch.addmm(self.bias_in, h, self.weight_in, out=main[image, start:stop])
            h = F.silu(torch.addcmul(r[3], x, r[2]), inplace=True)
            bias = self.bias_skip + time[image]
            torch.addmm(bias, h, self.weight_skip, out=out[image, start:stop])
        scale, shift = _instance_norm(main)
        for image, start, stop in _blocks(main, channels):
            x = torch.addcmul(shift[image], main[image, start:stop], scale[image])
            r = rows.inner.block(image, start, stop).split(outputs, dim=1)
            h = F.silu(torch.addcmul(r[1], x, r[0]), inplace=True)
            out[image, start:stop].add_(torch.addmm(self.bias_mid, h, self.weight_mid))
        return out.view(*up.shape[:3], -1)


def _linear_of(conv: nn.Module) -> tuple[Tensor, Tensor]:
    """A 1x1 convolution as (inputs, outputs) matrix and bias."""
    assert isinstance(conv, nn.Conv2d)
    assert conv.bias is not None
    return conv.weight[:, :, 0, 0].t().contiguous(), conv.bias


def _instance_norm(x: Tensor) -> tuple[Tensor, Tensor]:
    """x (B, P, C) -> scale and shift (B, C) that give each channel mean 0 and variance 1."""
    variance, mean = torch.var_mean(x, dim=1, correction=0)
    scale = torch.rsqrt(variance + EPS)
    return scale, -mean * scale


def _blocks(x: Tensor, channels: int = 0) -> list[tuple[int, int, int]]:
    """(image, start, stop) over x (B, P, C)."""
    step = max(1, BLOCK_VALUES // (channels or x.shape[2]))
    return [
        (image, start, min(start + step, x.shape[1]))
        for image in range(len(x))
        for start in range(0, x.shape[1], step)
    ]


def _folded(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight and bias of conv + batch norm as one convolution."""
    assert isinstance(layer, nn.Sequential)
    conv = layer[0]
    assert isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
    assert conv.bias is not None
    scale, shift = _affine_of(layer[1])
    outputs_first = isinstance(conv, nn.Conv2d)
    weight = conv.weight * scale.view((-1, 1, 1, 1) if outputs_first else (1, -1, 1, 1))
    return weight.contiguous(memory_format=torch.channels_last), conv.bias * scale + shift


class CpuSpadeUNet:
    """The same function as a `SpadeUNet` in eval mode.

    Args:
        model: In eval mode on the CPU, in the type to compute in; read once, not changed.
    """

    def __init__(self, model: SpadeUNet) -> None:
        self.divisor = model.divisor
        self._blocks = [b for b in model.decoder if isinstance(b, SpadeBlock)]
        with torch.inference_mode():
            self._time = model.time
            self._stem = model.stem
            self._head = model.head
            self._encoder = [_Pointwise(b) for b in model.encoder if isinstance(b, PointwiseBlock)]
            self._decoder = [_Spade(b) for b in self._blocks]
            self._encoder_time = list(model.encoder_time)
            self._decoder_time = list(model.decoder_time)
            self._down = [_folded(d) for d in model.down]
            self._up = [_folded(u) for u in model.up]

    @torch.inference_mode()
    def modulation(self, mask: Tensor) -> tuple[LevelRows, ...]:
        """What the mask (B or 1, 1, H, W) contributes to every step."""
        return mask_rows(mask, self._blocks)

    @torch.inference_mode()
    def __call__(self, x: Tensor, t: Tensor, modulation: tuple[LevelRows, ...]) -> Tensor:
        """x (B, 1, H, W), t (B,) -> eps (B, 1, H, W)."""
        time = self._time[1:](self._time[0](t).to(x.dtype))
        h = self._stem(x.contiguous(memory_format=torch.channels_last))
        skips: list[Tensor] = []
        for block, linear, (weight, bias) in zip(
            self._encoder, self._encoder_time, self._down, strict=True
        ):
            y = block(h.permute(0, 2, 3, 1), F.silu(linear(time)))
            skips.append(y)
            h = F.relu_(F.conv2d(y.permute(0, 3, 1, 2), weight, bias, 2, 1))
        for spade, linear, (weight, bias), rows in zip(
            self._decoder, self._decoder_time, self._up, modulation, strict=True
        ):
            up = F.relu_(F.conv_transpose2d(h, weight, bias, 2, 1)).permute(0, 2, 3, 1)
            y = spade(up, skips.pop(), rows, F.silu(linear(time)))
            h = y.permute(0, 3, 1, 2)
        return self._head(h)
