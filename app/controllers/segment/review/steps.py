"""The denoising steps of a run in the dock: followed while it runs, kept with its result."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog

from app import exports
from app.background import Background
from app.controllers.recording import Recording
from app.controllers.segment.findings import Findings
from app.errors import Teller
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.events import JobPreview
from engine.jobs import Job
from widgets.timeline.frame import Frame

KEPT = 3
"""Runs whose steps are remembered: that of the result, one whose result waits, and a new one."""
RANGE = (-1.0, 1.0)
"""Of labels as the network works on them: background and structure."""


class Steps(QObject):
    """Fills the filmstrip from previews, a row of them a vote."""

    def __init__(
        self, study: Study, view: SegmentView, findings: Findings, background: Background,
        teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._study, self._view, self._findings = study, view, findings
        self._background, self._teller = background, teller
        self._panel = view.dock.steps
        self._runs: list[Recording] = []
        self._shown: Recording | None = None
        self._running = False
        findings.began.connect(self._begin)
        findings.previewed.connect(self._preview)
        findings.abandoned.connect(self._abandon)
        findings.changed.connect(self._found)
        study.opened.connect(self._clear)
        panel = self._panel
        panel.voteChosen.connect(lambda _: self._show())
        panel.stateChosen.connect(lambda _: self._paint())
        panel.timeline.currentChanged.connect(lambda _: self._paint())
        panel.timeline.exportRequested.connect(self.askExport)

    # --- following

    def _begin(self, job: Job) -> None:
        self._shown = Recording(job, 0)
        self._runs = [*self._runs, self._shown][-KEPT:]
        self._running = True
        self._panel.setVotes(0)
        self._show()

    def _preview(self, event: JobPreview) -> None:
        if not self._running or self._shown is None:
            return
        places = self._shown.add(event)
        self._panel.setVotes(len(self._shown.frames))
        chosen = max(self._panel.vote.currentIndex(), 0)
        if chosen not in places or not event.key:
            return
        timeline = self._panel.timeline
        if event.index == 0:
            timeline.clear()  # after a shortage of memory the run begins anew
        for frame in self._shown.frames.get(chosen, ())[len(timeline.frames()) :]:
            timeline.addFrame(frame)

    def _abandon(self) -> None:
        """Show the steps of the result that is there."""
        self._running = False
        self._find()

    def _found(self) -> None:
        finding = self._findings.current()
        if finding is None:
            self._clear()
        elif self._shown is not None and self._shown.job is finding.job:
            self._running = False
        elif not self._running:
            self._find()

    def _find(self) -> None:
        finding = self._findings.current()
        runs = [run for run in self._runs if finding is not None and run.job is finding.job]
        self._shown = runs[-1] if runs else None
        self._panel.setVotes(len(self._shown.frames) if self._shown is not None else 0)
        self._show()

    def _clear(self) -> None:
        self._runs, self._shown, self._running = [], None, False
        self._panel.setVotes(0)
        self._show()

    # --- what is seen

    def frames(self) -> tuple[Frame, ...]:
        """The steps of the vote that is shown."""
        if self._shown is None:
            return ()
        return tuple(self._shown.frames.get(max(self._panel.vote.currentIndex(), 0), ()))

    def _show(self) -> None:
        timeline = self._panel.timeline
        timeline.clear()
        for frame in self.frames():
            timeline.addFrame(frame)
        self._paint()

    def _paint(self) -> None:
        frame, name = self._panel.timeline.currentFrame(), self._panel.shown()
        image = self._panel.image
        state = None if frame is None else getattr(frame, name)
        image.setImage(state, RANGE if state is not None else None)
        if frame is None:
            image.setInfo("")
        elif frame.title:
            image.setInfo(frame.caption())
        else:
            image.setInfo(f"{name}   {frame.caption()}   step {frame.index} of {frame.total}")

    # --- files

    def askExport(self, kind: str) -> None:
        """Let the user choose where the steps go; `kind` is strip, gif or frames."""
        name = self._study.name() or "steps"
        if kind == "frames":
            path = QFileDialog.getExistingDirectory(self._view, "Folder for the steps")
        else:
            ending, what = ("gif", "GIF (*.gif)") if kind == "gif" else ("png", "PNG (*.png)")
            start = f"{name}_steps.{ending}"
            path, _ = QFileDialog.getSaveFileName(self._view, "Export the steps", start, what)
        if path:
            self.export(kind, Path(path))

    def export(self, kind: str, path: Path) -> None:
        """Write the steps that are shown."""
        frames, run = self.frames(), self._shown
        if not frames or run is None:
            return
        facts = {"job": run.job.title, "vote": str(self._panel.vote.currentIndex() + 1)}
        self._background.run(
            f"Writing {path.name}",
            lambda: exports.save_states(kind, path, frames, RANGE, facts),
            lambda written: self._teller.say("info", f"Saved {written}"),
            self._teller.failure,
        )
