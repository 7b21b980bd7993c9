"""All that shows and uses what a segmentation by diffusion found."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.controllers.segment.findings import Findings
from app.controllers.segment.landing import Landing
from app.controllers.segment.operations import OperationsController
from app.controllers.segment.review.doubt import Doubt
from app.controllers.segment.review.heat import Heat
from app.controllers.segment.review.steps import Steps
from app.controllers.segment.review.threshold import Threshold
from app.controllers.segment.review.votes import Votes
from app.errors import Teller
from app.session import Session
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.jobs import Job
from engine.methods.cdm.use_params import CutParams
from engine.results import SaliencyResult, SegmentationResult
from widgets.viewer.volume.colour_bar import ColourBars
from widgets.viewer.volume.slice_pane import SlicePane


@dataclass(frozen=True)
class Results:
    """What is shown, and where it goes.

    Attributes:
        findings: Runs and results of the study.
        landing: Keeps what results wrote into the labels.
        operations: Knows when a stroke is under way.
        session: All jobs.
    """

    findings: Findings
    landing: Landing
    operations: OperationsController
    session: Session


class Reviewing(QObject):
    """Steps, votes, threshold, doubt and heat, by name; opens the dock when there is something."""

    told = pyqtSignal(str)  # for the status bar

    def __init__(
        self, study: Study, view: SegmentView, results: Results, computing: Background,
        background: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._session = view, results.session
        findings = results.findings
        # Drawn in this order: what is dragged lies over what stays.
        self.doubt = Doubt(study, view, findings, computing, background, teller, self)
        self.votes = Votes(study, view, findings, computing, teller, self)
        self.threshold = Threshold(
            study, view, findings, results.landing, results.operations, computing, teller, self
        )
        self.heat = Heat(
            study, view, findings, results.landing, results.operations, computing, teller, self
        )
        self.steps = Steps(study, view, findings, background, teller, self)
        view.volume.addOverlay(ColourBars(self._has_bars))
        self.doubt.told.connect(self.told)
        study.opened.connect(view.clearDock)
        findings.began.connect(self._began)
        self._findings = findings
        findings.changed.connect(self._found)
        results.session.jobChanged.connect(lambda _: self._count())
        self._count()

    def _has_bars(self, view: SlicePane) -> bool:
        """Views that show an image alone have bars of their own; of the others one is enough."""
        shown = self._view.volume.shownViews()
        return view.only() is not None or (bool(shown) and view is shown[0])

    def _began(self, job: Job) -> None:
        """Steps may follow; a dock that is in use keeps its tab."""
        dock = self._view.dock
        if self._findings.current() is None:
            dock.setHeat(isinstance(job.params, CutParams))
        if not self._view.isDockShown() and dock.tabs.isTabVisible(dock.tabs.indexOf(dock.steps)):
            dock.tabs.setCurrentWidget(dock.steps)
        self._view.offerDock()

    def _found(self) -> None:
        finding = self._findings.current()
        if finding is None:
            return
        heat = isinstance(finding.result, SaliencyResult)
        if heat or isinstance(finding.result, SegmentationResult):
            self._view.dock.setHeat(heat)
            self._view.offerDock()

    def _count(self) -> None:
        self._view.dock.setJobCount(len(self._session.busy_jobs()))
