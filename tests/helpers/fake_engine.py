"""An engine without a thread and without torch, for tests of windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.events import (
    EngineReady,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobLosses,
    JobPreview,
    JobProgress,
    JobQueued,
    JobStarted,
    QueueChanged,
)
from engine.jobs import Job, JobState
from engine.outbox import Listener
from engine.reporting import key_frames


class FakeEngine:
    """Records what it is asked, and tells what the test says, at once and in the test's thread.

    Like the engine, it starts a job as soon as none runs, and the next one when that has ended.

    Args:
        listener: Takes the events, such as `Bridge.post`.
        running: Start submitted jobs; otherwise they wait until `begin`.

    Attributes:
        jobs: Every job that was submitted, by its id.
        states: Where each job is.
        waiting: The ids of the waiting jobs, in order.
        paused: Whether the queue is paused.
        closed: Whether `shutdown` was called.
    """

    def __init__(self, listener: Listener, *, running: bool = True) -> None:
        self.emit = listener
        self.jobs: dict[int, Job] = {}
        self.states: dict[int, JobState] = {}
        self.waiting: list[int] = []
        self.paused = False
        self.closed = False
        self._running = running

    # What a window asks

    def submit(self, job: Job, *, first: bool = False) -> int:
        job_id = len(self.jobs) + 1
        self.jobs[job_id] = job
        self.states[job_id] = JobState.QUEUED
        self.emit(JobQueued(job_id, job.title))
        if self.closed:
            self._end(JobCancelled(job_id), JobState.CANCELLED)
            return job_id
        self.waiting.insert(0 if first else len(self.waiting), job_id)
        self._emit_order()
        self._start_next()
        return job_id

    def cancel(self, job_id: int) -> None:
        if job_id in self.waiting:
            self.waiting.remove(job_id)
            self._end(JobCancelled(job_id), JobState.CANCELLED)
            self._emit_order()
        elif self.states.get(job_id) == JobState.RUNNING:
            self._end(JobCancelled(job_id), JobState.CANCELLED)

    def move(self, job_id: int, index: int) -> None:
        if job_id in self.waiting:
            self.waiting.remove(job_id)
            self.waiting.insert(max(0, index), job_id)
            self._emit_order()

    def pause(self) -> None:
        if not self.paused:
            self.paused = True
            self._emit_order()

    def resume(self) -> None:
        if self.paused:
            self.paused = False
            self._emit_order()
            self._start_next()

    def retry(self, job_id: int) -> int:
        if job_id not in self.jobs:
            raise InputError(f"Job {job_id} is no longer kept.", "Start it anew where it was made.")
        return self.submit(self.jobs[job_id])

    def shutdown(self, timeout: float | None = None) -> bool:
        self.closed = True
        for job_id in [*self.waiting, *filter(None, [self.current])]:
            self.cancel(job_id)
        return True

    # What a test says

    @property
    def current(self) -> int | None:
        """The running job."""
        return next((i for i, s in self.states.items() if s == JobState.RUNNING), None)

    @property
    def last(self) -> Job:
        """The job that was submitted last."""
        return self.jobs[len(self.jobs)]

    def ready(self, device: str = "cpu", threads: int = 2, precision: str = "float32") -> None:
        """torch is loaded."""
        self.emit(EngineReady(device, threads, precision))

    def begin(self) -> int:
        """Start the next waiting job, also where jobs do not start by themselves."""
        job_id = self.waiting.pop(0)
        self.states[job_id] = JobState.RUNNING
        self._emit_order()
        self.emit(JobStarted(job_id))
        return job_id

    def progress(self, job_id: int, done: int, total: int, *, rate: float = 10.0) -> None:
        """`done` of `total` steps."""
        self.emit(JobProgress(job_id, done, total, rate, (total - done) / rate))

    def preview(
        self,
        job_id: int,
        index: int = 0,
        total: int = 10,
        *,
        x_t: np.ndarray | None = None,
        x0_hat: np.ndarray | None = None,
        batch: int = 1,
        side: int = 16,
        offset: int = 0,
    ) -> JobPreview:
        """One denoising step; without arrays, ones that a test can tell apart by their level."""
        level = np.full((batch, side, side), 2 * index / max(1, total - 1) - 1, np.float32)
        event = JobPreview(
            job_id, index, total, total - 1 - index,
            level if x_t is None else x_t, -level if x0_hat is None else x0_hat,
            index in key_frames(total), offset,
        )  # fmt: skip
        self.emit(event)
        return event

    def losses(self, job_id: int, rows: Mapping[int, Mapping[str, float]]) -> None:
        """Training records: iteration -> losses."""
        self.emit(JobLosses(job_id, tuple(rows.items())))

    def finish(self, job_id: int, result: Any = None, seconds: float = 1.0) -> None:
        """The job's result is there."""
        self._end(JobFinished(job_id, result, seconds), JobState.DONE)

    def fail(
        self,
        job_id: int,
        message: str = "The mask is empty.",
        hint: str = "Draw one.",
        detail: str = "Traceback",
        *,
        user_error: bool = True,
    ) -> None:
        """The job ends by an error."""
        self._end(JobFailed(job_id, message, hint, detail, user_error), JobState.FAILED)

    def _end(self, event: Event, state: JobState) -> None:
        assert isinstance(event, JobCancelled | JobFinished | JobFailed)
        self.states[event.job_id] = state
        self.emit(event)
        self._start_next()

    def _start_next(self) -> None:
        free = self._running and not self.paused and not self.closed
        if free and self.waiting and self.current is None:
            self.begin()

    def _emit_order(self) -> None:
        self.emit(QueueChanged(tuple(self.waiting), self.paused))
