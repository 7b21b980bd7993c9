"""The panel's form and the open image -> a job; the job's events -> steps and a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from app import forms
from app.bridge import Bridge
from app.controllers.image_runs import ImageRuns
from app.controllers.translate.choosing import Choosing
from app.controllers.translate.runs import Landed, Run, plane_for, plane_of
from app.errors import Teller
from app.session import Session
from app.study import Study, grid_of
from app.workspaces.translate.view import TranslateView
from engine.errors import InputError
from engine.events import JobPreview
from engine.jobs import Constant, Job
from engine.results import TranslationResult
from engine.worker import EngineLike
from widgets.viewer.volume.planes import PlaneName

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.library import Entry


class Running(ImageRuns[Run]):
    """Runs the chosen checkpoint on the open image, or on a slice of it."""

    DOING = "Translating"

    began = pyqtSignal(object)  # Run, in the engine
    previewed = pyqtSignal(object)  # JobPreview of that run
    landed = pyqtSignal(object)  # Landed
    ended = pyqtSignal(object)  # Run, without a result

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, study: Study,
        view: TranslateView, choosing: Choosing, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(engine, bridge, session, study, view.panel, teller, parent)
        self._view, self._choosing = view, choosing
        panel = view.panel
        panel.run.clicked.connect(lambda: self.run())
        panel.preview.clicked.connect(lambda: self.preview())
        panel.cancel.clicked.connect(lambda: self.cancel())
        choosing.changed.connect(self._offer)
        self._offer()

    # --- what the user asks

    def run(self, first: bool = False) -> None:
        """Translate all of the image; `first` puts it before what waits."""
        self._ask(alone=False, first=first)

    def preview(self) -> None:
        """Translate the slice in view alone, before what waits."""
        volume = self._study.volume
        self._ask(alone=volume is not None and volume.geometry.shape[0] > 1, first=True)

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
        files = {} if volume.source.path is None else {"input": volume.source.path}
        if files and volume.source.part:
            inputs["part"] = volume.source.part
        title = entry.card.title.strip() or entry.name
        what = "all of it" if index is None else f"{plane.value} slice {index + 1}"
        job = Job(
            segmenter.method.id, segmenter.task.name, params, inputs,
            f"{self._study.name()} as {title}, {what}", files=files,
        )  # fmt: skip
        unit = "" if entry.card.process.get("normalized") is True else "bits"
        self._begin(Run(job, volume, title, plane, index, unit), first)

    def _index(self, volume: Volume, plane: PlaneName) -> int:
        """The slice of a plane that all views look at."""
        views = self._view.views
        voxel = grid_of(volume.geometry).voxel(views.currentView().crosshair())
        cut = plane_of(volume, plane)
        if views.plane() is plane:
            return views.currentView().index()
        return min(max(round(voxel[cut.axis]), 0), cut.count - 1)

    # --- what becomes of a run

    def on_begin(self, run: Run) -> None:
        self.began.emit(run)

    def on_preview(self, event: JobPreview) -> None:
        self.previewed.emit(event)

    def on_finish(self, run: Run, result: Any) -> None:
        assert isinstance(result, TranslationResult), "the task's result is documented"
        self.landed.emit(Landed(run.volume, run.title, run.plane, run.index, run.unit, result))

    def on_end(self, run: Run) -> None:
        self.ended.emit(run)

    # --- following

    def _offer(self) -> None:
        """What can be clicked with the present checkpoint and image."""
        panel, volume = self._view.panel, self._study.volume
        panel.preview.setEnabled(self._choosing.entry() is not None)
        panel.setFlat(volume is not None and volume.geometry.shape[0] == 1)
        count = 1 if volume is None or volume.channels == "rgb" else len(volume.array)
        shown = self._study.stack.time() if count > 1 else 0
        panel.setChannels(count, min(shown, count - 1))

    def _opened(self) -> None:
        super()._opened()
        self._offer()
