"""Local mutual information in torch operations, pair by pair; see `local_information`.

Straightforward and differentiable in the target. All pairs of some pixels are in memory at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

WHITE = 255.0
EPS = 1e-10
"""Added to every sum that is divided by and to every logarithm's argument, as published."""
FLOATS_AT_ONCE = {"cpu": 2**24, "mps": 2**26, "cuda": 2**29}
"""Of the joint densities that are in memory at once."""
MIRRORED = {-1: (0, -1, 0), 0: (-1, 0, 1), 1: (0, 1, 0)}
"""What the three pixels of a window's row are, counted from p, for a displacement along it."""
OUTSIDE = {-1: (-1, -1, 0), 0: (-1, 0, 1), 1: (0, 1, 1)}
"""The same where the window's centre lies outside of the image, and all beyond is 0."""

Places = tuple[Tensor, Tensor, Tensor]
"""Numbers of image, row and column of some pixels, each (N,)."""


@dataclass(frozen=True, eq=False)
class Best:
    """The best displacement of each pixel: its LMI, and the target's pixel there."""

    similarity: Tensor
    centre: Tensor


@dataclass(frozen=True)
class Windows:
    """How two windows are compared; see `local_information.InformationSettings`."""

    bins: int
    sigma: float
    normalized: bool

    def kernels(self, window: Tensor) -> Tensor:
        """Intensities (...) -> kernels (..., K). The truncation lets gradients through."""
        scaled = window * WHITE
        levels = scaled + (scaled.detach().trunc() - scaled.detach())
        bins = torch.linspace(0.0, WHITE, self.bins, device=window.device)
        return torch.exp(-0.5 * ((levels[..., None] - bins) / (2.0 * self.sigma**2)).pow(2))

    def information(self, source: Tensor, target: Tensor) -> Tensor:
        """Mutual information of windows given by their kernels, each (N, 9, K): (N,)."""
        joint = torch.matmul(source.transpose(1, 2), target).flatten(1)
        own, other = _entropy(source.mean(dim=1)), _entropy(target.mean(dim=1))
        found = own + other - _entropy(joint)
        return 2.0 * found / (own + other) if self.normalized else found


def best(windows: Windows, source: Tensor, target: Tensor) -> Best:
    """Of all pixels of two images (B, 1, H, W): similarity and centre (B, 1, H, W)."""
    batch, _, height, width = source.shape
    grid = torch.ones(batch, height, width, dtype=torch.bool, device=source.device)
    image, row, column = torch.nonzero(grid, as_tuple=True)
    found = best_at(windows, source, target, (image, row, column))
    shape = (batch, 1, height, width)
    return Best(found.similarity.reshape(shape), found.centre.reshape(shape))


def best_at(windows: Windows, source: Tensor, target: Tensor, places: Places) -> Best:
    """Of some pixels of two images (B, 1, H, W): similarity and centre (N,)."""
    size = max(1, FLOATS_AT_ONCE[source.device.type] // (9 * windows.bins**2))
    own, around = neighbours(source.float()), neighbours(target.float())
    looked_up = _looked_up(source.device)
    parts = []
    for image, row, column in zip(*(p.split(size) for p in places), strict=True):
        pixels = around[image, :, row, column]
        seen = looked_up[_edge(row, source.shape[2]) * 3 + _edge(column, source.shape[3])]
        # (N, 9 displacements, 9 pixels of the window)
        compared = pixels[:, None].expand(-1, 9, -1).gather(2, seen)
        ours = windows.kernels(own[image, :, row, column])
        pairs = ours[:, None].expand(-1, 9, -1, -1).flatten(0, 1)
        information = windows.information(pairs, windows.kernels(compared).flatten(0, 1))
        similarity, place = information.reshape(-1, 9).max(dim=1)
        parts.append(Best(similarity, pixels.gather(1, place[:, None])[:, 0]))
    return Best(torch.cat([p.similarity for p in parts]), torch.cat([p.centre for p in parts]))


def neighbours(image: Tensor) -> Tensor:
    """(B, 1, H, W) -> (B, 9, H, W): the pixels at p + d, displacements row by row, 0 outside."""
    return F.unfold(image, 3, padding=1).reshape(len(image), 9, *image.shape[2:])


def seen_from(row_edge: int, column_edge: int) -> list[list[int]]:
    """Which of the nine pixels around p make up each of the nine windows, pixel by pixel.

    Args:
        row_edge: -1 where p lies in the first row, 1 in the last, 0 between.
        column_edge: The same of its column.
    """
    steps = (-1, 0, 1)
    table = []
    for dy in steps:
        rows = (OUTSIDE if dy and dy == row_edge else MIRRORED)[dy]
        for dx in steps:
            columns = (OUTSIDE if dx and dx == column_edge else MIRRORED)[dx]
            table.append([3 * (y + 1) + x + 1 for y in rows for x in columns])
    return table


def _looked_up(device: torch.device) -> Tensor:
    """(9, 9, 9): `seen_from` of each of the nine kinds of place."""
    tables = [seen_from(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return torch.tensor(tables, device=device)


def _edge(place: Tensor, length: int) -> Tensor:
    """0 for the first row or column, 2 for the last, 1 between."""
    return 1 - (place == 0).long() + (place == length - 1).long()


def _entropy(density: Tensor) -> Tensor:
    """Bits of densities (N, n) that are not yet divided by their sums."""
    density = density / (density.sum(dim=1, keepdim=True) + EPS)
    return -(density * torch.log2(density + EPS)).sum(dim=1)
