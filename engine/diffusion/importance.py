"""Which timesteps to learn from: all alike, or those more often whose losses are large.

Nichol & Dhariwal 2021 (arXiv 2102.09672), section 3.3: p_t in proportion to sqrt(E[L_t^2]), with
the losses divided by T p_t, so that their mean stays that of all timesteps alike.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

KEPT = 10
"""Losses of each timestep that its second moment is taken from."""
UNIFORM = 0.001
"""Share of draws in which all timesteps are alike, so that none is forgotten."""


class SecondMoment:
    """Draws timesteps by the second moment of their latest losses.

    Until every timestep has been seen `KEPT` times, all are alike.

    Args:
        num_timesteps: T.
    """

    def __init__(self, num_timesteps: int) -> None:
        self._losses = np.zeros((num_timesteps, KEPT), np.float32)
        self._seen = np.zeros(num_timesteps, np.int64)

    @property
    def chances(self) -> NDArray[np.float64]:
        """p_t, (T,), sums to 1."""
        count = len(self._seen)
        if (self._seen < KEPT).any():
            return np.full(count, 1.0 / count)
        moments = np.sqrt(np.square(self._losses.astype(np.float64)).mean(axis=1))
        total = moments.sum()
        if total <= 0.0:
            return np.full(count, 1.0 / count)
        return (1.0 - UNIFORM) * moments / total + UNIFORM / count

    def draw(
        self, rng: np.random.Generator, size: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Timesteps (size,) and the weights 1 / (T p_t) of their losses."""
        chances = self.chances
        t = rng.choice(len(chances), size, p=chances)
        return t, (1.0 / (len(chances) * chances[t])).astype(np.float32)

    def learn(self, t: Tensor, losses: Tensor) -> None:
        """Take in losses (B,) of timesteps (B,), not weighted."""
        for step, loss in zip(t.tolist(), losses.detach().float().tolist(), strict=True):
            self._losses[step, self._seen[step] % KEPT] = loss
            self._seen[step] += 1

    def tensors(self) -> dict[str, Tensor]:
        """All that going on later needs."""
        return {
            "losses": torch.from_numpy(self._losses.copy()),
            "seen": torch.from_numpy(self._seen.copy()),
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `tensors` gave.

        Raises:
            ValueError: it is of another number of timesteps.
        """
        losses, seen = tensors["losses"].numpy(), tensors["seen"].numpy()
        if losses.shape != self._losses.shape:
            raise ValueError(f"losses of {len(losses)} timesteps, not of {len(self._losses)}")
        self._losses, self._seen = losses.astype(np.float32), seen.astype(np.int64)
