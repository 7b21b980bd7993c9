"""Small jobs for engine tests, and a listener that can be waited for."""

from __future__ import annotations

from collections.abc import Generator
from threading import Condition
from threading import Event as Flag
from typing import Any, TypeVar

from engine.device import Context, DeviceSettings
from engine.events import Event, JobCancelled, JobEvent, JobFailed, JobFinished
from engine.execution import Runner
from engine.jobs import Job
from engine.outbox import Listener
from engine.parameters import Parameters
from engine.steps import ProgressStep, Step
from engine.worker import Engine

E = TypeVar("E", bound=Event)
Body = Generator[Step, None, Any]
ENDS = (JobCancelled, JobFailed, JobFinished)
PATIENCE_S = 20.0
CPU = DeviceSettings("cpu", "float32", threads=1)


def job(title: str = "job", **inputs: Any) -> Job:
    """A job whose runner looks at the title and the inputs only."""
    return Job("test", "task", Parameters(), inputs, title)


def by_title(**bodies: Runner) -> Runner:
    """A runner that picks the generator function by the job's title."""
    return lambda job, context: bodies[job.title](job, context)


def quick(job: Job, context: Context) -> Body:
    """One step; gives its title."""
    yield ProgressStep(1, 1)
    return job.title


def engine_of(listener: Listener, **bodies: Runner) -> Engine:
    """An engine on one CPU thread, not started, whose jobs are picked by title."""
    return Engine(by_title(**bodies), listener, CPU, warm_up=False)


class Held:
    """A job that says when it runs, steps for ever or until let go, and says when it cleaned up."""

    def __init__(self) -> None:
        self.begun = Flag()
        self.let_go = Flag()
        self.cleaned = Flag()
        self.steps = 0

    def __call__(self, job: Job, context: Context) -> Body:
        try:
            self.begun.set()
            while not self.let_go.is_set():
                self.steps += 1
                yield ProgressStep(self.steps, 0)
            return "let go"
        finally:
            self.cleaned.set()


class Recorder:
    """A listener that keeps every event and lets a test wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = Condition()

    def __call__(self, event: Event) -> None:
        with self._came:
            self.events.append(event)
            self._came.notify_all()

    def wait(self, kind: type[E], job_id: int | None = None) -> E:
        """The first event of that kind (and job), now or when it comes."""
        with self._came:
            assert self._came.wait_for(lambda: self.of(kind, job_id), PATIENCE_S), (
                f"no {kind.__name__} for {job_id} in {self.events}"
            )
            return self.of(kind, job_id)[0]

    def wait_end(self, job_id: int) -> JobEvent:
        """How a job ended."""
        with self._came:
            assert self._came.wait_for(lambda: self.ends(job_id), PATIENCE_S)
            return self.ends(job_id)[0]

    def wait_count(self, kind: type[E], count: int) -> list[E]:
        """The events of that kind, once there are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.of(kind)) >= count, PATIENCE_S)
            return self.of(kind)

    def of(self, kind: type[E], job_id: int | None = None) -> list[E]:
        """All events of that kind (and job) so far."""
        return [
            e
            for e in self.events
            if isinstance(e, kind)
            and (job_id is None or (isinstance(e, JobEvent) and e.job_id == job_id))
        ]

    def ends(self, job_id: int) -> list[JobEvent]:
        """The events that end that job; more than one is a fault."""
        return [e for e in self.events if isinstance(e, ENDS) and e.job_id == job_id]


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now
