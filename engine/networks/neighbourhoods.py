"""The mask branch of SPADE, evaluated once for each distinct 5x5 neighbourhood of a mask.

Two 3x3 convolutions see a 5x5 window. A drawn mask holds few different windows (a vessel
mask of 256 x 256 pixels some thousands), so the branch is evaluated on those and looked up
for every pixel. Same numbers as convolving everywhere, gradients included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW = 5
MAX_LEVELS = 4
"""More grey levels than this would overflow the 64-bit code of a window."""

MAX_DISTINCT = 0.5
"""Past this share of distinct windows, convolving everywhere is the cheaper way."""


class MaskBranch(Protocol):
    embedding: nn.Conv2d
    gamma: nn.Conv2d
    beta: nn.Conv2d


def window_codes(levels: Tensor, base: int) -> Tensor:
    """Level indices (B, H, W) int64 in 0..base-2 -> one int64 a pixel that names its window.

    Level base - 1 stands for "outside the image".
    """
    height, width = levels.shape[-2:]
    padded = F.pad(levels, (2, 2, 2, 2), value=base - 1)
    rows = torch.zeros_like(padded[:, :, :width])
    for j in range(WINDOW):
        rows = rows * base + padded[:, :, j : j + width]
    codes = torch.zeros_like(rows[:, :height])
    for i in range(WINDOW):
        codes = codes * base**WINDOW + rows[:, i : i + height]
    return codes


def decode_windows(codes: Tensor, base: int) -> Tensor:
    """(U,) int64 -> level indices (U, 5, 5), the inverse of `window_codes`."""
    powers = base ** torch.arange(WINDOW * WINDOW - 1, -1, -1, device=codes.device)
    return ((codes[:, None] // powers) % base).view(-1, WINDOW, WINDOW)


class Windows:
    """The distinct windows of a mask and where each occurs.

    Attributes:
        values: (U, 1, 5, 5) mask values, 0 outside the image.
        inside: (U, 1, 3, 3) 1 where the embedding lies inside the image, else 0.
        index: (B, H, W) int64, which window a pixel has.
    """

    def __init__(self, values: Tensor, inside: Tensor, index: Tensor) -> None:
        self.values = values
        self.inside = inside
        self.index = index

    @classmethod
    def of(cls, mask: Tensor) -> Windows | None:
        """Windows of (B, 1, H, W), or None where convolving everywhere is the better way."""
        grey, levels = torch.unique(mask, return_inverse=True)
        if len(grey) > MAX_LEVELS:
            return None
        base = len(grey) + 1
        codes, index = torch.unique(window_codes(levels[:, 0], base), return_inverse=True)
        if len(codes) > MAX_DISTINCT * index.numel():
            return None
        window = decode_windows(codes, base)
        palette = torch.cat([grey, grey.new_zeros(1)])
        inside = (window[:, None, 1:-1, 1:-1] < base - 1).to(mask.dtype)
        return cls(palette[window][:, None], inside, index)

    def table(self, branch: MaskBranch) -> tuple[Tensor, Tensor]:
        """gamma and beta (U, C) of one mask branch for each distinct window."""
        features = F.relu(F.conv2d(self.values, branch.embedding.weight, branch.embedding.bias))
        features = (features * self.inside).flatten(1)
        weight = torch.cat([branch.gamma.weight, branch.beta.weight]).flatten(1)
        assert branch.gamma.bias is not None
        assert branch.beta.bias is not None
        table = F.linear(features, weight, torch.cat([branch.gamma.bias, branch.beta.bias]))
        gamma, beta = table.chunk(2, dim=1)
        return gamma, beta

    def affine(self, branch: MaskBranch) -> tuple[Tensor, Tensor]:
        """gamma and beta, both (B, C, H, W), of one mask branch."""
        gamma, beta = self.table(branch)
        return self._spread(gamma), self._spread(beta)

    def _spread(self, table: Tensor) -> Tensor:
        return F.embedding(self.index, table).permute(0, 3, 1, 2)


def mask_affines(mask: Tensor, branches: Sequence[MaskBranch]) -> list[tuple[Tensor, Tensor]]:
    """gamma and beta (B, C, H, W) of every branch for one mask (B, 1, H, W)."""
    windows = Windows.of(mask)
    if windows is None:
        return [convolve(mask, branch) for branch in branches]
    return [windows.affine(branch) for branch in branches]


def convolve(mask: Tensor, branch: MaskBranch) -> tuple[Tensor, Tensor]:
    """The plain form: gamma and beta by convolution at every pixel."""
    features = F.relu(branch.embedding(mask))
    return branch.gamma(features), branch.beta(features)
