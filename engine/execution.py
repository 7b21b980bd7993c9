"""One job from start to end, in whichever thread it is called."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from engine.errors import Stopped
from engine.failures import with_less_memory
from engine.jobs import Job
from engine.reporting import Clock, Emit, StepReporter
from engine.steps import Step

if TYPE_CHECKING:
    from engine.device import Context

Runner = Callable[[Job, "Context"], Generator[Step, None, Any]]
Proceed = Callable[[], bool]


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
    """Run a job; returns its result. When memory runs out, once more with half the batch: see
    `failures.with_less_memory`.

    Args:
        emit: Takes the events of the steps; neither the start nor the end is told.
        proceed: Asked before every step; may wait. False stops the job.

    Raises:
        Stopped: `proceed` said so, or the job heard it from elsewhere.
        OutOfMemoryError: too little memory, also with half the batch; it is free again.
        Exception: whatever the job raises.
    """
    steps = with_less_memory(lambda given: runner(job, given), context, job.title)
    reporter = StepReporter(job_id, emit, clock)
    try:
        with closing(steps):
            while proceed():
                try:
                    step = next(steps)
                except StopIteration as end:
                    return end.value
                reporter.report(step)
                del step  # a batch that would stay alive while the next one is computed
            raise Stopped
    finally:
        reporter.flush()
