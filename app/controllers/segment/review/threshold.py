"""A threshold of the user's own in place of the majority: one step, and nothing done by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor

from app.background import Background
from app.controllers.segment.findings import Findings
from app.controllers.segment.landing import Landing
from app.controllers.segment.operations import OperationsController
from app.controllers.segment.review.cuttable import Cuttable
from app.controllers.segment.review.recutting import Cut, Outcome, Recutting
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.results import SegmentationResult
from widgets.panels.volume.counting import shares
from widgets.panels.volume.values import plain
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import Plane
from widgets.viewer.volume.slice_outline import SliceOutline

LINE, THICKNESS = QColor("#ffc857"), 2.4
MAJORITY = "Majority of the votes"


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
        self._computing, self._teller = computing, teller
        self._panel = view.dock.threshold
        self._cuttable: Cuttable | None = None
        self._recutting = Recutting(
            study, landing, operations, computing, teller, "Cutting the probability", self
        )
        self._outline = SliceOutline([LINE], THICKNESS)
        view.volume.addOverlay(self._outline, below=True)
        findings.changed.connect(self._follow)
        self._recutting.ended.connect(self._ended)
        self._recutting.gaveUp.connect(self._gave_up)
        self._recutting.travelled.connect(self._travelled)
        self._panel.previewed.connect(self._preview)
        self._panel.chosen.connect(self.cut)

    def value(self) -> float | None:
        """The threshold that the labels are cut by; None for the majority."""
        wish: float | None = self._recutting.wish()
        return wish

    def cut(self, value: float | None) -> None:
        """Label the finding's voxels by a threshold, or by the majority."""
        cuttable = self._cuttable
        if cuttable is None:
            return
        self._preview(value)
        self._panel.setState("Working…")
        name = MAJORITY if value is None else f"Threshold {plain(value, 3)}"
        self._recutting.cut(Cut(value, name, lambda: (cuttable.classes(value), None)))

    # --- following

    def _follow(self) -> None:
        self._cuttable = None
        self._recutting.follow(None)
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
            made = Cuttable(result, foreground, box)
            return made, shares(foreground[box.index]), int(np.count_nonzero(made.classes(None)))

        def done(found: tuple[Cuttable, NDArray[np.int64], int]) -> None:
            if self._findings.current() is finding:
                self._cuttable, counts, voxels = found
                asked = finding.job.params.model_dump().get("threshold")
                value = float(asked) if asked else None
                self._recutting.follow(finding, value)
                self._panel.setCounts(counts, finding.volume.geometry.voxel_ml, voxels)
                self._panel.setValue(value)

        self._computing.run("Counting probabilities", work, done, self._teller.failure)

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

    # --- what came of it

    def _travelled(self, value: float | None) -> None:
        self._panel.setValue(value)
        self._panel.setState("")

    def _gave_up(self) -> None:
        """The labels stay as they are, and the line goes back to what they are cut by."""
        self._preview(None)
        self._panel.setValue(self.value())
        self._panel.setState("")

    def _ended(self, outcome: Outcome) -> None:
        self._preview(None)
        self._panel.setValue(outcome.wish)
        self._panel.setState(outcome.told())
