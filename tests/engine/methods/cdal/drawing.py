"""A sampler that needs no network: it votes by brightness, with noise of its seed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.steps import DenoiseStep


@dataclass(frozen=True, eq=False)
class Drawn:
    """Votes (N, B, L, H, W)."""

    samples: Tensor


@dataclass
class Brightness:
    """Votes "foreground" where the first channel exceeds the cut, more or less.

    Args:
        noise: Of the cut, another for each vote, image and pixel.
        classes: 2: one map; more: the brightness in so many equal parts, one map each.
    """

    cut: float = 0.5
    noise: float = 0.0
    classes: int = 2
    steps: int = 2
    calls: list[tuple[int, ...]] = field(default_factory=list)

    def __call__(
        self, images: Tensor, votes: int, seed: int
    ) -> Generator[DenoiseStep, None, Drawn]:
        self.calls.append((*images.shape, votes, seed))
        generator = torch.Generator().manual_seed(seed)
        grey = images[None, :, :1].expand(votes, -1, -1, -1, -1)
        grey = grey + self.noise * torch.randn(grey.shape, generator=generator)
        if self.classes == 2:
            samples = (grey > self.cut).float()
        else:
            part = (grey * self.classes).long().clamp(0, self.classes - 1)
            samples = torch.cat([(part == c).float() for c in range(self.classes)], dim=2)
        state = samples.flatten(0, 1) * 2 - 1
        for index in range(self.steps):
            yield DenoiseStep(index, self.steps, self.steps - 1 - index, state, state)
        return Drawn(samples)
