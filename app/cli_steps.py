"""Steps of work without a job, such as looking through files, told on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from app.cli_interrupt import Interrupts
from app.cli_report import Reporter
from engine.steps import Step

T = TypeVar("T")


def driven(start: Callable[[], Generator[Step, None, T]], reporter: Reporter) -> T:
    """The result of a generator of steps, told as it goes; Ctrl+C ends it between two steps.

    Raises:
        KeyboardInterrupt: after Ctrl+C.
    """
    from engine.reporting import StepReporter

    steps = start()
    telling = StepReporter(0, reporter.event)
    try:
        with Interrupts() as interrupts:
            while interrupts.proceed():
                try:
                    telling.report(next(steps))
                except StopIteration as end:
                    result: T = end.value
                    return result
        raise KeyboardInterrupt
    finally:
        steps.close()
        reporter.close()
