"""A threshold of the user's own in place of the majority: one step, and nothing done by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor

from app.background import Background, Work
from app.controllers.segment.expected import Expected, held
from app.controllers.segment.findings import Findings
from app.controllers.segment.landing import Landing
from app.controllers.segment.operations import OperationsController
from app.controllers.segment.review.cuttable import Cuttable
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.failures import Failure
from engine.results import SegmentationResult
from widgets.paint.labels.change import Change, worked_out
from widgets.panels.volume.counting import shares
from widgets.panels.volume.values import plain
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import Plane
from widgets.viewer.volume.slice_outline import SliceOutline

LINE, THICKNESS = QColor("#ffc857"), 2.4
MAJORITY = "Majority of the votes"
REMEMBERED = 200  # steps whose undoing is followed


class Threshold(QObject):
    """Shows while the line is dragged what would be found, and relabels when it is let go.

    Only voxels whose label is what the finding wrote are changed.
    """

    def __init__(
        self, study: Study, view: SegmentView, findings: Findings, landing: Landing,
        operations: OperationsController, computing: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._findings = study, view, findings
        self._landing, self._operations = landing, operations
        self._computing, self._teller = computing, teller
        self._panel = view.dock.threshold
        self._cuttable: Cuttable | None = None
        self._value: float | None = None  # what the labels are cut by
        self._step: object = None  # the moment after the last cut of this finding
        self._steps: list[tuple[object, float | None, float | None]] = []
        self._work: Work | None = None
        self._outline = SliceOutline([LINE], THICKNESS)
        view.volume.addOverlay(self._outline, below=True)
        findings.changed.connect(self._follow)
        study.model.travelled.connect(self._travelled)
        self._panel.previewed.connect(self._preview)
        self._panel.chosen.connect(self.cut)

    def value(self) -> float | None:
        """The threshold that the labels are cut by; None for the majority."""
        return self._value

    def cut(self, value: float | None) -> None:
        """Label the finding's voxels by a threshold, or by the majority."""
        cuttable = self._cuttable
        if cuttable is None:
            return
        self._preview(value)
        self._panel.setState("Working…")
        self._operations.afterStroke(lambda: self._begin(cuttable, value))

    # --- following

    def _follow(self) -> None:
        self._stop()
        self._cuttable, self._value, self._step = None, None, None
        self._steps.clear()
        self._preview(None)
        self._panel.setState("")
        self._panel.setCounts(None, 0.0)
        finding = self._findings.current()
        if finding is None or not isinstance(finding.result, SegmentationResult):
            return
        result, box = finding.result, Box(*finding.result.region)

        layer = finding.probability

        def work() -> tuple[Cuttable, NDArray[np.int64], int]:
            # What is shown is the same, and is there already.
            foreground = result.foreground if layer is None else layer.array[0]
            made = Cuttable(finding, result, foreground, box)
            return made, shares(foreground[box.index]), int(np.count_nonzero(made.classes(None)))

        def done(found: tuple[Cuttable, NDArray[np.int64], int]) -> None:
            if self._findings.current() is finding:
                self._cuttable, counts, voxels = found
                asked = finding.job.params.model_dump().get("threshold")
                self._value = float(asked) if asked else None
                self._panel.setCounts(counts, finding.volume.geometry.voxel_ml, voxels)
                self._panel.setValue(self._value)

        self._computing.run("Counting probabilities", work, done, self._teller.failure)

    def _travelled(self, step: object, forward: bool) -> None:
        for made, before, after in self._steps:
            if made is step:
                self._value = after if forward else before
                self._panel.setValue(self._value)
                self._panel.setState("")

    def _preview(self, value: float | None) -> None:
        """Outline what a threshold would find; None: nothing."""
        cuttable, image = self._cuttable, self._study.image()
        if cuttable is None or image is None or value is None:
            self._outline.hide()
        else:
            foreground = cuttable.foreground

            def source(plane: Plane, index: int) -> NDArray[Any]:
                return plane.slice(foreground, index) > value

            self._outline.show(source, image.grid)
        self._view.volume.updateSlices()

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _isHere(self, cuttable: Cuttable) -> bool:
        return self._cuttable is cuttable and self._study.volume is cuttable.finding.volume

    # --- cutting

    def _begin(self, cuttable: Cuttable, value: float | None) -> None:
        if not self._isHere(cuttable):
            return
        self._stop()
        if cuttable.finding.layer is not None:
            self._relabel_layer(cuttable, value)
            return
        study = self._study
        moment, snapshot = study.model.moment(), study.model.snapshot()
        expected, locked, box = self._landing.expected(), study.table.locked(), cuttable.box

        def work() -> tuple[Change, Expected, int]:
            now = snapshot.take()
            new = cuttable.labels(value, now.dtype)
            made = now.astype(new.dtype)
            part, written = made[box.index], expected.labels()[box.index]
            mine = part != written
            kept = mine | held(part, new, locked)
            np.copyto(part, new, where=~kept)
            change = worked_out(snapshot, made)
            spared = int((mine & (now[box.index] != new)).sum())
            return change, expected.after(box, np.where(kept, written, new)), spared

        self._run(work, lambda made: self._put(cuttable, value, moment, *made))

    def _run(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        def failed(failure: Failure) -> None:
            self._teller.failure(failure)
            self._give_up()

        begun = self._computing.run(
            "Cutting the probability", work,
            lambda made: self._operations.afterStroke(lambda: then(made)), failed,
        )  # fmt: skip
        self._work = begun
        begun.ended.connect(lambda: self._ended(begun))

    def _ended(self, work: Work) -> None:
        if work is self._work and work.isCancelled():
            self._give_up()

    def _give_up(self) -> None:
        """The labels stay as they are, and the line goes back to what they are cut by."""
        self._work = None
        self._preview(None)
        self._panel.setValue(self._value)
        self._panel.setState("")

    def _put(
        self, cuttable: Cuttable, value: float | None, moment: object, change: Change,
        after: Expected, spared: int,
    ) -> None:  # fmt: skip
        model = self._study.model
        if not self._isHere(cuttable):
            return
        if model.moment() is not moment:
            self._begin(cuttable, value)  # something was painted meanwhile
            return
        # One step, however often the line is moved: the one before makes room.
        again = self._step is not None and moment is self._step
        if again:
            model.undo()
        name = MAJORITY if value is None else f"Threshold {plain(value, 3)}"
        before = self._value
        self._step = None
        if model.apply(change, name, whole=again):
            self._step = model.moment()
            self._steps = [*self._steps, (self._step, before, value)][-REMEMBERED:]
            self._landing.rewrote(after)
            self._study.name_used()
        self._finish(value, change.voxels, spared)

    def _relabel_layer(self, cuttable: Cuttable, value: float | None) -> None:
        """The labels of this finding are in no step: they lie over the image as they are."""
        layer = cuttable.finding.layer
        assert layer is not None, "that is why this is called"

        def work() -> NDArray[np.uint8]:
            labels = np.zeros((1, *layer.grid.shape), np.uint8)
            labels[(0, *cuttable.box.index)] = cuttable.classes(value)
            return labels

        def done(labels: NDArray[np.uint8]) -> None:
            if self._isHere(cuttable):
                changed = int((labels != layer.array).sum())
                layer.setArray(labels)
                self._finish(value, changed, 0)

        self._run(work, done)

    def _finish(self, value: float | None, changed: int, spared: int) -> None:
        self._work = None
        self._value = value
        self._preview(None)
        self._panel.setValue(value)
        told = f"{changed:,} voxel{'s' if changed != 1 else ''} changed"
        if spared:
            told += f"; {spared:,} edited by hand stayed"
        self._panel.setState(told)
