"""Validating, keeping what was the best, and showing how far a network is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

import numpy as np
import torch

from engine.errors import InputError
from engine.steps import ImagesStep
from engine.training.health import Kept, diverged
from engine.training.runs import RunFolder
from engine.training.stage import FitSettings, Previewing, Trainable
from engine.training.state import TrainingState


def measure(trainable: Trainable, settings: FitSettings, state: TrainingState) -> dict[str, float]:
    """Validation figures where this iteration asks for them."""
    if _due(settings.validate_every, state.iteration) or state.iteration == settings.iterations:
        return validate(trainable, state)
    return {}


def validate(trainable: Trainable, state: TrainingState) -> dict[str, float]:
    """Figures of the network as its result would be."""
    with _for_use(state):
        return dict(trainable.validate(state.model))


def judge(
    settings: FitSettings,
    state: TrainingState,
    run: RunFolder | None,
    figures: Mapping[str, float],
    kept: Kept,
) -> None:
    """Tell whether this iteration is the best, and write what it asks for: the best weights, the
    final ones, the whole state.

    The state comes last: a run killed before it makes the weights again when it is continued.

    Args:
        run: None in the processes that write nothing.

    Raises:
        Diverged: weights are no longer numbers; nothing is written.
        InputError: the figure that is to tell the best is not among those there are.
    """
    best = _take(settings, state, figures)
    last = state.iteration == settings.iterations or has_waited(settings, state)
    saves = last or _due(settings.save_every, state.iteration)
    if not (figures or saves):
        return
    if not state.is_finite():
        raise diverged(
            f"The weights are no longer numbers at iteration {state.iteration}.",
            state.iteration, kept,
        )  # fmt: skip
    if run is None:
        return
    if best:
        run.save_weights("best", state.weights, state.iteration, _first(settings, figures))
    if last:
        run.save_weights("final", state.weights, state.iteration, figures)
    if saves:
        run.save_state(state.tensors(), state.iteration)


def has_waited(settings: FitSettings, state: TrainingState) -> bool:
    """Whether no validation was better for so long that the training ends."""
    return bool(settings.patience) and state.waited >= settings.patience


def waited_note(settings: FitSettings, state: TrainingState, run: RunFolder | None) -> str:
    """Why it ends."""
    told = f"Ended early at iteration {state.iteration} of {settings.iterations}: "
    told += f"{state.waited} validations brought no better {settings.best_by or 'figure'}"
    best = run.best if run is not None else 0
    return f"{told} than that of iteration {best}." if best else f"{told}."


def show(trainable: Previewing, state: TrainingState, run: RunFolder | None) -> ImagesStep:
    """Pictures of how far the network is, kept in the run."""
    with _for_use(state):
        pictures = trainable.preview(state.model)
    if run is not None:
        run.save_previews(state.iteration, pictures)
    return ImagesStep(pictures, f"Iteration {state.iteration}")


def _take(settings: FitSettings, state: TrainingState, figures: Mapping[str, float]) -> bool:
    """Whether these figures are the best so far; without any, nothing is to be told."""
    if not figures:
        return False
    # As it is kept in the state, so that a continued run judges ties as one without a break.
    score = float(np.float32(next(iter(_first(settings, figures).values()))))
    if score > state.best:
        state.best, state.waited = score, 0
        return True
    state.waited += 1
    return False


def _first(settings: FitSettings, figures: Mapping[str, float]) -> dict[str, float]:
    """With the one that tells the best in front."""
    name = settings.best_by or next(iter(figures))
    if name not in figures:
        raise InputError(
            f"There is no figure {name!r} to tell the best weights by.",
            f"This training measures: {', '.join(figures)}.",
        )
    return {name: figures[name], **figures}


def _due(every: int, iteration: int) -> bool:
    return bool(every) and iteration % every == 0


@contextmanager
def _for_use(state: TrainingState) -> Iterator[None]:
    """For a moment the network is as its result would be: averaged, in eval mode."""
    state.model.eval()
    try:
        with torch.inference_mode(), state.ema.applied() if state.ema else nullcontext():
            yield
    finally:
        state.model.train()
