"""The methods there are, in one explicit list, and the one way to run a job of theirs."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.jobs import Job
from engine.method import Method, Suggestion
from engine.methods import adaptdiff, cdal, cdm, diffrect, midiffusion
from engine.reproducing import METHOD as REPRODUCE
from engine.scoring import tasks as scoring
from engine.steps import Step

if TYPE_CHECKING:
    from engine.data.doctor.need import Need
    from engine.device import Context

METHODS: tuple[Method, ...] = (
    adaptdiff.METHOD,
    cdal.METHOD,
    cdm.METHOD,
    diffrect.METHOD,
    midiffusion.METHOD,
)


def method(identifier: str) -> Method:
    """The method of that identifier.

    Raises:
        InputError: there is none.
    """
    for candidate in METHODS:
        if candidate.id == identifier:
            return candidate
    raise InputError(
        f"There is no method {identifier!r}.",
        f"Choose one of: {', '.join(m.id for m in METHODS)}.",
    )


def suggestions(need: Need) -> tuple[tuple[Method, Suggestion], ...]:
    """What each method says of a need, the best first."""
    told = [(m, m.fitting(need)) for m in METHODS if m.fitting is not None]
    return tuple(sorted(told, key=lambda pair: -pair[1].fit))


def run(job: Job, context: Context) -> Generator[Step, None, Any]:
    """The generator of a job's task; returns the task's result, or of a dry job what it would
    take. Judging results of any program, and making one again, are jobs too, though of no method.
    """
    if job.method == REPRODUCE:
        from engine.reproducing.reproducing import reproduce

        return reproduce(job, context, METHODS)
    judges = job.method == scoring.METHOD.id
    task = (scoring.METHOD if judges else method(job.method)).task(job.task)
    if job.dry:
        from engine.training.estimating import estimate

        return estimate(job, context, task.run)
    return task.run(job, context)
