"""Dropout and pooling that a CPU does fast; on other devices they are torch's own.

torch draws dropout's mask on a CPU one float at a time, and its pooling looks for places one by
one: between convolutions of 16 features both take as long as the convolution.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEVELS = 2**16
"""Of the random numbers that decide what is dropped: shares are true to half of 1 / LEVELS."""


def conv_of_dropped(x: Tensor, conv: nn.Conv2d, p: float, training: bool) -> Tensor:
    """conv(dropout(x)) for (B, C, H, W).

    Args:
        p: Share of the values that become 0 while `training`, in [0, 1).
    """
    if not training or p == 0.0:
        return conv(x)
    if x.device.type != "cpu":
        return conv(F.dropout(x, p))
    # What stays is enlarged by way of the weights, which are far fewer than the features.
    return F.conv2d(_Dropped.apply(x, p), conv.weight / (1.0 - p), conv.bias, padding=conv.padding)


def halved(x: Tensor) -> Tensor:
    """The largest of each 2 x 2 pixels, (B, C, H, W) -> (B, C, H / 2, W / 2); H and W even."""
    if x.device.type != "cpu":
        return F.max_pool2d(x, 2)
    return _Halved.apply(x)


class _Dropped(torch.autograd.Function):
    """Zeros in place of a share of the values; what stays is as it was."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float) -> Tensor:
        # Four 16-bit numbers a draw.
        draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        numbers = draws.view(torch.int16)[: x.numel()].view(x.shape)
        gone = numbers < round(p * LEVELS) - LEVELS // 2
        ctx.save_for_backward(gone)
        return x.masked_fill(gone, 0.0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gone,) = ctx.saved_tensors
        return gradients[0].masked_fill(gone, 0.0), None


class _Halved(torch.autograd.Function):
    """Rows first, then columns: whole rows are read at a time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        above, below = x[..., ::2, :], x[..., 1::2, :]
        rows = torch.maximum(above, below)
        left, right = rows[..., ::2], rows[..., 1::2]
        ctx.save_for_backward(above >= below, left >= right)
        return torch.maximum(left, right)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        is_above, is_left = ctx.saved_tensors
        (gradient,) = gradients
        rows = gradient.new_empty(is_above.shape)
        torch.mul(gradient, is_left, out=rows[..., ::2])
        torch.sub(gradient, rows[..., ::2], out=rows[..., 1::2])
        *batch, height, width = is_above.shape
        found = gradient.new_empty((*batch, 2 * height, width))
        torch.mul(rows, is_above, out=found[..., ::2, :])
        torch.sub(rows, found[..., ::2, :], out=found[..., 1::2, :])
        return found
