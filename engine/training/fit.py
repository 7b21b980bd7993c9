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
from engine.errors import Stopped
from engine.steps import ImagesStep, NoteStep, Step, TrainStep
from engine.training.ema import EMA
from engine.training.health import Kept, check_level, check_losses
from engine.training.judging import has_waited, judge, measure, show, validate, waited_note
from engine.training.players import Player, optimizer_of, players, set_rates, update
from engine.training.rehearsal import Acts, rehearse
from engine.training.runs import RunFolder
from engine.training.sharing import check_shared
from engine.training.stage import (
    Adversarial,
    Batch,
    Epochal,
    FitSettings,
    Paced,
    Previewing,
    Remembering,
    TakingTurns,
    Trainable,
)
from engine.training.state import TrainingState
from engine.training.steering import Means, Steering

__all__ = ["Batch", "FitSettings", "Trainable", "fit"]

EPOCH = "the last of this epoch"
NO_EPOCH = "where it is judged or saved next: it has no epochs"


def fit(
    trainable: Trainable, settings: FitSettings, context: Context, run: RunFolder | None = None
) -> Generator[Step, None, nn.Module]:
    """Train; returns the network with its averaged weights, in eval mode.

    Args:
        run: Where checkpoints and metrics go; a run that has some is continued. What is asked of
            it through its folder is done between two iterations, see `engine.training.commands`.

    Raises:
        InputError: several processes cannot share this training.
        Diverged: the loss is no longer a number, or has run away; the last good state stays.
        Stopped: that was asked for through the run's folder; the state is kept.
        CheckpointError: the run is of another network.
    """
    accelerator = _accelerator(context)
    check_shared(trainable, settings.batch, accelerator.num_processes)
    state = _start(trainable, settings, accelerator)
    if context.rehearsal is not None:
        yield from _rehearsed(trainable, settings, context, accelerator, state, run)
        return state.model.eval()
    kept = run if accelerator.is_main_process else None
    steering = Steering(kept, accelerator, settings.iterations, settings.lr)
    try:
        if kept is not None:
            kept.hold()
        if run is not None and (found := run.load_state()):
            state.restore(found)
            yield NoteStep(f"Continuing at iteration {state.iteration} of {settings.iterations}.")
        steering.begin(state.iteration)
        yield from _iterations(trainable, settings, context, accelerator, state, run, steering)
        early = state.iteration < settings.iterations
        steering.end("ended early" if early else "finished", state.iteration)
    except BaseException as error:
        # Ended between two steps: nothing of the work done is lost.
        stopped = isinstance(error, GeneratorExit | Stopped)
        if stopped and kept is not None and state.is_finite():
            kept.save_state(state.tensors(), state.iteration)
        steering.end_by(error, state.iteration)
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
    steering: Steering,
) -> Generator[Step, None, None]:
    """The iterations that the state has still before it, each logged and, where asked, shown."""
    wrapped, prepared = accelerator.prepare(state.model, state.optimizer)
    critic = accelerator.prepare(*state.rival) if state.rival else None
    writer = run if accelerator.is_main_process else None
    means = _means(trainable, settings, state, writer)
    for i in range(state.iteration, settings.iterations):
        if has_waited(settings, state):
            yield NoteStep(waited_note(settings, state, run))
            return
        yield from steering.obey(i, means)
        if isinstance(trainable, Paced):
            for note in trainable.begin(i + 1):
                yield NoteStep(note)
        rates = set_rates(settings, state, i, steering.rates)
        turns = players(trainable, (wrapped, prepared), critic, i + 1)
        losses = _drawn(trainable, turns, settings, context, accelerator, i)
        kept = _kept(run, rates, context)
        minimised = [player.minimised for player in turns]
        check_losses(losses, minimised, i + 1, kept)
        watched = "loss" if "loss" in minimised else minimised[0]
        state.level.take(losses[watched])
        check_level(state.level, watched, i + 1, kept)
        if state.ema:
            state.ema.update()
        state.iteration = i + 1
        figures = measure(trainable, settings, state)
        told = {**losses, **figures, **rates}
        if writer is not None:
            # Before the state is saved: what is resumed from has its metrics and pictures on disk.
            writer.log(state.iteration, told)
        shown = None
        if isinstance(trainable, Previewing) and settings.shows(state.iteration):
            shown = show(trainable, state, writer)
        judge(settings, state, writer, figures, kept)
        yield TrainStep(state.iteration, settings.iterations, told)
        if shown is not None:
            yield shown


def _kept(run: RunFolder | None, rates: Mapping[str, float], context: Context) -> Kept:
    half = not isinstance(context.autocast(), nullcontext)
    saved, best = (run.saved, run.best) if run is not None else (0, 0)
    return Kept(saved, best, rates["lr"], half)


def _means(
    trainable: Trainable, settings: FitSettings, state: TrainingState, run: RunFolder | None
) -> Means:
    """What can be done between two iterations."""

    def save() -> None:
        if run is not None and state.is_finite():
            run.save_weights("latest", state.weights, state.iteration, {})
            run.save_state(state.tensors(), state.iteration)

    def pictures() -> ImagesStep | None:
        if not isinstance(trainable, Previewing):
            return None
        made = show(trainable, state, run)
        return made if made.images else None

    def epoch_end(iteration: int) -> tuple[int, str]:
        if isinstance(trainable, Epochal):
            return min(trainable.epoch_end(iteration, settings.batch), settings.iterations), EPOCH
        every = settings.validate_every or settings.save_every or settings.iterations
        last = min(-(-iteration // every) * every, settings.iterations)
        return last, NO_EPOCH

    return Means(save, pictures, epoch_end, settings.rate)


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

    def validates() -> bool:
        return bool(validate(trainable, state))

    def save() -> None:
        if run is not None:
            run.save_weights("final", state.weights, state.iteration, {})
            run.save_state(state.tensors(), state.iteration)

    def shows() -> bool:
        if isinstance(trainable, Previewing) and settings.preview_every:
            show(trainable, state, run)
            return True
        return False

    acts = Acts(iterate, validates, save, shows)
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
