"""The background engine: one thread that owns torch and runs one job after the other."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from engine.device import DeviceSettings, give_way, open_context, warm_up
from engine.events import (
    EngineFailed,
    EngineReady,
    Event,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
)
from engine.execution import Proceed, Runner, Stopped, always, execute
from engine.failures import Caught, Failure, describe, drop_frames
from engine.jobs import Job
from engine.outbox import Listener, Outbox
from engine.queue import JobQueue
from engine.reporting import Clock, Emit

if TYPE_CHECKING:
    from engine.device import Context


class EngineLike(Protocol):
    """What a window may ask of an engine. Every call returns at once; events tell the rest."""

    def submit(self, job: Job, *, first: bool = False) -> int:
        """Queue a job, or put it in front; returns its id, larger than all before."""
        ...

    def cancel(self, job_id: int) -> None:
        """Take a waiting job out of the queue, or stop the running one at its next step."""
        ...

    def move(self, job_id: int, index: int) -> None:
        """Give a waiting job a position in the queue, 0 for the next to run."""
        ...

    def pause(self) -> None:
        """Start no job, and hold the running one between two steps."""
        ...

    def resume(self) -> None:
        """End a pause."""
        ...

    def retry(self, job_id: int) -> int:
        """Queue the same job again under a new id.

        Raises:
            InputError: the job ended so long ago that it is no longer kept.
        """
        ...

    def shutdown(self, timeout: float | None = None) -> bool:
        """Cancel everything and end; False if a step outlasted `timeout` seconds."""
        ...


class Engine:
    """Runs jobs in a thread of its own; see `EngineLike` for what it can be asked.

    torch is imported by that thread after `start`, so jobs can be submitted before. The thread is
    no daemon, so that a step is never cut in two when the program ends; `shutdown` (or leaving
    the `with` block) joins it. A program that ends without it waits for one step at most: the
    thread notices that the main thread is gone.

    Args:
        runner: Makes the generator of a job.
        listener: Takes every event, in any thread and never in two at once. It must return soon
            and may call the engine, `shutdown` excepted.
        settings: Device, precision, threads.
        warm_up: Compute something small before `EngineReady`, so that the first job is fast.
        clock: Seconds, never going back; for the throttling of events.
    """

    def __init__(
        self,
        runner: Runner,
        listener: Listener,
        settings: DeviceSettings | None = None,
        *,
        warm_up: bool = True,
        clock: Clock = time.monotonic,
    ) -> None:
        self._runner = runner
        self._settings = settings or DeviceSettings()
        self._warm_up = warm_up
        self._clock = clock
        self._outbox = Outbox(listener)
        self._queue = JobQueue(self._outbox)
        self._thread = threading.Thread(target=self._work, name="engine", daemon=False)

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.shutdown()

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def submit(self, job: Job, *, first: bool = False) -> int:
        return self._queue.submit(job, first=first)

    def cancel(self, job_id: int) -> None:
        self._queue.cancel(job_id)

    def move(self, job_id: int, index: int) -> None:
        self._queue.move(job_id, index)

    def pause(self) -> None:
        self._queue.pause(True)

    def resume(self) -> None:
        self._queue.pause(False)

    def retry(self, job_id: int) -> int:
        return self._queue.submit(self._queue.job(job_id))

    def shutdown(self, timeout: float | None = None) -> bool:
        self._queue.close()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        caught = Caught(BaseException)
        context = None
        with caught:
            context = self._open()
        broken = None
        if caught.error is not None:
            broken = _failure(caught.error, "The start of the engine")
            self._outbox.send(
                EngineFailed(broken.message, broken.hint, broken.detail, broken.user_error)
            )
        while (taken := self._queue.take()) is not None:
            job_id, job = taken
            if context is None:
                assert broken is not None
                event: JobEvent = _failed(job_id, broken)
            else:
                event = self._run(job_id, job, context)
            self._queue.end(event)
            # What a job took and gave is not kept alive until the next one comes.
            del taken, job, event

    def _open(self) -> Context:
        context = open_context(self._settings)
        give_way()
        if self._warm_up:
            warm_up(context)
        self._outbox.send(EngineReady(context.device.type, context.threads, context.precision))
        return context

    def _run(self, job_id: int, job: Job, context: Context) -> JobEvent:
        begun = self._clock()
        caught = Caught(BaseException)
        with caught:
            result = execute(
                self._runner,
                job,
                job_id,
                context,
                self._outbox.send,
                proceed=self._queue.proceed,
                clock=self._clock,
            )
            return JobFinished(job_id, result, self._clock() - begun)
        assert caught.error is not None
        if isinstance(caught.error, Stopped):
            return JobCancelled(job_id)
        return _failed(job_id, _failure(caught.error, job.title))


def run_inline(
    runner: Runner,
    job: Job,
    context: Context,
    on_event: Emit | None = None,
    *,
    job_id: int = 0,
    proceed: Proceed = always,
    clock: Clock = time.monotonic,
) -> Any:
    """Run one job in the calling thread, as the engine would; returns its result.

    Args:
        on_event: Takes the events of the steps, throttled as for a window.
        proceed: Asked before every step; False ends the job.

    Raises:
        Stopped: `proceed` said so; the job has cleaned up.
        OutOfMemoryError: too little memory, also with half the batch.
        Exception: whatever the job raises; after a KeyboardInterrupt, too, it has cleaned up.
    """
    emit = on_event or _ignore
    return execute(runner, job, job_id, context, emit, proceed=proceed, clock=clock)


def _ignore(event: Event) -> None:
    """Nobody listens."""


def _failure(error: BaseException, what: str) -> Failure:
    failure = describe(error, what)
    drop_frames(error)
    return failure


def _failed(job_id: int, failure: Failure) -> JobFailed:
    return JobFailed(
        job_id, failure.message, failure.hint, failure.detail, failure.user_error, failure.report
    )
