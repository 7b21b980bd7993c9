"""Dropout that a CPU does fast; on other devices it is torch's own.

torch draws dropout's mask on a CPU one float at a time: between convolutions of 16 features that
takes as long as the convolution.
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


class _Dropped(torch.autograd.Function):
    """Zeros in place of a share of the values; what stays is as it was."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float) -> Tensor:
        # Four 16-bit numbers a draw, laid out as the values are.
        draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        numbers = draws.view(torch.int16).as_strided(x.shape, x.stride())
        gone = numbers < round(p * LEVELS) - LEVELS // 2
        ctx.save_for_backward(gone)
        return x.masked_fill(gone, 0.0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gone,) = ctx.saved_tensors
        return gradients[0].masked_fill(gone, 0.0), None
