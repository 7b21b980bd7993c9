"""The panel's form and the open image -> a job; the job's events -> steps and a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from app import forms
from app.bridge import Bridge
from app.controllers.translate.choosing import Choosing
from app.controllers.translate.runs import Landed, Run, plane_for, plane_of
from app.errors import Teller
from app.session import Session
from app.study import Study, grid_of
from app.workspaces.translate.view import TranslateView
from engine.errors import InputError
from engine.events import JobCancelled, JobFailed, JobFinished, JobPreview, JobStarted
from engine.jobs import Constant, Job
from engine.results import TranslationResult
from engine.worker import EngineLike
from widgets.panels.job_row import JobRow
from widgets.viewer.volume.planes import PlaneName

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.library import Entry

KEPT = 50
"""Runs that failed or were cancelled and may be retried, as many as the engine keeps."""


class Running(QObject):
    """Runs the chosen checkpoint on the open image, or on a slice of it."""

    began = pyqtSignal(object)  # Run, in the engine
    previewed = pyqtSignal(object)  # JobPreview of that run
    landed = pyqtSignal(object)  # Landed
    ended = pyqtSignal(object)  # Run, without a result

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, study: Study,
        view: TranslateView, choosing: Choosing, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._engine, self._session, self._study = engine, session, study
        self._view, self._choosing, self._teller = view, choosing, teller
        self._runs: dict[int, Run] = {}
        self._ended_lately: dict[int, Run] = {}
        self._current = 0
        self._begun = 0
        self._refused = ""  # why the run that was last asked for did not come to anything
        panel = view.panel
        panel.run.clicked.connect(lambda: self.run())
        panel.preview.clicked.connect(lambda: self.preview())
        panel.cancel.clicked.connect(lambda: self.cancel())
        choosing.changed.connect(self._offer)
        session.jobChanged.connect(self._job_changed)
        session.engineChanged.connect(self._show)
        study.opened.connect(self._opened)
        bridge.started.connect(self._started)
        bridge.previewed.connect(self._previewed)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._ended)
        bridge.cancelled.connect(self._ended)
        self._opened()

    # --- what the user asks

    def run(self, first: bool = False) -> None:
        """Translate all of the image; `first` puts it before what waits."""
        self._ask(alone=False, first=first)

    def preview(self) -> None:
        """Translate the slice in view alone, before what waits."""
        volume = self._study.volume
        self._ask(alone=volume is not None and volume.geometry.shape[0] > 1, first=True)

    def cancel(self) -> bool:
        """Cancel the newest run; False if there was none."""
        for job_id in sorted(self._runs, reverse=True):
            self._engine.cancel(job_id)
            return True
        return False

    def adopt(self, old: int, new: int) -> None:
        """A run of ours runs again under a new id."""
        before = self._ended_lately.pop(old, None)
        if before is None:
            return
        if before.volume is not self._study.volume:
            self._engine.cancel(new)
            self._teller.say(
                "warning", "The image of that run is not open any more.", "Open it and run anew."
            )
            return
        self._withdraw()
        self._runs[new] = before
        self._make_current(new)

    def _ask(self, *, alone: bool, first: bool) -> None:
        panel, volume, entry = self._view.panel, self._study.volume, self._choosing.entry()
        if volume is None:
            self._refuse("There is no image to translate.", "Open one first.")
            return
        if entry is None:
            self._refuse(
                "There is no checkpoint to translate with.",
                "Train or import one, or open its file in the panel at the right.",
            )
            return
        wrong = panel.form.errors()
        if wrong:
            panel.form.control(next(iter(wrong))).setFocus()
            self._refuse("Some values cannot be used.", next(iter(wrong.values())))
            return
        self._submit(entry, volume, alone=alone, first=first)

    def _submit(self, entry: Entry, volume: Volume, *, alone: bool, first: bool) -> None:
        panel = self._view.panel
        segmenter = panel.current()
        panel.form.rollSeeds()
        values = panel.values()
        plane = plane_for(volume, entry.card, values)
        index = self._index(volume, plane) if alone else None
        if index is not None:
            values["slices"] = str(index)
        try:
            params = forms.parse(segmenter.task.params, values)
        except InputError as error:
            self._refuse(error.message, error.hint)
            return
        self._withdraw()
        inputs: dict[str, Any] = {
            "input": Constant(volume.array), "slope": volume.slope,
            "intercept": volume.intercept, "channels": volume.channels, "name": self._study.name(),
        }  # fmt: skip
        if volume.geometry.oriented:
            inputs["affine"] = volume.affine
        title = entry.card.title.strip() or entry.name
        what = "all of it" if index is None else f"{plane.value} slice {index + 1}"
        job = Job(
            segmenter.method.id, segmenter.task.name, params, inputs,
            f"{self._study.name()} as {title}, {what}",
        )  # fmt: skip
        unit = "" if entry.card.process.get("normalized") is True else "bits"
        job_id = self._engine.submit(job, first=first)
        self._runs[job_id] = Run(job, volume, title, plane, index, unit)
        self._make_current(job_id)

    def _index(self, volume: Volume, plane: PlaneName) -> int:
        """The slice of a plane that all views look at."""
        views = self._view.views
        voxel = grid_of(volume.geometry).voxel(views.currentView().crosshair())
        cut = plane_of(volume, plane)
        if views.plane() is plane:
            return views.currentView().index()
        return min(max(round(voxel[cut.axis]), 0), cut.count - 1)

    def _refuse(self, message: str, hint: str) -> None:
        """Say why nothing is run."""
        self._refused = message
        self._teller.say("error", message, hint)

    def _withdraw(self) -> None:
        """What was said of the run before is out of date."""
        if self._refused:
            self._teller.withdraw(self._refused)
        self._refused = ""

    # --- events

    def _started(self, event: JobStarted) -> None:
        run = self._runs.get(event.job_id)
        if run is not None:
            self._begun = event.job_id
            self._make_current(event.job_id)
            self.began.emit(run)

    def _previewed(self, event: JobPreview) -> None:
        if event.job_id == self._begun and event.job_id in self._runs:
            self.previewed.emit(event)

    def _finished(self, event: JobFinished) -> None:
        run = self._runs.pop(event.job_id, None)
        if run is None:
            return
        self._after(event.job_id)
        assert isinstance(event.result, TranslationResult), "the task's result is documented"
        landed = Landed(run.volume, run.title, run.plane, run.index, run.unit, event.result)
        self.landed.emit(landed)

    def _ended(self, event: JobFailed | JobCancelled) -> None:
        run = self._runs.pop(event.job_id, None)
        if run is None:
            return
        if isinstance(event, JobFailed):
            self._refused = event.message
        self._ended_lately[event.job_id] = run
        if len(self._ended_lately) > KEPT:
            self._ended_lately.pop(next(iter(self._ended_lately)))
        begun = event.job_id == self._begun
        self._after(event.job_id)
        if begun:
            self.ended.emit(run)

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
        panel = self._view.panel
        panel.showJob(row)
        if row is not None and row.state == "queued":
            panel.setStatus(self._why_waiting(row))

    def _why_waiting(self, row: JobRow) -> str:
        engine = self._session.engine
        if not engine.ready:
            return f"Waiting  ·  {engine.text}"
        others = [other for other in self._session.busy_jobs() if other.id != row.id]
        ahead = next((other for other in others if other.state != "queued"), None)
        return f"Waits behind {ahead.title}" if ahead is not None else row.status()

    def _offer(self) -> None:
        """What can be clicked with the present checkpoint and image."""
        panel, volume = self._view.panel, self._study.volume
        panel.preview.setEnabled(self._choosing.entry() is not None)
        panel.setFlat(volume is not None and volume.geometry.shape[0] == 1)
        count = 1 if volume is None or volume.channels == "rgb" else len(volume.array)
        shown = self._study.stack.time() if count > 1 else 0
        panel.setChannels(count, min(shown, count - 1))

    def _opened(self) -> None:
        """Another image: nobody can use what is under way for the one before."""
        volume = self._study.volume
        self._withdraw()
        foreign = [i for i, run in self._runs.items() if run.volume is not volume]
        names = {self._runs[i].volume.source.name for i in foreign}
        for job_id in sorted(foreign, reverse=True):
            self._engine.cancel(job_id)
        if foreign:
            self._teller.say(
                "info", f"Translating {' and '.join(sorted(names))} was cancelled.",
                "It is not open any more.",
            )  # fmt: skip
        self._offer()
