"""Features of grey images by small convolutions with fixed random weights.

Nobody trained them: they see edges and textures of several sizes, and nothing of what they are.
They stand in where no trained encoder is at hand, and what is measured by them is comparable with
itself alone.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NAME = "fixed random convolutions (not Inception)"
WIDTHS = (1, 16, 24, 32)
FEATURES = 2 * sum(WIDTHS[1:])
SEED = 20_240_131


class RandomFeatures(nn.Module):
    """Images (B, 1, H, W) in [0, 1] -> mean and deviation of each map (B, 144)."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(SEED)
        for i, (inputs, outputs) in enumerate(pairwise(WIDTHS)):
            weight = torch.randn(outputs, inputs, 5, 5, generator=generator)
            # Without their mean they answer to changes, not to brightness.
            weight = weight - weight.mean(dim=(1, 2, 3), keepdim=True)
            self.register_buffer(f"weight_{i}", weight * math.sqrt(2.0 / (25 * inputs)))

    def forward(self, x: Tensor) -> Tensor:
        found = []
        for i in range(len(WIDTHS) - 1):
            if i:
                x = F.avg_pool2d(x, 2, ceil_mode=True)
            x = F.leaky_relu(F.conv2d(x, self.get_buffer(f"weight_{i}"), padding=2), 0.2)
            found += [x.mean(dim=(2, 3)), x.std(dim=(2, 3), unbiased=False)]
        return torch.cat(found, dim=1)
