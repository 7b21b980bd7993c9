"""Other kinds of evidence on the same image: one click runs them, and goes back to those before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.controllers.segment.findings import Finding, Findings
from app.controllers.segment.review.heat import Heat
from app.controllers.segment.running import Running
from app.workspaces.segment.view import SegmentView
from engine.jobs import Constant, Job
from engine.methods.cdm.use_params import SHORT, CutParams, SegmentParams
from engine.results import SaliencyResult

NEEDS = ("cg-cdm", "grad-cam")  # a classifier
NO_CLASSIFIER = "It needs a classifier: choose one in the panel Method"


class Comparing(QObject):
    """Keeps a result of each kind of evidence, as long as image and place are the same.

    What is shown lands in the labels as any result does: one step, and asked for where it would
    change what was done by hand.
    """

    told = pyqtSignal(str)  # for the status bar

    def __init__(
        self, view: SegmentView, findings: Findings, heat: Heat, running: Running, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._findings = view, findings
        self._heat, self._running = heat, running
        self._kept: dict[str, Finding] = {}
        view.dock.heat.otherChosen.connect(self.show)
        findings.changed.connect(self._follow)
        view.method.form.changed.connect(lambda _: self._mark())
        self._mark()

    def show(self, evidence: str) -> None:
        """Show what this kind of evidence finds; it is run where that was not done yet."""
        finding, params = self._current()
        self._mark()  # a click alone marks nothing
        if finding is None or params is None or evidence == params.evidence:
            return
        run, before = self._running.runOf(finding.job), self._kept.get(evidence)
        if before is not None:
            run = self._running.runOf(before.job)
        if run is None:
            self.told.emit("The image was opened anew: run the method first")
        elif before is not None:
            self._running.land(run, before.result)
        else:
            name = run.name.removesuffix(f" ({SHORT[params.evidence]})")
            job = self._job(finding.job, params, evidence)
            self._running.runLike(replace(run, name=name), job, SHORT[evidence])

    def kept(self) -> tuple[str, ...]:
        """The kinds of evidence that need no run."""
        return tuple(self._kept)

    # --- inside

    def _current(self) -> tuple[Finding | None, SegmentParams | None]:
        finding = self._findings.current()
        if finding is None or not isinstance(finding.result, SaliencyResult):
            return None, None
        params = finding.job.params
        return (finding, params) if isinstance(params, SegmentParams) else (None, None)

    def _job(self, like: Job, params: SegmentParams, evidence: str) -> Job:
        """The same, with other evidence, cut as the labels are now."""
        changes: dict[str, Any] = {"evidence": evidence, "classifier": self._classifier(params)}
        cut = self._heat.params()
        if cut is not None:
            changes |= cut.model_dump()
        title = f"{SHORT[evidence]}: {like.title}"
        inputs = {
            name: Constant(value) if isinstance(value, np.ndarray) else value
            for name, value in like.inputs.items()
        }
        changed = params.with_changes(**changes)
        return replace(like, params=changed, inputs=inputs, title=title)

    def _classifier(self, params: SegmentParams) -> str:
        """That of the run, else the one that is chosen now."""
        panel = self._view.method
        here = panel.current().method.id == "cdm"
        return params.classifier or (str(panel.values()["classifier"]) if here else "")

    def _follow(self) -> None:
        finding, params = self._current()
        if finding is None or params is None:
            self._kept.clear()
        else:
            same = [f for f in self._kept.values() if _basis(f) == _basis(finding)]
            self._kept = {**{_evidence(f): f for f in same}, params.evidence: finding}
        self._mark()

    def _mark(self) -> None:
        _, params = self._current()
        panel = self._view.dock.heat
        if params is None:
            panel.showOther("", {})
            return
        lacks = not self._classifier(params)
        panel.showOther(params.evidence, dict.fromkeys(NEEDS, NO_CLASSIFIER) if lacks else {})


def _evidence(finding: Finding) -> str:
    return str(finding.job.params.model_dump()["evidence"])


def _basis(finding: Finding) -> dict[str, Any]:
    """What results must share to be compared."""
    values = finding.job.params.model_dump()
    left_out = {*CutParams.model_fields, "evidence", "classifier"}
    kept = {name: value for name, value in values.items() if name not in left_out}
    return {**kept, "image": id(finding.volume), "region": finding.result.region}
