"""Whether a training still goes somewhere: losses that are numbers, and of a size one knows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.errors import Diverged

FIRST = 20
"""Iterations whose losses tell what size is usual."""
MEMORY = 0.95
FARTHEST = 1000.0
"""So many times its usual size a loss has run away. A spike counts as ten times that at most, so
that it takes three bad iterations of twenty, not one."""


@dataclass
class Level:
    """The size of a loss: at the start, and smoothed over the latest iterations.

    Every value is one that float32 can hold, so that a continued run goes on with the same.
    """

    usual: float = 0.0
    seen: float = 0.0
    now: float = 0.0

    def take(self, loss: float) -> None:
        """One iteration more."""
        size = abs(loss)
        if self.seen < FIRST:
            self.seen += 1
            self.usual = _kept(self.usual + (size - self.usual) / self.seen)
            self.now = self.usual
            return
        size = min(size, 10 * FARTHEST * self.usual)
        self.now = _kept(MEMORY * self.now + (1 - MEMORY) * size)

    @property
    def ran_away(self) -> bool:
        """Whether it is far beyond where it began."""
        return self.usual > 0 and self.now > FARTHEST * self.usual

    def tensor(self) -> Tensor:
        """(3,) float32."""
        return torch.tensor([self.usual, self.seen, self.now])

    def restore(self, tensor: Tensor) -> None:
        """Take over what `tensor` gave."""
        self.usual, self.seen, self.now = (float(value) for value in tensor)


@dataclass(frozen=True)
class Kept:
    """What a run that diverged can go on from.

    Attributes:
        saved, best: Iterations of its state and of its best weights; 0 for none.
        lr: The learning rate that it diverged with.
        half: Whether it computed in half precision.
    """

    saved: int
    best: int
    lr: float
    half: bool


def check_losses(
    losses: Mapping[str, float], minimised: Sequence[str], iteration: int, kept: Kept
) -> None:
    """Only those that are minimised must be numbers.

    Raises:
        Diverged: names the losses that are none.
    """
    if all(math.isfinite(losses[name]) for name in minimised):
        return
    names = [name for name, value in losses.items() if not math.isfinite(value)]
    raise diverged(
        f"The loss is no longer a number at iteration {iteration} ({', '.join(names)}).",
        iteration, kept,
    )  # fmt: skip


def check_level(level: Level, name: str, iteration: int, kept: Kept) -> None:
    """A loss may grow, but not without end.

    Raises:
        Diverged: it has run away.
    """
    if level.ran_away:
        raise diverged(
            f"The loss has run away by iteration {iteration} ({name}): it is about "
            f"{level.now:.3g}, and was {level.usual:.3g} at the start.",
            iteration, kept,
        )  # fmt: skip


def diverged(what: str, iteration: int, kept: Kept) -> Diverged:
    """With what is kept, and what to try."""
    if kept.saved:
        told = f"The run is kept as it was at iteration {kept.saved}"
        told += f", its best weights as of iteration {kept.best}." if kept.best else "."
    else:
        told = "No state had been saved before, so that it would begin anew."
    tries = [f"a lower learning rate ({kept.lr / 10:.2g} in place of {kept.lr:.2g})"]
    if kept.half:
        tries.append("full precision (float32)")
    hint = f"Continue it with {', or with '.join(tries)}, or look at the data with the doctor."
    return Diverged(f"{what} {told}", hint, iteration)


def _kept(value: float) -> float:
    return float(np.float32(value))
