"""What a stage of training gives the loop, and how the loop is to train it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

Batch = tuple[Tensor, ...]
OptimizerName = Literal["adamw", "rmsprop", "sgd"]


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


@dataclass(frozen=True)
class Turn:
    """One optimizer step of an iteration.

    Attributes:
        network: Whose: that of the stage, or its critic.
        loss: Network and batch -> scalar losses, each the mean over the batch.
        minimised: Which of them is.
    """

    network: Literal["model", "critic"]
    loss: Callable[[nn.Module, Batch], Mapping[str, Tensor]]
    minimised: str


@runtime_checkable
class TakingTurns(Protocol):
    """What a `Trainable` has more where an iteration is several steps of two networks.

    All of them are taken on the same batch, one after the other; `Trainable.loss` is not asked.
    Where memory makes a batch come in parts, each turn sees all parts before the next one.
    """

    critic: nn.Module

    def turns_of(self, iteration: int) -> Sequence[Turn]:
        """The steps of the 1-based iteration."""


@runtime_checkable
class Paced(Protocol):
    """What a `Trainable` has more where its cases may change while it is trained."""

    def begin(self, iteration: int) -> Sequence[str]:
        """Called before the batch of the 1-based iteration; sentences for the user."""


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
class Epochal(Protocol):
    """What a `Trainable` has more where it can tell when all of its data have had their turn."""

    def epoch_end(self, iteration: int, batch: int) -> int:
        """The last iteration of the epoch that a 1-based iteration belongs to.

        Args:
            batch: Samples an iteration.
        """


@runtime_checkable
class Previewing(Protocol):
    """What a `Trainable` has more where it can show how far it is."""

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        """Named pictures of the same samples every time, as `engine.steps.ImagesStep` has them."""


def last_of_epoch(iteration: int, samples: int, batch: int) -> int:
    """`Epochal.epoch_end` where samples are drawn by chance: so many as there are, in batches."""
    length = max(1, math.ceil(samples / batch))
    return math.ceil(iteration / length) * length


@dataclass(frozen=True)
class FitSettings:
    """How to train.

    Attributes:
        iterations: Optimizer steps.
        batch: Samples an optimizer step, over all processes.
        lr: Learning rate at the start.
        halve_every: Iterations after which it is halved, again and again; 0 never.
        ema_decay: Decay of the weight average that is kept as the result; 0 keeps the weights.
        clip_norm: Largest norm of the gradient; 0 leaves it alone.
        save_every, validate_every: Iterations; 0 only at the end.
        betas: Of Adam: its memory of the gradient and of the gradient's square.
        cosine_end: Rate that the learning rates fall to along half a cosine; None leaves them.
        critic_lr: Learning rate of the critic, where there is one.
        preview_every: Iterations between two previews, with one at the end; 0 none.
        weight_decay: Of the network's optimizer, and of the critic's with SGD.
        optimizer: AdamW, RMSprop, or SGD with momentum.
        momentum: Of SGD and RMSprop.
        poly: Power p by which the learning rates fall, as (1 - i / iterations)^p; 0 leaves them.
        critic_falls: Whether the critic's learning rate falls too.
        patience: Validations without a better figure after which it ends; 0 never.
        best_by: The figure that tells which weights are best, by its name; "" the first one.
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
    optimizer: OptimizerName = "adamw"
    momentum: float = 0.0
    poly: float = 0.0
    critic_falls: bool = True
    patience: int = 0
    best_by: str = ""

    def rate(self, iteration: int) -> float:
        """Learning rate of a 0-based iteration."""
        return self._at(self.lr, iteration)

    def critic_rate(self, iteration: int) -> float:
        """The critic's learning rate of a 0-based iteration."""
        return self._at(self.critic_lr, iteration) if self.critic_falls else self.critic_lr

    def shows(self, iteration: int) -> bool:
        """Whether there is a preview at a 1-based iteration."""
        last = iteration == self.iterations
        return bool(self.preview_every) and (last or iteration % self.preview_every == 0)

    def _at(self, rate: float, iteration: int) -> float:
        if self.cosine_end is not None:
            done = (1 + math.cos(math.pi * iteration / self.iterations)) / 2
            rate = self.cosine_end + (rate - self.cosine_end) * done
        if self.poly:
            rate *= (1 - iteration / self.iterations) ** self.poly
        halvings = iteration // self.halve_every if self.halve_every else 0
        return rate * 0.5**halvings
