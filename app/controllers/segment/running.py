"""The panel's form and the open image -> a job; the job's events -> findings and labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject

from app import forms
from app.bridge import Bridge
from app.controllers.image_runs import KEPT, ImageRuns
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
from engine.events import JobPreview
from engine.jobs import Constant, Job
from engine.methods.cdm.use_params import SHORT
from engine.worker import EngineLike

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.library import Entry
    from engine.results import Segmentation


class Running(ImageRuns[Run]):
    """Runs the chosen method on the open image."""

    DOING = "Segmenting"

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, study: Study,
        view: SegmentView, choosing: Choosing, placing: Placing, receiving: Receiving,
        findings: Findings, landing: Landing, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(engine, bridge, session, study, view.method, teller, parent)
        self._view, self._choosing, self._placing = view, choosing, placing
        self._receiving = receiving
        self._findings, self._landing = findings, landing
        self._landed: list[Run] = []
        self._converting = Converting(view, self)
        panel = view.method
        panel.run.clicked.connect(lambda: self.run())
        panel.cancel.clicked.connect(lambda: self.cancel())
        choosing.changed.connect(self._follow_checkpoint)
        study.stack.timeChanged.connect(lambda _: self._follow_time())
        self._follow_checkpoint()

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
        files = {} if seen.source.path is None else {"input": seen.source.path}
        if files and seen.source.part:
            inputs["part"] = seen.source.part
        name = step_name(segmenter.method, entry.card)
        title = f"{name}: {seen.source.name}, {self._placing.told()}"
        job = Job(segmenter.method.id, segmenter.task.name, params, inputs, title, files=files)
        shown = SHORT.get(getattr(params, "evidence", ""), segmenter.method.title)
        self._begin(Run(job, volume, name, shown, structures), first)

    # --- what becomes of a run

    def on_begin(self, run: Run) -> None:
        self._findings.begin(run.job)

    def on_preview(self, event: JobPreview) -> None:
        self._findings.preview(event)

    def on_finish(self, run: Run, result: Segmentation) -> None:
        self._landed = [*self._landed, run][-KEPT:]
        self._landing.take(run, result)

    def on_end(self, run: Run) -> None:
        self._findings.abandon()

    # --- following

    def _follow_checkpoint(self) -> None:
        found = self._choosing.findable()
        self._placing.setSlices(
            found is not None and found.slices, "" if found is None else found.plane
        )
        self._follow_time()

    def _opened(self) -> None:
        super()._opened()
        self._landed.clear()
        self._follow_time()

    def _follow_time(self) -> None:
        """Of several channels the one on show is segmented, unless the user says another."""
        volume = self._study.volume
        count = 1 if volume is None or volume.channels == "rgb" else len(volume.array)
        shown = self._study.stack.time() if count > 1 else 0
        self._view.method.setChannels(count, min(shown, count - 1))
