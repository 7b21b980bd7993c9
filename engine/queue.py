"""The jobs that wait, the one that runs, and the ones that may be retried."""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import count

from engine.errors import InputError
from engine.events import JobCancelled, JobEvent, JobFailed, JobQueued, JobStarted, QueueChanged
from engine.jobs import Job
from engine.outbox import Outbox

# How often a waiting engine thread looks whether the program around it has ended.
_LOOK_S = 0.5
KEPT_BYTES = 256 * 2**20
"""Ended jobs whose arrays are larger together are let go, the latest one excepted."""


class JobQueue:
    """Order, pause and cancellation, for any number of callers and one engine thread.

    Every method but `take` and `proceed`, which are the engine thread's, returns at once: the
    lock is only ever held to change lists. Events are put in the order of the changes they tell.

    Args:
        outbox: Takes the events.
        keep: How many ended jobs are kept for `job`; live jobs only if they failed.
    """

    def __init__(self, outbox: Outbox, keep: int = 50) -> None:
        self._outbox = outbox
        self._keep = keep
        self._changed = threading.Condition(threading.Lock())
        self._ids = count(1)
        self._waiting: list[int] = []
        self._jobs: dict[int, Job] = {}
        self._ended: OrderedDict[int, Job] = OrderedDict()
        self._running: int | None = None
        self._stopping = False
        self._paused = False
        self._closed = False

    def submit(self, job: Job, *, first: bool = False) -> int:
        """Append a job, or put it in front; after `close` it is cancelled at once."""
        with self._changed:
            job_id = next(self._ids)
            self._outbox.put(JobQueued(job_id, job.title))
            if self._closed:
                self._outbox.put(JobCancelled(job_id))
            else:
                self._jobs[job_id] = job
                self._waiting.insert(0 if first else len(self._waiting), job_id)
                self._put_order()
                self._changed.notify_all()
        self._outbox.deliver()
        return job_id

    def cancel(self, job_id: int) -> None:
        """Take a waiting job out, or ask the running one to stop; else nothing."""
        with self._changed:
            if job_id in self._waiting:
                self._waiting.remove(job_id)
                self._put_end(JobCancelled(job_id))
                self._put_order()
            elif job_id == self._running:
                self._stopping = True
                self._changed.notify_all()
        self._outbox.deliver()

    def move(self, job_id: int, index: int) -> None:
        """Put a waiting job at a position, 0 for the next to run; others are left alone."""
        with self._changed:
            if job_id in self._waiting:
                self._waiting.remove(job_id)
                self._waiting.insert(max(0, index), job_id)
                self._put_order()
        self._outbox.deliver()

    def pause(self, paused: bool) -> None:
        """Hold, or let go, the queue and the running job."""
        with self._changed:
            if paused != self._paused:
                self._paused = paused
                self._put_order()
                self._changed.notify_all()
        self._outbox.deliver()

    def job(self, job_id: int) -> Job:
        """A job that waits, runs or has ended lately.

        Raises:
            InputError: it ended too long ago.
        """
        with self._changed:
            job = self._jobs.get(job_id) or self._ended.get(job_id)
        if job is None:
            raise InputError(f"Job {job_id} is no longer kept.", "Start it anew where it was made.")
        return job

    def close(self) -> None:
        """Cancel everything and let `take` return None."""
        with self._changed:
            self._closed = self._stopping = True
            for job_id in self._waiting:
                self._put_end(JobCancelled(job_id))
            if self._waiting:
                self._waiting.clear()
                self._put_order()
            self._changed.notify_all()
        self._outbox.deliver()

    def take(self) -> tuple[int, Job] | None:
        """Engine thread: wait for the next job; None when there will be no more."""
        with self._changed:
            while not self._closed and (self._paused or not self._waiting):
                self._wait()
            if self._closed:
                return None
            job_id = self._waiting.pop(0)
            self._running, self._stopping = job_id, False
            self._put_order()
            self._outbox.put(JobStarted(job_id))
            job = self._jobs[job_id]
        self._outbox.deliver()
        return job_id, job

    def proceed(self) -> bool:
        """Engine thread: whether the running job goes on; waits here while the queue is paused."""
        with self._changed:
            self._look()
            while self._paused and not self._stopping:
                self._wait()
            return not self._stopping

    def end(self, event: JobEvent) -> None:
        """Engine thread: the running job has ended in this way."""
        with self._changed:
            self._running = None
            self._put_end(event)
        self._outbox.deliver()

    def _wait(self) -> None:
        self._changed.wait(_LOOK_S)
        self._look()

    def _look(self) -> None:
        # A program that ends without `shutdown` waits for this thread, which is no daemon.
        if not threading.main_thread().is_alive():
            self._closed = self._stopping = True

    def _put_order(self) -> None:
        self._outbox.put(QueueChanged(tuple(self._waiting), self._paused))

    def _put_end(self, event: JobEvent) -> None:
        job = self._jobs.pop(event.job_id)
        if not job.live or isinstance(event, JobFailed):
            self._ended[event.job_id] = job
            while len(self._ended) > self._keep or self._holds_much():
                self._ended.popitem(last=False)
        self._outbox.put(event)

    def _holds_much(self) -> bool:
        held: dict[int, int] = {}
        for job in self._ended.values():
            held |= job.bytes()
        return len(self._ended) > 1 and sum(held.values()) > KEPT_BYTES
