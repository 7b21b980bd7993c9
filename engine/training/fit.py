"""The training loop: a generator of `TrainStep`, on `accelerate`, resumable bit for bit.

Everything random in iteration i follows from (seed, i) alone: which crops, which noise, which
augmentation, what is dropped out. So the only state there is to save is weights, optimizer and
average, and an interrupted run continues with the numbers of one that was never interrupted.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn

from engine.device import Context
from engine.errors import EngineError, InputError
from engine.steps import ImagesStep, NoteStep, Step, TrainStep
from engine.training.ema import EMA
from engine.training.players import Player, optimizer_of, players, set_rates, update
from engine.training.rehearsal import Acts, rehearse
from engine.training.runs import RunFolder
from engine.training.stage import (
    Adversarial,
    Batch,
    FitSettings,
    Paced,
    Previewing,
    Remembering,
    TakingTurns,
    Trainable,
)
from engine.training.state import TrainingState

__all__ = ["Batch", "FitSettings", "Trainable", "fit"]

REMEDY = "Lower the learning rate and continue from the last checkpoint of the run."


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
    state = _start(trainable, settings, accelerator)
    if context.rehearsal is not None:
        yield from _rehearsed(trainable, settings, context, accelerator, state, run)
        return state.model.eval()
    kept = run if accelerator.is_main_process else None
    try:
        if kept is not None:
            kept.hold()
        if run is not None and (found := run.load_state()):
            state.restore(found)
            yield NoteStep(f"Continuing at iteration {state.iteration} of {settings.iterations}.")
        yield from _iterations(trainable, settings, context, accelerator, state, kept)
    except GeneratorExit:
        # Cancelled between two steps: nothing of the work done is lost.
        if kept is not None and state.is_finite():
            kept.save_state(state.tensors(), state.iteration)
        raise
    finally:
        if run is not None:
            run.close()
        accelerator.free_memory()
    if state.ema:
        state.model.load_state_dict(dict(state.ema.weights))
    return state.model.eval()


def _iterations(
    trainable: Trainable,
    settings: FitSettings,
    context: Context,
    accelerator: Accelerator,
    state: TrainingState,
    run: RunFolder | None,
) -> Generator[Step, None, None]:
    """The iterations that the state has still before it, each logged and, where asked, shown."""
    wrapped, prepared = accelerator.prepare(state.model, state.optimizer)
    critic = accelerator.prepare(*state.rival) if state.rival else None
    for i in range(state.iteration, settings.iterations):
        if isinstance(trainable, Paced):
            for note in trainable.begin(i + 1):
                yield NoteStep(note)
        rates = set_rates(settings, state, i)
        turns = players(trainable, (wrapped, prepared), critic, i + 1)
        losses = _drawn(trainable, turns, settings, context, accelerator, i)
        if not np.isfinite([losses[player.minimised] for player in turns]).all():
            raise EngineError(f"The loss is no longer a number at iteration {i + 1}.", REMEDY)
        if state.ema:
            state.ema.update()
        state.iteration = i + 1
        figures = _measure(trainable, settings, state)
        told = {**losses, **figures, **rates}
        if run is not None:
            # Before the state is saved: what is resumed from has its metrics on disk.
            run.log(state.iteration, told)
            _save(settings, state, run, figures)
        yield TrainStep(state.iteration, settings.iterations, told)
        if isinstance(trainable, Previewing) and settings.shows(state.iteration):
            yield _show(trainable, state, run)


def _drawn(
    trainable: Trainable, turns: Sequence[Player], settings: FitSettings, context: Context,
    accelerator: Accelerator, i: int,
) -> dict[str, float]:  # fmt: skip
    """The 0-based iteration i, with its own random numbers."""
    rng = np.random.default_rng([settings.seed, i])
    with _drawing(settings.seed, i, accelerator):
        return _iterate(trainable, turns, settings, context, accelerator, rng)


def _rehearsed(
    trainable: Trainable, settings: FitSettings, context: Context, accelerator: Accelerator,
    state: TrainingState, run: RunFolder | None,
) -> Generator[Step, None, None]:  # fmt: skip
    """A few iterations of the same code, measured."""
    own = accelerator.prepare(state.model, state.optimizer)
    critic = accelerator.prepare(*state.rival) if state.rival else None

    def iterate(i: int, given: Context) -> None:
        if isinstance(trainable, Paced):
            trainable.begin(i + 1)
        # A training may have fewer iterations than are tried; rates are told of its own alone.
        set_rates(settings, state, min(i, settings.iterations - 1))
        turns = players(trainable, own, critic, i + 1)
        _drawn(trainable, turns, settings, given, accelerator, i)
        state.iteration = i + 1

    def validate() -> bool:
        return bool(_validate(trainable, state))

    def save() -> None:
        if run is not None:
            run.save_weights("final", state.weights, state.iteration, {})
            run.save_state(state.tensors(), state.iteration)

    def show() -> bool:
        if isinstance(trainable, Previewing) and settings.preview_every:
            _show(trainable, state, run)
            return True
        return False

    acts = Acts(iterate, validate, save, show)
    try:
        yield from rehearse(acts, settings, context)
    finally:
        if run is not None:
            run.close()
        accelerator.free_memory()


@contextmanager
def _drawing(seed: int, iteration: int, accelerator: Accelerator) -> Iterator[None]:
    """torch's own random numbers follow from seed and iteration, as those of the batch do."""
    device = accelerator.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        # Each process drops other features.
        own = np.random.SeedSequence([seed, iteration, accelerator.process_index])
        torch.manual_seed(int(own.generate_state(1)[0]))
        yield


