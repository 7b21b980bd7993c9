"""The training loop: a generator of `TrainStep`, on `accelerate`, resumable bit for bit.

Everything random in iteration i follows from (seed, i) alone: which crops, which noise, which
augmentation. So the only state there is to save is weights, optimizer and average, and an
interrupted run continues with the numbers of one that was never interrupted.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn

from engine.device import Context
from engine.errors import EngineError, InputError
from engine.steps import NoteStep, Step, TrainStep
from engine.training.ema import EMA
from engine.training.runs import RunFolder
from engine.training.state import TrainingState

Batch = tuple[Tensor, ...]
REMEDY = "Lower the learning rate and continue from the last checkpoint of the run."


class Trainable(Protocol):
    """What a stage gives the loop."""

    model: nn.Module

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """`size` samples as CPU tensors with the batch in front, all randomness from `rng`."""

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Scalar losses, each the mean over the batch; "loss" is the one that is minimised."""

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """Figures on held-out cases, higher is better for the first; empty if there are none."""


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

    def rate(self, iteration: int) -> float:
        """Learning rate of a 0-based iteration."""
        halvings = iteration // self.halve_every if self.halve_every else 0
        return self.lr * 0.5**halvings


def fit(
    trainable: Trainable, settings: FitSettings, context: Context, run: RunFolder | None = None
) -> Generator[Step, None, nn.Module]:
    """Train; returns the network with its averaged weights, in eval mode.

    Args:
        run: Where checkpoints and metrics go; a run that has some is continued.

    Raises:
        EngineError: the loss is no longer a number; the last good checkpoint stays.
        CheckpointError: the run is of another network.
    """
    accelerator = _accelerator(context)
    model = trainable.model.to(accelerator.device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    state = TrainingState(
        model, optimizer, EMA(model, settings.ema_decay) if settings.ema_decay else None
    )
    if run is not None and (found := run.load_state()):
        state.restore(found)
        yield NoteStep(f"Continuing at iteration {state.iteration} of {settings.iterations}.")
    wrapped, prepared = accelerator.prepare(model, optimizer)
    try:
        for i in range(state.iteration, settings.iterations):
            rng = np.random.default_rng([settings.seed, i])
            for group in optimizer.param_groups:
                group["lr"] = settings.rate(i)
            losses = _iterate(trainable, settings, context, accelerator, wrapped, prepared, rng)
            if not np.isfinite(losses["loss"]):
                raise EngineError(f"The loss is no longer a number at iteration {i + 1}.", REMEDY)
            if state.ema:
                state.ema.update()
            state.iteration = i + 1
            figures = _measure(trainable, settings, state)
            losses |= figures
            if run is not None and accelerator.is_main_process:
                # Before the state is saved: what is resumed from has its metrics on disk.
                run.log(state.iteration, {**losses, "lr": settings.rate(i)})
                _save(settings, state, run, figures)
            yield TrainStep(state.iteration, settings.iterations, losses)
    except GeneratorExit:
        # Cancelled between two steps: nothing of the work done is lost.
        if run is not None and accelerator.is_main_process and state.is_finite():
            run.save_state(state.tensors(), state.iteration)
        raise
    finally:
        if run is not None:
            run.close()
        accelerator.free_memory()
    if state.ema:
        model.load_state_dict(dict(state.ema.weights))
    return model.eval()


def _accelerator(context: Context) -> Accelerator:
    # A process may train several times on different devices; accelerate keeps its choice
    # for good unless told to forget it.
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(cpu=context.device.type == "cpu", mixed_precision="no")


def _iterate(
    trainable: Trainable,
    settings: FitSettings,
    context: Context,
    accelerator: Accelerator,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
) -> dict[str, float]:
    """One optimizer step; in parts where the device cannot hold the batch."""
    world, rank = accelerator.num_processes, accelerator.process_index
    if settings.batch % world:
        raise InputError(
            f"A batch of {settings.batch} cannot be shared by {world} processes.",
            f"Choose a batch that {world} divides.",
        )
    batch = tuple(part[rank::world] for part in trainable.batch(rng, settings.batch))
    size = len(batch[0])
    micro = context.limit(size)
    totals: dict[str, float] = {}
    for start in range(0, size, micro):
        part = tuple(p[start : start + micro].to(accelerator.device) for p in batch)
        with context.autocast():
            losses = trainable.loss(model, part)
        share = len(part[0]) / size
        accelerator.backward(losses["loss"] * share)
        for name, value in losses.items():
            totals[name] = totals.get(name, 0.0) + value.item() * share
    if settings.clip_norm:
        accelerator.clip_grad_norm_(model.parameters(), settings.clip_norm)
    optimizer.step()
    optimizer.zero_grad()
    if world > 1:
        # Of the whole batch, so that every process sees a loss that is no number.
        values = torch.tensor(list(totals.values()), device=accelerator.device)
        mean = accelerator.reduce(values, reduction="mean").tolist()
        totals = dict(zip(totals, mean, strict=True))
    return totals


def _measure(trainable: Trainable, settings: FitSettings, state: TrainingState) -> dict[str, float]:
    """Validation figures where this iteration asks for them."""
    if _due(settings.validate_every, state.iteration) or state.iteration == settings.iterations:
        return _validate(trainable, state)
    return {}


def _save(
    settings: FitSettings, state: TrainingState, run: RunFolder, figures: Mapping[str, float]
) -> None:
    """Write what this iteration asks for: the best weights, the final ones, the whole state.

    The state comes last: a run killed before it makes the weights again when it is continued.
    """
    last = state.iteration == settings.iterations
    if not (figures or last or _due(settings.save_every, state.iteration)):
        return
    if not state.is_finite():
        raise EngineError(
            f"The weights are no longer numbers at iteration {state.iteration}.", REMEDY
        )
    # As it is kept in the state, so that a continued run judges ties as one without a break.
    score = float(np.float32(next(iter(figures.values())))) if figures else -float("inf")
    if score > state.best:
        state.best = score
        run.save_weights("best", state.weights, state.iteration, figures)
    if last:
        run.save_weights("final", state.weights, state.iteration, figures)
    if last or _due(settings.save_every, state.iteration):
        run.save_state(state.tensors(), state.iteration)


def _due(every: int, iteration: int) -> bool:
    return bool(every) and iteration % every == 0


def _validate(trainable: Trainable, state: TrainingState) -> dict[str, float]:
    state.model.eval()
    try:
        with torch.inference_mode():
            if state.ema is None:
                return dict(trainable.validate(state.model))
            with state.ema.applied():
                return dict(trainable.validate(state.model))
    finally:
        state.model.train()
