"""The guide's dry run of a training, and what it tells on its page."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from app.bridge import Bridge
from app.session import Session
from app.workspaces.train.guide.trial_page import TrialPage
from engine.events import JobCancelled, JobFailed, JobFinished, JobProgress
from engine.jobs import Job
from engine.results import Estimate
from engine.worker import EngineLike


class Trial(QObject):
    """One trial at a time; a newer one takes the place of the last."""

    def __init__(
        self, page: TrialPage, engine: EngineLike, bridge: Bridge, session: Session,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._page, self._engine, self._session = page, engine, session
        self._job: int | None = None
        self._found: Estimate | None = None
        page.progress.cancelled.connect(self.stop)
        bridge.progressed.connect(self._progressed)
        for end in (bridge.finished, bridge.failed, bridge.cancelled):
            end.connect(self._ended)

    def found(self) -> Estimate | None:
        """What the last trial told, if the settings are still the same."""
        return self._found

    def isNeeded(self) -> bool:
        """Whether nothing was told yet, and no trial is under way."""
        return self._found is None and self._job is None

    def begin(self, job: Job) -> None:
        """Try a dry job."""
        self.stop()
        self._page.showBusy("Waiting for the engine")
        self._job = self._engine.submit(job)
        self._session.answered.add(self._job)  # the page tells why it fails

    def stop(self) -> None:
        """End the trial, if one is under way."""
        if self._job is not None:
            job, self._job = self._job, None
            self._engine.cancel(job)
            self._page.showNothing()

    def forget(self) -> None:
        """The settings are others: what was told no longer holds."""
        self.stop()
        self._found = None
        self._page.showNothing()

    def _progressed(self, event: JobProgress) -> None:
        if event.job_id == self._job:
            share = event.done / event.total if event.total else None
            self._page.showBusy(event.message or "Trying a few iterations", share)

    def _ended(self, event: JobFinished | JobFailed | JobCancelled) -> None:
        if event.job_id != self._job:
            return
        self._job = None
        if isinstance(event, JobFinished) and isinstance(event.result, Estimate):
            self._found = event.result
            self._page.showEstimate(event.result)
        elif isinstance(event, JobFailed):
            self._page.showProblem(event.message, event.hint)
        else:
            self._page.showNothing()
