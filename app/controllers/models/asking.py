"""One job that a dialog asks for, followed to its end."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from app.bridge import Bridge
from app.session import Session
from app.workspaces.models.job_dialog import JobDialog
from engine.events import JobCancelled, JobFailed, JobFinished, JobNote, JobProgress
from engine.jobs import Job
from engine.results import FileResult
from engine.worker import EngineLike


class Asking(QObject):
    """Shows in a dialog how its job goes. A dialog asks for one job at a time."""

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._engine, self._session = engine, session
        self._dialog: JobDialog | None = None
        self._job = 0
        self._done: Callable[[FileResult], None] | None = None
        bridge.progressed.connect(self._progressed)
        bridge.noted.connect(self._noted)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._failed)
        bridge.cancelled.connect(self._cancelled)

    def begin(self, job: Job, dialog: JobDialog, done: Callable[[FileResult], None]) -> None:
        """Submit a job; `done` is called with its result while the dialog shows it."""
        self._dialog, self._done = dialog, done
        dialog.showRunning()
        self._job = self._engine.submit(job)
        self._session.with_notes.add(self._job)
        self._session.answered.add(self._job)

    def cancel(self) -> None:
        """Call the job off."""
        if self._job:
            self._engine.cancel(self._job)

    def leave(self) -> None:
        """The dialog is gone; a job that runs is called off."""
        self._session.answered.discard(self._job)
        self.cancel()
        self._dialog = self._done = None

    def _progressed(self, event: JobProgress) -> None:
        if self._dialog is not None and event.job_id == self._job:
            self._dialog.showProgress(event.done, event.total, event.message)

    def _noted(self, event: JobNote) -> None:
        if self._dialog is not None and event.job_id == self._job:
            self._dialog.showProgress(0, 0, event.message)

    def _finished(self, event: JobFinished) -> None:
        if event.job_id == self._job:
            self._end()
            done = self._done
            if done is not None and isinstance(event.result, FileResult):
                done(event.result)

    def _failed(self, event: JobFailed) -> None:
        if event.job_id == self._job:
            self._end()
            if self._dialog is not None:
                self._dialog.showFailed(event.message, event.hint, event.report)

    def _cancelled(self, event: JobCancelled) -> None:
        if event.job_id == self._job:
            self._end()
            if self._dialog is not None:
                self._dialog.showCancelled()

    def _end(self) -> None:
        self._session.with_notes.discard(self._job)
        self._job = 0
