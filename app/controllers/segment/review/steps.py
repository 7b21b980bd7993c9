"""The denoising steps of a run in the dock: followed while it runs, kept with its result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject

from app import exports
from app.background import Background
from app.controllers.recording import Recording
from app.controllers.segment.findings import Findings
from app.errors import Teller
from app.file_questions import ask_steps_target
from app.step_frames import LABELS, denoises, in_two_ways, side_by_side
from app.study import Study
from app.workspaces.segment.view import SegmentView
from engine.events import JobPreview
from engine.jobs import Job
from engine.results import SaliencyResult, Squares
from widgets.timeline.frame import Frame

WAYS = {"label": "Under the label", "blend": "Under the blend", "change": "Change so far"}
"""What CDM compares, and what it comes to."""
KEPT = 3
"""Runs whose steps are remembered: that of the result, one whose result waits, and a new one."""


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
        panel.voteChosen.connect(lambda _: self._choose_vote())
        panel.stateChosen.connect(lambda _: self._choose_state())
        panel.timeline.currentChanged.connect(lambda _: self._paint())
        panel.timeline.exportRequested.connect(self.askExport)

    # --- following

    def _begin(self, job: Job) -> None:
        self._shown = Recording(job, 0)
        self._runs = [*self._runs, self._shown][-KEPT:]
        self._running = True
        self._offer()
        self._show()

    def _preview(self, event: JobPreview) -> None:
        if not self._running or self._shown is None:
            return
        places = self._shown.add(event)
        self._offer()
        chosen = 0 if self._in_ways() else max(self._panel.vote.currentIndex(), 0)
        if chosen not in places or not event.key:
            return
        timeline = self._panel.timeline
        if event.index == 0:
            timeline.clear()  # after a shortage of memory the run begins anew
        for frame in self.frames()[len(timeline.frames()) :]:
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
            if self._in_ways():
                self._offer()
                self._show()  # with what the ways come to
            self._offer_tab()
        elif not self._running:
            self._find()

    def _find(self) -> None:
        finding = self._findings.current()
        runs = [run for run in self._runs if finding is not None and run.job is finding.job]
        self._shown = runs[-1] if runs else None
        self._offer()
        self._show()

    def _clear(self) -> None:
        self._runs, self._shown, self._running = [], None, False
        self._offer()
        self._show()

    # --- what is seen

    def _choose_vote(self) -> None:
        if self._in_ways():
            self._paint()
        else:
            self._show()

    def _choose_state(self) -> None:
        if self._in_ways():
            at = self._panel.timeline.current()
            self._show()
            if at >= 0:
                self._panel.timeline.setCurrent(at)
        else:
            self._paint()

    def frames(self) -> tuple[Frame, ...]:
        """The steps of the vote that is shown, or of both ways."""
        if self._shown is None:
            return ()
        if self._in_ways():
            return self._side_by_side(self._shown)
        return tuple(self._shown.frames.get(max(self._panel.vote.currentIndex(), 0), ()))

    def _in_ways(self) -> bool:
        """Whether the run that is shown compares two ways."""
        job = None if self._shown is None else self._shown.job
        return job is not None and in_two_ways(job)

    def _offer(self) -> None:
        """What there is to choose from."""
        if not self._in_ways():
            self._panel.setVotes(0 if self._shown is None else len(self._shown.frames))
        elif self._shown is not None and self._shown.frames:
            names = list(WAYS) if self._squares() is not None else list(WAYS)[:2]
            self._panel.setWays({name: WAYS[name] for name in names}, self._about())
        else:
            self._panel.setVotes(0)

    def _squares(self) -> Squares | None:
        """What the run that is shown has come to, where that is kept."""
        finding = self._findings.current()
        if finding is None or self._shown is None or finding.job is not self._shown.job:
            return None
        result = finding.result
        return result.squares if isinstance(result, SaliencyResult) else None

    def _about(self) -> str:
        squares = self._squares()
        if squares is None or squares.shown < 0:
            return "A slice, as the network sees it"
        number = int(squares.slices[squares.shown])
        return f"Slice {number + 1} of the network's plane, as it sees it"

    def _side_by_side(self, run: Recording) -> tuple[Frame, ...]:
        """Both ways in one frame a step, and what they come to."""
        name, squares = self._panel.shown(), self._squares()
        change = None
        if squares is not None and squares.shown >= 0:
            sums = squares.maps[squares.shown].cumsum(axis=0)
            low, high = float(sums[-1].min()), float(sums[-1].max())
            change = 2 * (sums - low) / max(high - low, 1e-12) - 1
        found = []
        for frame in side_by_side(run.frames.get(0, ()), run.frames.get(1, ()), name):
            ways = dict(frame.ways)
            if change is not None and squares is not None and frame.index > 0:
                ways["change"] = change[squares.used(frame.index) - 1]
            found.append(replace(frame, ways=ways))
        return tuple(found)

    def _show(self) -> None:
        timeline = self._panel.timeline
        timeline.clear()
        for frame in self.frames():
            timeline.addFrame(frame)
        self._offer_tab()
        self._paint()

    def _offer_tab(self) -> None:
        """An empty strip stays only while steps may still come."""
        run = self._shown
        waits = self._running and run is not None and denoises(run.job)
        nothing = not self._running and self._findings.current() is None
        self._view.dock.setSteps(bool(self.frames()) or waits or nothing)

    def _paint(self) -> None:
        frame, name = self._panel.timeline.currentFrame(), self._panel.shown()
        image = self._panel.image
        state = None if frame is None else getattr(frame, name)
        if frame is not None and frame.ways:
            name = tuple(WAYS)[max(self._panel.vote.currentIndex(), 0)]
            state, name = frame.ways.get(name), WAYS[name]
        image.setImage(state, LABELS if state is not None else None)
        if frame is None:
            image.setInfo("")
        elif frame.title:
            image.setInfo(frame.caption())
        else:
            image.setInfo(f"{name}   {frame.caption()}   step {frame.index} of {frame.total}")

    # --- files

    def askExport(self, kind: str) -> None:
        """Let the user choose where the steps go; `kind` is strip, gif or frames."""
        path = ask_steps_target(self._view, kind, self._study.name())
        if path is not None:
            self.export(kind, path)

    def export(self, kind: str, path: Path) -> None:
        """Write the steps that are shown."""
        frames, run = self.frames(), self._shown
        if not frames or run is None:
            return
        facts = {"job": run.job.title}
        if not self._in_ways():
            facts["vote"] = str(self._panel.vote.currentIndex() + 1)
        self._background.run(
            f"Writing {path.name}",
            lambda: exports.save_states(kind, path, frames, LABELS, facts),
            lambda written: self._teller.say("info", f"Saved {written}"),
            self._teller.failure,
        )
