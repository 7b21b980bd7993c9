"""The panel's form and the open image -> a job; the job's events -> findings and labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject

from app import forms
from app.bridge import Bridge
from app.controllers.segment.arriving import Run
from app.controllers.segment.choosing import Choosing
from app.controllers.segment.converting import Converting
from app.controllers.segment.findings import Findings
from app.controllers.segment.landing import Landing
from app.controllers.segment.placing import Placing
from app.controllers.segment.receiving import Receiving
from app.errors import Teller
from app.segmenters import findable, step_name
from app.session import Session
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.errors import InputError
from engine.events import JobCancelled, JobFailed, JobFinished, JobPreview, JobStarted
from engine.jobs import Constant, Job
from engine.methods.cdm.use_params import SHORT
from engine.worker import EngineLike
from widgets.panels.job_row import JobRow

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.library import Entry
    from engine.results import Segmentation

KEPT = 50
"""Runs that failed or were cancelled and may be retried, as many as the engine keeps."""


class Running(QObject):
    """Runs the chosen method on the open image."""

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, study: Study,
        view: SegmentView, choosing: Choosing, placing: Placing, receiving: Receiving,
        findings: Findings, landing: Landing, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._engine, self._session, self._study = engine, session, study
        self._view, self._choosing, self._placing = view, choosing, placing
        self._receiving = receiving
        self._findings, self._landing, self._teller = findings, landing, teller
        self._runs: dict[int, Run] = {}
        self._ended_lately: dict[int, Run] = {}
        self._landed: list[Run] = []
        self._gone: set[int] = set()  # ended runs whose image is not open any more
        self._current = 0
        self._begun = 0
        self._refused = ""  # why the run that was last asked for did not come to anything
        self._converting = Converting(view, self)
        panel = view.method
        panel.run.clicked.connect(lambda: self.run())
        panel.cancel.clicked.connect(lambda: self.cancel())
        choosing.changed.connect(self._follow_checkpoint)
        session.jobChanged.connect(self._job_changed)
        session.engineChanged.connect(self._show)
        study.opened.connect(self._opened)
        study.stack.timeChanged.connect(lambda _: self._follow_time())
        bridge.started.connect(self._started)
        bridge.previewed.connect(self._previewed)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._ended)
        bridge.cancelled.connect(self._ended)
        self._follow_checkpoint()
        self._opened()

    # --- what the user asks

    def run(self, first: bool = False) -> None:
        """Segment as the panel says; `first` puts it before what waits."""
        panel, volume, entry = self._view.method, self._study.volume, self._choosing.entry()
        if volume is None:
            self._refuse("There is no image to segment.", "Open one first.")
            return
        if entry is None:
            method = panel.current().method
            self._refuse(
                f"There is no checkpoint of {method.title} to segment with.",
                "Train or import one, or open its file in the panel Method.",
            )
            return
        panel.where.takeTyped()
        wrong = panel.form.errors()
        if wrong:
            panel.form.control(next(iter(wrong))).setFocus()
            self._refuse("Some values cannot be used.", next(iter(wrong.values())))
            return
        seen = self._receiving.volume() or volume
        self._converting.whenAgreed(
            entry.card, seen, lambda: self._submit(entry, volume, seen, first)
        )

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

    def runOf(self, job: Job) -> Run | None:
        """The run that a result on show came from, while its image is open."""
        return next((run for run in self._landed if run.job is job), None)

    def runLike(self, before: Run, job: Job, method: str) -> None:
        """Run another job on the image of a run before, and what its result is called."""
        self._begin(replace(before, job=job, name=f"{before.name} ({method})", method=method))

    def land(self, run: Run, result: Segmentation) -> None:
        """Bring a result that was kept into the labels again."""
        self._landing.take(run, result)

    def current(self) -> int:
        """The id of the run that the panel shows, 0 for none."""
        return self._current

    def _refuse(self, message: str, hint: str) -> None:
        """Say why nothing is run."""
        self._refused = message
        self._teller.say("error", message, hint)

    def _withdraw(self) -> None:
        """What was said of the run before is out of date: of a new one, or of another image."""
        if self._refused:
            self._teller.withdraw(self._refused)
        self._refused = ""

    # --- jobs

    def _submit(self, entry: Entry, volume: Volume, seen: Volume, first: bool) -> None:
        """Let a method see an image; what it finds belongs to `volume`, of the same voxels."""
        panel = self._view.method
        segmenter = panel.current()
        panel.form.rollSeeds()
        structures = findable(entry.card).structures
        try:
            params = forms.parse(segmenter.task.params, panel.values())
        except InputError as error:
            self._refuse(error.message, error.hint)
            return
        self._withdraw()
        inputs: dict[str, Any] = {
            "input": Constant(seen.array), "slope": seen.slope,
            "intercept": seen.intercept, "channels": seen.channels, "name": seen.source.name,
            "region": self._placing.region(),
        }  # fmt: skip
        if volume.geometry.oriented:
            inputs["affine"] = volume.affine
        name = step_name(segmenter.method, entry.card)
        title = f"{name}: {seen.source.name}, {self._placing.told()}"
        job = Job(segmenter.method.id, segmenter.task.name, params, inputs, title)
        shown = SHORT.get(getattr(params, "evidence", ""), segmenter.method.title)
        self._begin(Run(job, volume, name, shown, structures), first)

    def _begin(self, run: Run, first: bool = False) -> None:
        job_id = self._engine.submit(run.job, first=first)
        self._runs[job_id] = run
        self._make_current(job_id)

    # --- events

    def _started(self, event: JobStarted) -> None:
        run = self._runs.get(event.job_id)
        if run is not None:
            self._begun = event.job_id
            self._findings.begin(run.job)
            self._make_current(event.job_id)

    def _previewed(self, event: JobPreview) -> None:
        if event.job_id in self._runs:
            self._findings.preview(event)

    def _finished(self, event: JobFinished) -> None:
        run = self._runs.pop(event.job_id, None)
        if run is None:
            return
        self._after(event.job_id)
        self._landed = [*self._landed, run][-KEPT:]
        self._landing.take(run, event.result)

    def _ended(self, event: JobFailed | JobCancelled) -> None:
        run = self._runs.pop(event.job_id, None)
        if run is None:
            return
        if isinstance(event, JobFailed):
            self._refused = event.message
        if event.job_id == self._begun:
            self._findings.abandon()
        if run.volume is not self._study.volume:
            self._gone.add(event.job_id)
        else:
            self._ended_lately[event.job_id] = run
            if len(self._ended_lately) > KEPT:
                self._ended_lately.pop(next(iter(self._ended_lately)))
        self._after(event.job_id)

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
        self._view.method.showJob(row)
        if row is not None and row.state == "queued":
            self._view.method.setStatus(self._why_waiting(row))

    def _why_waiting(self, row: JobRow) -> str:
        engine = self._session.engine
        if not engine.ready:
            return f"Waiting  ·  {engine.text}"
        others = [other for other in self._session.busy_jobs() if other.id != row.id]
        ahead = next((other for other in others if other.state != "queued"), None)
        return f"Waits behind {ahead.title}" if ahead is not None else row.status()

    def _follow_checkpoint(self) -> None:
        found = self._choosing.findable()
        self._placing.setSlices(found is not None and found.slices)
        self._follow_time()

    def _opened(self) -> None:
        """Another image: nobody can use what is under way for the one before."""
        volume = self._study.volume
        self._withdraw()
        self._landed.clear()
        self._gone |= set(self._ended_lately)
        self._ended_lately.clear()
        foreign = [i for i, run in self._runs.items() if run.volume is not volume]
        names = {self._runs[i].volume.source.name for i in foreign}
        for job_id in sorted(foreign, reverse=True):
            self._engine.cancel(job_id)
        if foreign:
            self._teller.say(
                "info",
                f"Segmenting {' and '.join(sorted(names))} was cancelled.",
                "It is not open any more.",
            )
        self._follow_time()

    def _follow_time(self) -> None:
        """Of several channels the one on show is segmented, unless the user says another."""
        volume = self._study.volume
        count = 1 if volume is None or volume.channels == "rgb" else len(volume.array)
        shown = self._study.stack.time() if count > 1 else 0
        self._view.method.setChannels(count, min(shown, count - 1))
