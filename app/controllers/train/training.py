"""Jobs that train: begins, continues, pauses and stops them, and tells their runs how they go."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.bridge import Bridge
from app.controllers.jobs import JobsController
from app.controllers.train.apart import Apart
from app.controllers.train.requests import job_of_run
from app.controllers.train.run import TrainingRun
from app.errors import Teller
from app.session import Session
from engine.events import (
    JobCancelled,
    JobFailed,
    JobFinished,
    JobImages,
    JobLosses,
    JobNote,
)
from engine.jobs import Job
from engine.results import FileResult
from engine.worker import EngineLike
from widgets.panels.job_row import JobRow

KEPT = 50
"""Runs of ended jobs that may be retried, as many as the engine keeps."""


class TrainingController(QObject):
    """Keeps a `TrainingRun` for each job of the window that trains.

    `begun` tells that a job was queued, `trains` that its first iterations are done, `ended` that
    it has ended in whatever way.
    """

    begun = pyqtSignal(TrainingRun)
    trains = pyqtSignal(TrainingRun)
    ended = pyqtSignal(TrainingRun)

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, jobs: JobsController,
        background: Background, teller: Teller, apart: Apart, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.apart = apart
        self._engine, self._session, self._jobs = engine, session, jobs
        self._background, self._teller = background, teller
        self._by_job: dict[int, TrainingRun] = {}
        self._ended: dict[int, TrainingRun] = {}
        session.jobChanged.connect(self._job_changed)
        jobs.retried.connect(self._adopt)
        bridge.losses.connect(self._losses)
        bridge.images.connect(self._images)
        bridge.noted.connect(self._noted)
        for end in (bridge.finished, bridge.failed, bridge.cancelled):
            end.connect(self._job_ended)

    def run(self, folder: Path) -> TrainingRun:
        """The run of a folder: that of our job, else one that knows nothing yet."""
        for known in (*self._by_job.values(), *reversed(self._ended.values())):
            if known.folder == folder:
                return known
        return TrainingRun(folder, folder.name, self)

    def known(self) -> tuple[TrainingRun, ...]:
        """The runs of our jobs, those that ended first."""
        return (*self._ended.values(), *self._by_job.values())

    def release(self, run: TrainingRun) -> None:
        """Nobody looks at the run any more; one that no job was for is forgotten."""
        if run not in (*self._by_job.values(), *self._ended.values()):
            run.deleteLater()

    # --- what the user asks

    def start(self, job: Job, seconds: float | None = None) -> TrainingRun | None:
        """Queue a job that trains from the start, or let a process of its own do it.

        Args:
            seconds: That it was estimated to take.

        Returns:
            The run of our job; None where another process is started.
        """
        folder = job.path("output")
        if self.apart.takes(int(getattr(job.params, "iterations", 0)), seconds):
            self.apart.start(job)
            return None
        # What an earlier run of that folder told has gone with its files.
        self._ended = {i: run for i, run in self._ended.items() if run.folder != folder}
        run = self.run(folder)
        run.asked = job.method, job.task
        self._take(self._engine.submit(job), job.title, run)
        return run

    def goOn(self, run: TrainingRun, iterations: int | None = None) -> None:
        """Continue a run from its last state.

        Args:
            iterations: Of the whole run, where they are to be others.
        """
        if run.isOurs():
            return

        saved = run.facts.saved if run.facts is not None else 0

        def done(job: Job) -> None:
            if self.apart.takes(int(getattr(job.params, "iterations", 0)) - saved):
                self.apart.start(job, resume=True)
            elif not run.isOurs():  # else it was asked for twice
                self._take(self._engine.submit(job), job.title, run)

        self._background.run(
            f"Reading {run.folder.name}", lambda: job_of_run(run.folder, iterations), done,
            self._teller.failure,
        )  # fmt: skip

    def stop(self, run: TrainingRun) -> None:
        """End our job after its next iteration; it keeps its state to go on from."""
        if run.isOurs() and run.row is not None:
            self._engine.cancel(run.row.id)

    def togglePause(self) -> None:
        """Hold the queue and what runs, or let it go on."""
        self._jobs.pause(not self._jobs.isPaused())

    # --- events

    def _take(self, job_id: int, title: str, run: TrainingRun) -> None:
        self._by_job[job_id] = run
        # The engine's word comes later; until then nobody shall ask for it again.
        run.takeRow(JobRow(job_id, title))
        self._session.with_notes.add(job_id)
        self.begun.emit(run)

    def _adopt(self, old: int, new: int) -> None:
        """A job of ours runs again under a new id."""
        run = self._ended.pop(old, None)
        if run is not None:
            self._take(new, run.row.title if run.row is not None else run.title, run)

    def _job_changed(self, job_id: int) -> None:
        run = self._by_job.get(job_id)
        if run is not None and job_id in self._session.jobs:
            run.takeRow(self._session.jobs[job_id])

    def _losses(self, event: JobLosses) -> None:
        run = self._by_job.get(event.job_id)
        if run is not None:
            first = run.isPreparing()
            run.takeRows(event.rows)
            if first:
                self.trains.emit(run)

    def _images(self, event: JobImages) -> None:
        if event.job_id in self._by_job:
            self._by_job[event.job_id].takePictures(event.images)

    def _noted(self, event: JobNote) -> None:
        if event.job_id in self._by_job:
            self._by_job[event.job_id].takeNote(event.message)

    def _job_ended(self, event: JobFinished | JobFailed | JobCancelled) -> None:
        run = self._by_job.get(event.job_id)
        if run is None:
            return
        if event.job_id in self._session.jobs:
            run.takeRow(self._session.jobs[event.job_id])
        del self._by_job[event.job_id]
        self._session.with_notes.discard(event.job_id)
        if isinstance(event, JobFinished) and isinstance(event.result, FileResult):
            run.takeResult(event.result.summary)
        self._keep(event.job_id, run)
        self.ended.emit(run)

    def _keep(self, job_id: int, run: TrainingRun) -> None:
        self._ended[job_id] = run
        if len(self._ended) > KEPT:
            self._ended.pop(next(iter(self._ended)))
