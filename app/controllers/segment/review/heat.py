"""A heat map cut anew without sampling: threshold, steps and parts act at once, as one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor

from app.background import Background, Work
from app.controllers.segment.findings import Finding, Findings
from app.controllers.segment.landing import Landing
from app.controllers.segment.operations import OperationsController
from app.controllers.segment.review.across import view_across
from app.controllers.segment.review.recutting import Cut, Outcome, Recutting
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.methods.cdm.use_params import CutParams
from engine.parameters import describe
from engine.results import SaliencyResult, Squares
from widgets.panels.volume.counting import shares
from widgets.panels.volume.values import plain
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import Plane
from widgets.viewer.volume.slice_outline import SliceOutline

LINE, THICKNESS = QColor("#ffc857"), 2.4
OTSU = -1.0
THRESHOLD, STEPS, ROUNDS = "threshold", "steps", "rounds"
LABELS = {info.name: info.label for info in describe(CutParams)}


@dataclass(frozen=True, eq=False)
class Cutout:
    """What a cut came to.

    Attributes:
        result: With its heat map and labels.
        voxels: Of all findings.
        slices: Of the network's plane that have any.
    """

    result: SaliencyResult
    voxels: int
    slices: int

    def told(self, voxel_ml: float) -> str:
        """In words."""
        if not self.voxels:
            return "Nothing is above the threshold"
        on = f" on {self.slices} slices" if self.slices > 1 else ""
        return f"{self.voxels:,} voxels  ·  {plain(self.voxels * voxel_ml, 3)} ml{on}"


class Heat(QObject):
    """Follows the current finding, where it was cut from heat maps."""

    def __init__(
        self, study: Study, view: SegmentView, findings: Findings, landing: Landing,
        operations: OperationsController, computing: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._findings = study, view, findings
        self._computing, self._teller = computing, teller
        self._panel = view.dock.heat
        self._finding: Finding | None = None
        self._result: SaliencyResult | None = None  # as it is cut now
        self._next: CutParams | None = None  # wished for while another cut is on its way
        self._asked: object = None  # which histogram is on show or on its way
        self._looking: Work | None = None
        self._recutting = Recutting(
            study, landing, operations, computing, teller, "Cutting the heat map", self
        )
        self._outline = SliceOutline([LINE], THICKNESS)
        view.volume.addOverlay(self._outline, below=True)
        panel = self._panel
        panel.previewed.connect(self._preview)
        panel.chosen.connect(lambda value: self._change(threshold=OTSU if value is None else value))
        panel.stepsChanged.connect(lambda steps: self._change(steps=self._short(steps)))
        panel.changed.connect(lambda name: self._change(**{name: panel.form.values()[name]}))
        panel.labelChosen.connect(lambda _: self._look())
        view.method.form.changed.connect(self._form_changed)
        view.volume.crosshairMoved.connect(lambda _: self._look())
        findings.changed.connect(self._follow)
        self._recutting.ended.connect(self._ended)
        self._recutting.gaveUp.connect(self._gave_up)
        self._recutting.travelled.connect(self._travelled)
        self._follow()

    def params(self) -> CutParams | None:
        """What the labels are cut by; None without a heat map."""
        wish: CutParams | None = self._recutting.wish()
        return wish

    def result(self) -> SaliencyResult | None:
        """The finding's, as it is cut now."""
        return self._result

    def cut(self, params: CutParams) -> None:
        """Label the finding's voxels so; of several wishes the last one counts."""
        finding, before = self._finding, self._next or self.params()
        if finding is None or before is None:
            return
        if self._recutting.isBusy():
            self._next = params
            return
        self._panel.threshold.setState("Working…")
        result, box = finding.result, Box(*finding.result.region)
        assert isinstance(result, SaliencyResult), "it is followed"

        def make() -> tuple[NDArray[np.uint8], Cutout]:
            found = cutout(result, params)
            return found.result.labels[box.index], found

        name = _step_name(before, params)
        self._recutting.cut(Cut(params, name, make))

    # --- following

    def _follow(self) -> None:
        finding = self._findings.current()
        self._finding = self._result = self._next = self._asked = None
        self._recutting.follow(None)
        self._preview(None)
        self._panel.clear()
        if finding is None or not isinstance(finding.result, SaliencyResult):
            return
        result = finding.result
        values = finding.job.params.model_dump()
        params = CutParams.parse({name: values[name] for name in CutParams.model_fields})
        self._finding, self._result = finding, result
        self._recutting.follow(finding, params)
        table = self._study.table
        found = sorted({int(value) for value in result.squares.classes})
        self._panel.setLabels([(k, table.name(finding.values.get(k, k))) for k in found])
        self._panel.form.setEnabled(bool(found))
        self._show(params)
        self._look()

        def done(counted: Cutout) -> None:
            if self._findings.current() is finding:
                self._tell(counted)

        self._computing.run("Counting voxels", lambda: _counted(result), done, self._teller.failure)

    def _show(self, params: CutParams) -> None:
        """Let the panel say what the labels are cut by."""
        panel, squares = self._panel, self._squares()
        if squares is None:
            return
        panel.setThreshold(None if params.threshold < 0 else params.threshold)
        panel.setSteps(params.steps, self._sampled() if len(squares.maps) else 0, squares.each)
        values = params.model_dump()
        panel.form.setValues({name: values[name] for name in panel.form.values()})

    def _tell(self, found: Cutout) -> None:
        assert self._finding is not None, "there is something to tell of"
        self._panel.threshold.setCount(found.told(self._finding.volume.geometry.voxel_ml))

    # --- what the user asks

    def _change(self, **values: Any) -> None:
        before = self._next or self.params()
        if before is not None:
            self.cut(before.model_copy(update=values))

    def _form_changed(self, name: str) -> None:
        """A field of the method's form acts on its result at once, where that needs no sampling."""
        finding, panel = self._finding, self._view.method
        if finding is None or panel.current().method.id != finding.job.method:
            return
        value = panel.form.values()[name]
        if name == ROUNDS and value > self._sampled():
            self._panel.threshold.setState(
                f"R = {value} needs another run: {self._sampled()} steps were sampled."
            )
        elif name == ROUNDS:
            self._change(steps=self._short(value))
        elif name in CutParams.model_fields:
            self._change(**{name: value})

    def _short(self, steps: int) -> int:
        """All steps are 0."""
        return 0 if steps >= self._sampled() else steps

    def _sampled(self) -> int:
        """How many steps there are."""
        squares, finding = self._squares(), self._finding
        if squares is None or finding is None:
            return 0
        single = squares.maps.shape[1] == squares.each == 1
        return 1 if single else int(finding.job.params.model_dump()[ROUNDS])

    def _squares(self) -> Squares | None:
        return None if self._result is None else self._result.squares

    # --- what came of it

    def _ended(self, outcome: Outcome) -> None:
        found: Cutout = outcome.made
        self._take(found.result)
        self._tell(found)
        self._panel.threshold.setState(outcome.told())
        if self._next is not None:
            params, self._next = self._next, None
            self.cut(params)
            return
        self._preview(None)
        self._show(outcome.wish)
        self._fill_form(outcome.wish)
        self._look()

    def _gave_up(self) -> None:
        """The labels stay as they are, and the panel goes back to what they are cut by."""
        self._next = None
        params = self.params()
        self._preview(None)
        self._panel.threshold.setState("")
        if params is not None:
            self._show(params)
            self._fill_form(params)

    def _travelled(self, params: CutParams) -> None:
        """The labels are there again; the heat map follows them."""
        finding, result = self._finding, self._result
        if finding is None or result is None:
            return
        self._panel.threshold.setState("")
        self._show(params)
        self._fill_form(params)

        def done(found: Cutout) -> None:
            if self._finding is finding and self.params() is params:
                self._take(found.result)
                self._tell(found)
                self._look()

        self._computing.run(
            "Cutting the heat map", lambda: cutout(result, params), done, self._teller.failure
        )

    def _take(self, result: SaliencyResult) -> None:
        """Show its heat maps in the place of those before."""
        assert self._finding is not None, "it was cut"
        self._result = result
        for layer, heat in zip(self._finding.maps, result.heat, strict=False):
            layer.setArray(heat[np.newaxis])

    def _fill_form(self, params: CutParams) -> None:
        """The next run cuts alike."""
        panel, finding = self._view.method, self._finding
        if finding is None or panel.current().method.id != finding.job.method:
            return
        values: Mapping[str, Any] = params.model_dump()
        if params.steps >= panel.form.values()[ROUNDS]:
            values = {**values, STEPS: 0}
        panel.setValues(values)

    # --- what is seen

    def _preview(self, value: float | None) -> None:
        """Outline what a threshold would find; None: nothing."""
        image, result = self._study.image(), self._result
        label = self._panel.currentLabel()
        if result is None or image is None or value is None or not label:
            self._outline.hide()
        else:
            heat = result.heat[label - 1]

            def source(plane: Plane, index: int) -> NDArray[Any]:
                return plane.slice(heat, index) > value

            self._outline.show(source, image.grid)
        self._view.volume.updateSlices()

    def _look(self) -> None:
        """Show the histogram of the slice in view, or of all where they are cut together."""
        squares, params, image = self._squares(), self.params(), self._study.image()
        if squares is None or params is None or image is None:
            return
        panel, label, axis = self._panel, self._panel.currentLabel(), squares.grid.across[0]
        if not label:
            panel.setHistogram(None, why="No slice shows a finding: the labels are empty")
            return
        count = image.grid.shape[axis]
        place = round(image.grid.voxel(self._view.volume.crosshair())[axis])
        place = min(max(place, 0), count - 1)
        entry = squares.entry(place, count, label)
        together = params.scope == "volume"
        asked = (self._finding, 0 if together else entry, place, params)
        if asked == self._asked:
            return
        self._asked = asked
        if self._looking is not None:
            self._looking.cancel()
        if entry < 0 and not together:
            panel.where.setText(self._where(axis, place, count))
            panel.setHistogram(None, why=f"This slice does not show {self._name(label)}")
            return

        def work() -> tuple[NDArray[np.int64], float]:
            from engine.methods.cdm.cutting import range_of

            found = range_of(squares, max(entry, 0), params)
            return shares(found.heat), found.otsu

        def done(found: tuple[NDArray[np.int64], float]) -> None:
            if self._asked == asked:
                counts, otsu = found
                panel.setHistogram(counts, otsu)
                number = len(squares.slices)
                where = f"All {number} slices" if together else self._where(axis, place, count)
                panel.where.setText(f"{where}, Otsu's threshold {plain(otsu, 3)}")

        self._looking = self._computing.run("Counting heat", work, done, self._teller.failure)

    def _where(self, axis: int, place: int, count: int) -> str:
        view = view_across(self._view.volume, axis)
        name = "Slice" if view is None else f"{view.name().value.capitalize()} slice"
        return f"{name} {place + 1} of {count}"

    def _name(self, label: int) -> str:
        finding = self._finding
        value = label if finding is None else finding.values.get(label, label)
        return self._study.table.name(value) or "a finding"


def cutout(result: SaliencyResult, params: CutParams) -> Cutout:
    """The evidence of a result cut in another way; for a thread."""
    from engine.methods.cdm.cutting import recut

    return _counted(recut(result, params))


def _counted(result: SaliencyResult) -> Cutout:
    found = result.labels > 0
    rest = tuple({0, 1, 2} - {result.squares.grid.across[0]})
    return Cutout(result, int(found.sum()), int(found.any(axis=rest).sum()))


def _step_name(before: CutParams, after: CutParams) -> str:
    """What a cut is called in the history: what of it is new."""
    old, new = before.model_dump(), after.model_dump()
    names = [name for name in new if new[name] != old[name]]
    if names == [THRESHOLD]:
        value = after.threshold
        return "Otsu's threshold" if value < 0 else f"Threshold {plain(value, 3)}"
    if names == [STEPS]:
        return f"Steps R: {after.steps or 'all'}"
    return ", ".join(LABELS[name] for name in names) or "Heat map"