def _show(trainable: Previewing, state: TrainingState, run: RunFolder | None) -> ImagesStep:
    """Pictures of how far the network is, kept in the run."""
    with _for_use(state):
        pictures = trainable.preview(state.model)
    if run is not None:
        run.save_previews(state.iteration, pictures)
    return ImagesStep(pictures, f"Iteration {state.iteration}")


def _accelerator(context: Context) -> Accelerator:
    # A process may train several times on different devices; accelerate keeps its choice
    # for good unless told to forget it.
    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(cpu=context.device.type == "cpu", mixed_precision="no")


def _start(trainable: Trainable, settings: FitSettings, accelerator: Accelerator) -> TrainingState:
    """Networks on their device with fresh optimizers."""
    model = trainable.model.to(accelerator.device).train()
    optimizer = optimizer_of(model, settings, settings.lr, settings.weight_decay)
    ema = EMA(model, settings.ema_decay) if settings.ema_decay else None
    state = TrainingState(model, optimizer, ema)
    if isinstance(trainable, Remembering):
        state.stage = trainable
    if isinstance(trainable, Adversarial | TakingTurns):
        critic = trainable.critic.to(accelerator.device).train()
        decay = settings.weight_decay if settings.optimizer == "sgd" else 0.0
        state.rival = critic, optimizer_of(critic, settings, settings.critic_lr, decay)
    return state


def _iterate(
    trainable: Trainable,
    turns: Sequence[Player],
    settings: FitSettings,
    context: Context,
    accelerator: Accelerator,
    rng: np.random.Generator,
) -> dict[str, float]:
    """One optimizer step of each player, on the same batch."""
    world, rank = accelerator.num_processes, accelerator.process_index
    if settings.batch % world:
        raise InputError(
            f"A batch of {settings.batch} cannot be shared by {world} processes.",
            f"Choose a batch that {world} divides.",
        )
    batch = tuple(part[rank::world] for part in trainable.batch(rng, settings.batch))
    totals: dict[str, float] = {}
    for player in turns:
        totals |= update(player, batch, settings, context, accelerator)
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
    with _for_use(state):
        return dict(trainable.validate(state.model))


@contextmanager
def _for_use(state: TrainingState) -> Iterator[None]:
    """For a moment the network is as its result would be: averaged, in eval mode."""
    state.model.eval()
    try:
        with torch.inference_mode(), state.ema.applied() if state.ema else nullcontext():
            yield
    finally:
        state.model.train()
