"""Mask and form -> job; the job's events -> session and display."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app import forms
from app.background import Background
from app.bridge import Bridge
from app.controllers.display import Display
from app.controllers.live import LiveScheduler
from app.controllers.recording import Recording
from app.errors import Teller
from app.session import Session
from app.workspaces.synthesize import SynthesizeView
from engine.errors import InputError
from engine.events import JobCancelled, JobFailed, JobFinished, JobPreview, JobStarted
from engine.jobs import Job
from engine.method import Method, Task
from engine.results import SynthesisResult
from engine.worker import EngineLike

KEPT = 50
"""Runs that failed or were cancelled and may be retried, as many as the engine keeps."""


class SynthesizeController(QObject):
    """Runs on demand and runs that follow the drawing.

    `currentChanged` tells that another run is now the one that Esc cancels and the inspector
    shows (0: none).
    """

    currentChanged = pyqtSignal(int)

    def __init__(
        self,
        engine: EngineLike,
        bridge: Bridge,
        session: Session,
        view: SynthesizeView,
        method: Method,
        task: Task,
        background: Background,
        teller: Teller,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._engine, self._session, self._view = engine, session, view
        self._method, self._task = method, task
        self._background, self._teller = background, teller
        self._display = Display(session, view, self)
        self._recordings: dict[int, Recording] = {}
        self._ended_lately: dict[int, Recording] = {}
        self._live_job = 0
        self._revision = 0
        self._shown_revision = -1
        self._template: tuple[Path, np.ndarray] | None = None
        self.live = LiveScheduler(self)
        self._connect(bridge)

    def display(self) -> Display:
        return self._display

    def _connect(self, bridge: Bridge) -> None:
        canvas, live = self._view.canvas, self.live
        canvas.strokeStarted.connect(live.strokeStarted)
        canvas.strokeMoved.connect(live.strokeMoved)
        canvas.strokeFinished.connect(live.strokeEnded)
        canvas.maskEdited.connect(self._mask_edited)
        live.due.connect(self._run_live)
        live.overtaken.connect(lambda: self._engine.cancel(self._live_job))
        self._view.inspector.edited.connect(self._form_edited)
        self._view.sheet.recallRequested.connect(self.recall)
        self._session.jobChanged.connect(lambda _: self._look_at_queue())
        bridge.started.connect(self._started)
        bridge.previewed.connect(self._previewed)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._ended)
        bridge.cancelled.connect(self._ended)

    # --- what the user asks

    def run(self, first: bool = False) -> None:
        """Make images of the mask as the form says; `first` puts them before what waits."""
        form = self._view.inspector.form
        wrong = form.errors()
        if wrong:
            form.control(next(iter(wrong))).setFocus()
            self._teller.say("error", "Some values cannot be used.", next(iter(wrong.values())))
            return
        form.rollSeeds()
        values = form.values()
        if values["match_histogram"]:
            self._with_template(values, first)
        else:
            self._submit(values, None, first)

    def cancel(self) -> bool:
        """Cancel the newest run, else the live one; False if there was none."""
        for job_id in sorted(self._recordings, reverse=True):
            self._engine.cancel(job_id)
            return True
        return False

    def adopt(self, old: int, new: int) -> None:
        """A run of ours runs again under a new id."""
        before = self._ended_lately.pop(old, None)
        if before is not None:
            self._recordings[new] = Recording(before.job, before.revision)

    def recall(self, kind: str) -> None:
        """Fill the form from the selected image: 'parameters', 'seed' or 'all_but_seed'."""
        result = self._session.result
        if result is None:
            return
        values = dict(result.provenance.get("parameters", {}))
        values["seed"] = result.seeds[self._session.selected]
        if kind == "seed":
            values = {"seed": values["seed"]}
        elif kind == "all_but_seed":
            del values["seed"]
        self._view.inspector.setValues(values)
        if "seed" in values:
            self._view.inspector.form.setSeedKept("seed", True)

    def values(self) -> dict[str, Any]:
        """What the form says, for the settings."""
        return self._view.inspector.form.values()

    # --- jobs

    def _with_template(self, values: dict[str, Any], first: bool) -> None:
        path = values["template"]
        if path is None:
            self._teller.say(
                "error", "Match histogram is on, but there is no template.", "Choose an image."
            )
            return
        if self._template is not None and self._template[0] == path:
            self._submit(values, self._template[1], first)
            return

        def read() -> np.ndarray:
            from engine.data.images import read_image

            return read_image(path).unit()

        def done(image: np.ndarray) -> None:
            self._template = (path, image)
            self._submit(values, image, first)

        self._background.run(f"Reading {path}", read, done, self._teller.failure)

    def _submit(self, values: dict[str, Any], template: np.ndarray | None, first: bool) -> None:
        try:
            params = forms.parse(self._task.params, values)
        except InputError as error:
            self._teller.error(error)
            return
        if self._live_job:
            # What was asked for comes before what was only drawn.
            self._engine.cancel(self._live_job)
        waiting = self._session.busy_jobs()
        mask = self._view.canvas.vesselMask()
        count = f", {params.variants} variants" if params.variants > 1 else ""
        title = f"Image of {self._session.mask_name}, {mask.shape[1]} × {mask.shape[0]}{count}"
        inputs = {"mask": mask} if template is None else {"mask": mask, "template": template}
        files = {"template": self._template[0]} if template is not None and self._template else {}
        job = Job(self._method.id, self._task.name, params, inputs, title, files=files)
        job_id = self._engine.submit(job, first=first)
        self._recordings[job_id] = Recording(job, self._revision)
        if waiting and not first:
            self._view.inspector.setStatus(f"Waits behind {waiting[0].title}")
        self.currentChanged.emit(job_id)

    def _run_live(self) -> None:
        if self._view.canvas.model.isEmpty() and self._session.result is None:
            return  # nothing drawn yet, nothing to replace
        values = self._view.inspector.form.values()
        values["steps"] = min(values["steps"], values["live_steps"])
        values |= {"variants": 1, "match_histogram": False}
        try:
            params = forms.parse(self._task.params, values)
        except InputError as error:
            self._view.inspector.setStatus(error.message)
            return
        mask = self._view.canvas.vesselMask()
        job = Job(self._method.id, self._task.name, params, {"mask": mask}, "Live image", live=True)
        self.live.started()
        self._live_job = self._engine.submit(job)
        self._session.unlisted.add(self._live_job)
        self._recordings[self._live_job] = Recording(job, self._revision)
        self._session.set_stale(self._session.result is not None)

    # --- events

    def _started(self, event: JobStarted) -> None:
        recording = self._recordings.get(event.job_id)
        if recording is not None:
            self._display.begin(recording)
            if not recording.job.live:
                self._session.set_stale(False)
                self.currentChanged.emit(event.job_id)

    def _previewed(self, event: JobPreview) -> None:
        if event.job_id in self._recordings:
            self._display.preview(event)

    def _finished(self, event: JobFinished) -> None:
        recording = self._recordings.pop(event.job_id, None)
        if recording is None:
            return
        assert isinstance(event.result, SynthesisResult), "the task's result is documented"
        self._shown_revision = recording.revision
        self._display.finish(event.result)
        self._after(event.job_id, event.seconds)

    def _ended(self, event: JobFailed | JobCancelled) -> None:
        recording = self._recordings.pop(event.job_id, None)
        if recording is not None:
            self._display.abandon(recording)
            self._keep(event.job_id, recording)
            if isinstance(event, JobFailed) and recording.job.live:
                # The same would fail again with every stroke.
                self._view.inspector.live.setChecked(False)
            self._after(event.job_id, None)

    def _after(self, job_id: int, seconds: float | None) -> None:
        self._show_stale()
        if job_id == self._live_job:
            self._live_job = 0
            self.live.ended(seconds)
        else:
            asked = [i for i in self._recordings if i != self._live_job]
            self.currentChanged.emit(max(asked, default=0))

    def _keep(self, job_id: int, recording: Recording) -> None:
        self._ended_lately[job_id] = Recording(recording.job, recording.revision)
        if len(self._ended_lately) > KEPT:
            self._ended_lately.pop(next(iter(self._ended_lately)))

    # --- drawing

    def setLive(self, live: bool) -> None:
        """Whether an image follows the drawing; turned off, the one in flight is dropped."""
        self.live.setEnabled(live)
        if not live and self._live_job:
            self._engine.cancel(self._live_job)
        self._show_stale()

    def _mask_edited(self) -> None:
        self._revision += 1
        self._show_stale()
        self.live.maskEdited()

    def _form_edited(self, name: str) -> None:
        if name not in ("variants", "template"):
            self.live.maskEdited()

    def _show_stale(self) -> None:
        running = any(r.revision == self._revision for r in self._recordings.values())
        stale = self._session.result is not None and self._shown_revision != self._revision
        self._session.set_stale(stale and (running or self.live.isEnabled()))

    def _look_at_queue(self) -> None:
        busy = self._session.busy_jobs()
        self.live.setHeld(bool(busy))
        others = [row for row in busy if row.id not in self._recordings and row.state == "queued"]
        if self._live_job and others:
            # What was asked for in another workspace comes before what was only drawn.
            self._engine.cancel(self._live_job)
            self.live.maskEdited()
        if self.live.isWaiting():
            self._view.inspector.setStatus(f"Live waits for {busy[0].title}")
