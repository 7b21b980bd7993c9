"""Engine events to rows of the jobs lists, and the lists' wishes to the engine."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from app.bridge import Bridge
from app.errors import Teller
from app.session import EngineState, Session
from engine.errors import InputError
from engine.events import (
    EngineFailed,
    EngineReady,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobNote,
    JobProgress,
    JobQueued,
    JobStarted,
    QueueChanged,
)
from engine.worker import EngineLike
from widgets.panels.job_row import FINISHED, JobRow
from widgets.panels.jobs import JobsPanel


class JobsController(QObject):
    """Keeps `session.jobs` and the lists; `retried` carries the old id and the new one.

    Every workspace may have a list of its own; all show the same jobs.
    """

    retried = pyqtSignal(int, int)

    def __init__(
        self,
        engine: EngineLike,
        bridge: Bridge,
        session: Session,
        panel: JobsPanel,
        teller: Teller,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._session = session
        self._panels: list[JobsPanel] = []
        self._order: tuple[int, ...] = ()
        self._teller = teller
        self._titles: dict[int, str] = {}
        self._paused = False
        session.jobChanged.connect(self._show)
        self.addPanel(panel)
        bridge.ready.connect(self._ready)
        bridge.broken.connect(self._broken)
        bridge.queueChanged.connect(self._queue_changed)
        bridge.queued.connect(self._queued)
        bridge.started.connect(self._started)
        bridge.progressed.connect(self._progressed)
        bridge.noted.connect(self._noted)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._failed)
        bridge.cancelled.connect(self._cancelled)

    def addPanel(self, panel: JobsPanel) -> None:
        """Let another list show the jobs, those of before too."""
        self._panels.append(panel)
        for row in self._session.jobs.values():
            panel.upsert(row)
        panel.setQueueOrder(self._order)
        panel.setPaused(self._paused)
        panel.cancelRequested.connect(self._engine.cancel)
        panel.moveRequested.connect(self._engine.move)
        panel.pauseToggled.connect(self.pause)
        panel.retryRequested.connect(self.retry)
        panel.cleared.connect(self._clear)

    def pause(self, paused: bool) -> None:
        """Hold the queue and the running job, or let them go."""
        if paused:
            self._engine.pause()
        else:
            self._engine.resume()

    def isPaused(self) -> bool:
        return self._paused

    def retry(self, job_id: int) -> None:
        """Run a job that failed or was cancelled again, with the same values."""
        try:
            new = self._engine.retry(job_id)
        except InputError as error:
            self._teller.error(error)
            return
        for panel in self._panels:
            panel.remove(job_id)
        self._session.jobs.pop(job_id, None)
        self.retried.emit(job_id, new)

    def _show(self, job_id: int) -> None:
        for panel in self._panels:
            panel.upsert(self._session.jobs[job_id])

    def _clear(self) -> None:
        for panel in self._panels:
            panel.clearFinished()
        jobs = self._session.jobs
        for job_id in [job_id for job_id, row in jobs.items() if row.state in FINISHED]:
            del jobs[job_id]

    def _ready(self, event: EngineReady) -> None:
        threads = "1 thread" if event.threads == 1 else f"{event.threads} threads"
        cores = threads if event.device == "cpu" else event.device.upper()
        device = "CPU" if event.device == "cpu" else "GPU"
        self._session.set_engine(EngineState(True, f"{device} · {cores} · {event.precision}"))

    def _broken(self, event: EngineFailed) -> None:
        self._session.set_engine(EngineState(text="No engine", failed=True))
        detail = "" if event.user_error else event.detail
        self._teller.say("error", event.message, event.hint, detail)

    def _queue_changed(self, event: QueueChanged) -> None:
        self._order = event.order
        for panel in self._panels:
            panel.setQueueOrder(event.order)
            panel.setPaused(event.paused)
        if event.paused == self._paused:
            return
        self._paused = event.paused
        old, new = ("running", "paused") if event.paused else ("paused", "running")
        for row in self._session.busy_jobs():
            if row.state == old:
                self._session.update_job(row.id, state=new)

    def _queued(self, event: JobQueued) -> None:
        self._titles[event.job_id] = event.title
        if event.job_id not in self._session.unlisted:
            self._session.add_job(JobRow(event.job_id, event.title))

    def _started(self, event: JobStarted) -> None:
        self._session.update_job(event.job_id, state="running")

    def _progressed(self, event: JobProgress) -> None:
        self._session.update_job(
            event.job_id, done=event.done, total=event.total, rate=event.rate,
            remaining_s=event.remaining_s, message=event.message,
        )  # fmt: skip

    def _noted(self, event: JobNote) -> None:
        self._session.update_job(event.job_id, message=event.message)
        if event.job_id not in self._session.unlisted | self._session.with_notes:
            self._teller.say("info", event.message)

    def _finished(self, event: JobFinished) -> None:
        self._session.update_job(
            event.job_id, state="done", remaining_s=None, message=f"in {event.seconds:.1f} s"
        )
        self._forget(event.job_id)

    def _failed(self, event: JobFailed) -> None:
        if event.job_id in self._session.unlisted:
            self._session.add_job(JobRow(event.job_id, self._titles.get(event.job_id, "")))
        detail = event.detail
        self._session.update_job(
            event.job_id, state="failed", message=event.message, hint=event.hint, detail=detail
        )
        # A fault of the program is told in any case, with what may be copied.
        if event.job_id not in self._session.answered or not event.user_error:
            self._teller.say("error", event.message, event.hint, "" if event.user_error else detail)
        self._forget(event.job_id)

    def _cancelled(self, event: JobCancelled) -> None:
        self._session.update_job(event.job_id, state="cancelled", message="")
        self._forget(event.job_id)

    def _forget(self, job_id: int) -> None:
        self._titles.pop(job_id, None)
        self._session.unlisted.discard(job_id)
        self._session.answered.discard(job_id)
