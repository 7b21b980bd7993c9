"""A training stage that is over in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from engine.training.checkpoint import Card
from engine.training.fit import Batch

CARD = Card(method="test", role="toy", title="Toy")


class Toy:
    """Predict twice the input. `figures` are handed out one a validation, the last for good."""

    def __init__(self, *, norm: bool = False, figures: tuple[float, ...] = ()) -> None:
        torch.manual_seed(0)
        middle = nn.BatchNorm2d(4) if norm else nn.Identity()
        self.model: nn.Module = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), middle, nn.SiLU(), nn.Conv2d(4, 1, 3, padding=1)
        )
        self.figures = list(figures)
        self.nan_from: float | None = None
        self.batches: list[Tensor] = []

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        x = torch.from_numpy(rng.standard_normal((size, 1, 8, 8), np.float32))
        self.batches.append(x)
        if self.nan_from is not None and len(self.batches) >= self.nan_from:
            x = x * float("nan")
        return x, 2 * x

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        x, y = batch
        error = (model(x) - y).abs().mean()
        return {"loss": error, "square": error.square()}

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        assert not model.training
        if not self.figures:
            return {}
        return {"score": self.figures.pop(0) if len(self.figures) > 1 else self.figures[0]}
