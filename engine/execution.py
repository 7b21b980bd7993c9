"""One job from start to end, in whichever thread it is called."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from engine.device import free_memory
from engine.errors import OutOfMemoryError
from engine.events import JobNote
from engine.failures import drop_frames, is_out_of_memory
from engine.jobs import Job
from engine.reporting import Clock, Emit, StepReporter
from engine.steps import Step

if TYPE_CHECKING:
    from engine.device import Context

Runner = Callable[[Job, "Context"], Generator[Step, None, Any]]
Proceed = Callable[[], bool]


class Stopped(Exception):
    """The job was asked to stop."""


def always() -> bool:
    """Nobody asks the job to stop."""
    return True


def execute(
    runner: Runner,
    job: Job,
    job_id: int,
    context: Context,
    emit: Emit,
    *,
    proceed: Proceed = always,
    clock: Clock = time.monotonic,
) -> Any:
    """Run a job; returns its result. When memory runs out, once more with half the batch.

    The batch is the one that the task last asked `context.limit` for; a task that never asks, or
    got 1, has nothing to halve and fails at once.

    Args:
        emit: Takes the events of the steps; neither the start nor the end is told.
        proceed: Asked before every step; may wait. False stops the job.

    Raises:
        Stopped: `proceed` said so.
        OutOfMemoryError: too little memory, also with half the batch; it is free again.
        Exception: whatever the job raises.
    """
    context.taken.size = 0
    for last_try in (False, True):
        try:
            return _drive(runner, job, job_id, context, emit, proceed, clock)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error)
            drop_frames(error)
        # Past the except clause, where nothing holds the exception any more.
        context.loaded.clear()
        free_memory()
        taken = context.taken.size
        if last_try or taken <= 1:
            break
        context = context.with_half_batch(taken)
        emit(
            JobNote(
                job_id,
                f"Not enough memory for batches of {taken}; "
                f"trying again with batches of {context.max_batch}.",
            )
        )
    raise OutOfMemoryError(
        f"{job.title} needs more memory than {context.device.type} has free"
        f"{f', also with batches of {taken}' if taken else ''}.",
        "Choose smaller images or fewer at a time, close other programs, or take another device.",
    ) from MemoryError(reason)


def _drive(
    runner: Runner,
    job: Job,
    job_id: int,
    context: Context,
    emit: Emit,
    proceed: Proceed,
    clock: Clock,
) -> Any:
    """Step the job's generator to its end, and close it whatever happens."""
    reporter = StepReporter(job_id, emit, clock)
    try:
        with closing(runner(job, context)) as generator:
            while proceed():
                try:
                    step = next(generator)
                except StopIteration as end:
                    return end.value
                reporter.report(step)
                del step  # a batch that would stay alive while the next one is computed
            raise Stopped
    finally:
        reporter.flush()
