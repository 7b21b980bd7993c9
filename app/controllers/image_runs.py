"""Jobs about the open image, from the request to what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from PyQt6.QtCore import QObject

from app.bridge import Bridge
from app.errors import Teller
from app.session import Session
from app.study import Study
from engine.events import JobCancelled, JobFailed, JobFinished, JobPreview, JobStarted
from engine.worker import EngineLike
from widgets.panels.job_row import JobRow

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.jobs import Job

KEPT = 50
"""Runs that failed or were cancelled and may be retried, as many as the engine keeps."""


class OfImage(Protocol):
    """One request: the job, and the image that it is about."""

    @property
    def job(self) -> Job: ...

    @property
    def volume(self) -> Volume: ...


class JobPanel(Protocol):
    """Where the run in view is followed."""

    def showJob(self, row: JobRow | None) -> None: ...

    def setStatus(self, text: str) -> None: ...


R = TypeVar("R", bound=OfImage)


class ImageRuns(QObject, Generic[R]):
    """Follows runs on the open image, cancels those of an image that is closed, and lets those
    that failed or were cancelled be retried while their image is open."""

    DOING = "Running"
    """What a run does to its image, in a sentence."""

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, study: Study,
        panel: JobPanel, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._engine, self._session, self._study = engine, session, study
        self._panel, self._teller = panel, teller
        self._runs: dict[int, R] = {}
        self._ended_lately: dict[int, R] = {}
        self._gone: set[int] = set()  # ended runs whose image is not open any more
        self._current = 0
        self._begun = 0
        self._refused = ""  # why the run that was last asked for did not come to anything
        session.jobChanged.connect(self._job_changed)
        session.engineChanged.connect(self._show)
        study.opened.connect(self._opened)
        bridge.started.connect(self._started)
        bridge.previewed.connect(self._previewed)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._ended)
        bridge.cancelled.connect(self._ended)

    # --- what the user asks

    def cancel(self) -> bool:
        """Cancel the newest run; False if there was none."""
        for job_id in sorted(self._runs, reverse=True):
            self._engine.cancel(job_id)
            return True
        return False

    def adopt(self, old: int, new: int) -> None:
        """A run of ours runs again under a new id."""
        before = self._ended_lately.pop(old, None)
        if before is not None:
            self._withdraw()
            self._runs[new] = before
            self._make_current(new)
        elif old in self._gone:
            self._engine.cancel(new)
            self._teller.say(
                "warning", "The image of that run is not open any more.", "Open it and run anew."
            )

    # --- what becomes of a run, for those who know what it is

    def on_begin(self, run: R) -> None:
        """It is in the engine."""

    def on_preview(self, event: JobPreview) -> None:
        """Of the run that is in the engine."""

    def on_finish(self, run: R, result: Any) -> None:
        """What came of it."""
        raise NotImplementedError

    def on_end(self, run: R) -> None:
        """It was in the engine, and ended without a result."""

    # --- for the requests

    def _refuse(self, message: str, hint: str) -> None:
        """Say why nothing is run."""
        self._refused = message
        self._teller.say("error", message, hint)

    def _withdraw(self) -> None:
        """What was said of the run before is out of date: of a new one, or of another image."""
        if self._refused:
            self._teller.withdraw(self._refused)
        self._refused = ""

    def _begin(self, run: R, first: bool = False) -> None:
        job_id = self._engine.submit(run.job, first=first)
        self._runs[job_id] = run
        self._make_current(job_id)

    # --- events

    def _started(self, event: JobStarted) -> None:
        run = self._runs.get(event.job_id)
        if run is not None:
            self._begun = event.job_id
            self._make_current(event.job_id)
            self.on_begin(run)

    def _previewed(self, event: JobPreview) -> None:
        if event.job_id == self._begun and event.job_id in self._runs:
            self.on_preview(event)

    def _finished(self, event: JobFinished) -> None:
        run = self._runs.pop(event.job_id, None)
        if run is not None:
            self._after(event.job_id)
            self.on_finish(run, event.result)

    def _ended(self, event: JobFailed | JobCancelled) -> None:
        run = self._runs.pop(event.job_id, None)
        if run is None:
            return
        if isinstance(event, JobFailed):
            self._refused = event.message
        if run.volume is not self._study.volume:
            self._gone.add(event.job_id)
        else:
            self._ended_lately[event.job_id] = run
            if len(self._ended_lately) > KEPT:
                self._ended_lately.pop(next(iter(self._ended_lately)))
        begun = event.job_id == self._begun
        self._after(event.job_id)
        if begun:
            self.on_end(run)

    def _after(self, job_id: int) -> None:
        self._begun = 0 if job_id == self._begun else self._begun
        running = [self._begun] if self._begun in self._runs else []
        # With nothing left, the one that has ended stays in view.
        self._make_current(max(running or self._runs, default=job_id))

    # --- following

    def _make_current(self, job_id: int) -> None:
        self._current = job_id
        self._show()

    def _job_changed(self, job_id: int) -> None:
        if job_id == self._current:
            self._show()

    def _show(self) -> None:
        row = self._session.jobs.get(self._current)
        self._panel.showJob(row)
        if row is not None and row.state == "queued":
            self._panel.setStatus(self._why_waiting(row))

    def _why_waiting(self, row: JobRow) -> str:
        engine = self._session.engine
        if not engine.ready:
            return f"Waiting  ·  {engine.text}"
        others = [other for other in self._session.busy_jobs() if other.id != row.id]
        ahead = next((other for other in others if other.state != "queued"), None)
        return f"Waits behind {ahead.title}" if ahead is not None else row.status()

    def _opened(self) -> None:
        """Another image: nobody can use what is under way for the one before."""
        volume = self._study.volume
        self._withdraw()
        self._gone |= set(self._ended_lately)
        self._ended_lately.clear()
        foreign = [i for i, run in self._runs.items() if run.volume is not volume]
        names = {self._runs[i].volume.source.name for i in foreign}
        for job_id in sorted(foreign, reverse=True):
            self._engine.cancel(job_id)
        if foreign:
            self._teller.say(
                "info",
                f"{self.DOING} {' and '.join(sorted(names))} was cancelled.",
                "It is not open any more.",
            )
