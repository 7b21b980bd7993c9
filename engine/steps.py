"""What long operations yield; loads no torch, so that every layer may name the types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class DenoiseStep:
    """One reverse step of a batch.

    Attributes:
        index: Position in the run, 0 for the first step taken.
        total: Number of steps of the run.
        t: Timestep that the network was asked about, T-1 (noise) down to 0.
        x_t: State after this step, (B, C, *spatial), on the sampler's device.
        x0_hat: The clean image this step aimed at, same shape; clipped if the sampler clips it.
        eps: The noise this step assumed, same shape.
        evidence: What else a method has to show for this step, such as an attention map.
        group, groups: Which part of a job this run is, where a job is too large for one batch.
        run, runs: Which of several runs this is, where one image is made of them all.
        offset: Index within the job of the batch's first image.
        before: State before this step, where it is worth a look: at the first one, x_T.
        guide: At the first step, the image that the run is guided by, of the shape of `x_t`.
        affine: At the first step, (4, 4) from pixels (column, row, 0) to RAS+ mm, where the
            first image is a slice of a patient.
    """

    index: int
    total: int
    t: int
    x_t: Tensor
    x0_hat: Tensor
    eps: Tensor | None = None
    evidence: Tensor | None = None
    group: int = 0
    groups: int = 1
    run: int = 0
    runs: int = 1
    offset: int = 0
    before: Tensor | None = None
    guide: Tensor | None = None
    affine: np.ndarray | None = None

    @property
    def of_job(self) -> tuple[int, int]:
        """Steps of the whole job that are done with this one, and how many it has."""
        before = self.group * self.runs + self.run
        return before * self.total + self.index + 1, self.groups * self.runs * self.total


@dataclass(frozen=True)
class TrainStep:
    """One optimizer step.

    Attributes:
        iteration: 1 for the first step of the run, resumed parts counted in.
        total: Steps of the whole run.
        losses: Named values, logged and drawn as curves: losses, learning rates, figures.
    """

    iteration: int
    total: int
    losses: Mapping[str, float]


@dataclass(frozen=True)
class ProgressStep:
    """`done` of `total` units of a task that has no steps of its own (total 0: not known)."""

    done: int
    total: int
    message: str = ""


@dataclass(frozen=True, eq=False)
class ImagesStep:
    """Named images to show while a task runs: (H, W), float32 grey values or uint8 labels."""

    images: Mapping[str, np.ndarray]
    caption: str = ""


@dataclass(frozen=True)
class NoteStep:
    """A sentence for the user about how the task is done."""

    message: str


@dataclass(frozen=True)
class WaitStep:
    """Nothing was done: the task waits for somebody, and whoever runs it may end it."""


Step = DenoiseStep | TrainStep | ProgressStep | ImagesStep | NoteStep | WaitStep
