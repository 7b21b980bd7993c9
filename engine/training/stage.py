"""What a stage of training gives the loop, and how the loop is to train it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

Batch = tuple[Tensor, ...]


class Trainable(Protocol):
    """What a stage gives the loop."""

    model: nn.Module

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """`size` samples as CPU tensors with the batch in front, all randomness from `rng`."""

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Scalar losses, each the mean over the batch; "loss" is the one that is minimised."""

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """Figures on held-out cases, higher is better for the first; empty if there are none."""


@runtime_checkable
class Adversarial(Protocol):
    """What a `Trainable` has more where a second network plays against its own.

    In every iteration the critic takes its step first, on the same batch. It has an optimizer of
    its own and is kept in the run's state, not in its result.
    """

    critic: nn.Module

    def critic_loss(self, critic: nn.Module, batch: Batch, iteration: int) -> Mapping[str, Tensor]:
        """Scalar losses of the 1-based iteration; "critic" is the one that is minimised."""


@runtime_checkable
class Remembering(Protocol):
    """What a `Trainable` has more where it learns something beside its networks.

    It is kept in the run's state, so that a continued run gives the numbers of an unbroken one.
    """

    def memory(self) -> Mapping[str, Tensor]:
        """Named tensors, of float32 or whole numbers."""

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take over what `memory` gave."""


@runtime_checkable
class Previewing(Protocol):
    """What a `Trainable` has more where it can show how far it is."""

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        """Named pictures of the same samples every time, as `engine.steps.ImagesStep` has them."""


@dataclass(frozen=True)
class FitSettings:
    """How to train.

    Attributes:
        iterations: Optimizer steps.
        batch: Samples an optimizer step, over all processes.
        lr: Learning rate of Adam at the start.
        halve_every: Iterations after which it is halved, again and again; 0 never.
        ema_decay: Decay of the weight average that is kept as the result; 0 keeps the weights.
        clip_norm: Largest norm of the gradient; 0 leaves it alone.
        save_every, validate_every: Iterations; 0 only at the end.
        betas: Of Adam: its memory of the gradient and of the gradient's square.
        cosine_end: Rate that the learning rates fall to along half a cosine; None leaves them.
        critic_lr: Learning rate of the critic, where there is one.
        preview_every: Iterations between two previews, with one at the end; 0 none.
    """

    iterations: int
    batch: int
    lr: float
    seed: int
    halve_every: int = 0
    ema_decay: float = 0.0
    clip_norm: float = 0.0
    save_every: int = 0
    validate_every: int = 0
    betas: tuple[float, float] = (0.9, 0.999)
    cosine_end: float | None = None
    critic_lr: float = 0.0
    preview_every: int = 0
    weight_decay: float = 0.0

    def rate(self, iteration: int) -> float:
        """Learning rate of a 0-based iteration."""
        return self._at(self.lr, iteration)

    def critic_rate(self, iteration: int) -> float:
        """The critic's learning rate of a 0-based iteration."""
        return self._at(self.critic_lr, iteration)

    def shows(self, iteration: int) -> bool:
        """Whether there is a preview at a 1-based iteration."""
        last = iteration == self.iterations
        return bool(self.preview_every) and (last or iteration % self.preview_every == 0)

    def _at(self, rate: float, iteration: int) -> float:
        if self.cosine_end is not None:
            done = (1 + math.cos(math.pi * iteration / self.iterations)) / 2
            rate = self.cosine_end + (rate - self.cosine_end) * done
        halvings = iteration // self.halve_every if self.halve_every else 0
        return rate * 0.5**halvings
