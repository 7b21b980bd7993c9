"""The steps of one run of a sampler, laid out before the first of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.diffusion.process import PredictionType
from engine.diffusion.schedules import Schedule
from engine.diffusion.timesteps import respace


@dataclass(frozen=True)
class PlanStep:
    """One step to come.

    Attributes:
        index: Position in the run, from 0.
        level: Place in `Plan.schedule`, which counts from the clean end.
        t: Timestep of the training schedule.
        t_batch: The same for every image, (B,) long, on the device of the run.
        alpha_bar: Signal level before the step.
        alpha_bar_prev: Signal level after it.
    """

    index: int
    level: int
    t: int
    t_batch: Tensor
    alpha_bar: float
    alpha_bar_prev: float

    @property
    def to_clean(self) -> bool:
        """Whether this step ends at the clean image."""
        return self.alpha_bar_prev == 1.0


class Plan:
    """All steps of a run; what the device needs for them is sent there at once.

    Args:
        schedule: The schedule that the network was trained on.
        x_T: The first state, (B, ...); gives batch size and device.
        timesteps: Strictly decreasing; all of them when None.
        final_t: Where the run ends, see `respace`.
        prediction: With eps, timesteps without any signal are left out.
    """

    def __init__(
        self,
        schedule: Schedule,
        x_T: Tensor,
        timesteps: Sequence[int] | None,
        final_t: int,
        prediction: PredictionType,
    ) -> None:
        if timesteps is None:
            timesteps = range(schedule.num_timesteps - 1, final_t, -1)
        levels = schedule.alpha_bar.tolist()
        self._timesteps = [t for t in timesteps if prediction != "eps" or levels[t] > 0.0]
        self.schedule = respace(schedule, self._timesteps, final_t)
        column = torch.tensor(self._timesteps, device=x_T.device).unsqueeze(1)
        self._t_batches = column.repeat(1, x_T.shape[0])

    def __len__(self) -> int:
        return len(self._timesteps)

    def __iter__(self) -> Iterator[PlanStep]:
        levels = self.schedule.alpha_bar.tolist()
        previous = self.schedule.alpha_bar_prev.tolist()
        for index, (t, t_batch) in enumerate(zip(self._timesteps, self._t_batches, strict=True)):
            level = len(self) - 1 - index
            yield PlanStep(index, level, t, t_batch, levels[level], previous[level])
