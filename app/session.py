"""What the window shows, as observable state; controllers change it, widgets follow it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal

from widgets.panels.job_row import FINISHED, JobRow

if TYPE_CHECKING:
    from engine.library import Entry
    from engine.results import SynthesisResult


@dataclass(frozen=True)
class EngineState:
    """What is known of the engine: `ready` with its device, or why it is not."""

    ready: bool = False
    text: str = "Loading torch…"
    failed: bool = False


class Session(QObject):
    """One window's state.

    Attributes, each told by the signal named after it:
        mask_path, mask_name: Where the mask came from; a drawn one has a name only.
        result: The images shown last, and `selected`, the one of them that is looked at.
        stale: Whether the mask has changed since the result was made.
        checkpoints: The diffusion models there are, once they were `looked_for`.
        engine: See `EngineState`.
        jobs: Id -> row of the jobs list, the oldest first; live jobs only when they failed.
        unlisted: Ids of jobs that the list leaves out while all goes well.
        with_notes: Ids of jobs whose notes are listed where they are shown.
        answered: Ids of jobs of which it is told where they were asked for that they failed.
    """

    maskChanged = pyqtSignal()
    resultChanged = pyqtSignal()
    selectedChanged = pyqtSignal(int)
    staleChanged = pyqtSignal(bool)
    checkpointsChanged = pyqtSignal()
    engineChanged = pyqtSignal()
    jobChanged = pyqtSignal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mask_path: Path | None = None
        self.mask_name = "Drawn mask"
        self.result: SynthesisResult | None = None
        self.selected = 0
        self.stale = False
        self.checkpoints: tuple[Entry, ...] = ()
        self.looked_for = False
        self.engine = EngineState()
        self.jobs: dict[int, JobRow] = {}
        self.unlisted: set[int] = set()
        self.with_notes: set[int] = set()
        self.answered: set[int] = set()

    def set_mask(self, name: str, path: Path | None = None) -> None:
        if (name, path) != (self.mask_name, self.mask_path):
            self.mask_name, self.mask_path = name, path
            self.maskChanged.emit()

    def set_result(self, result: SynthesisResult | None) -> None:
        """Show a result; its first image is selected."""
        self.result, self.selected = result, 0
        self.resultChanged.emit()

    def select(self, place: int) -> None:
        """Look at another image of the result."""
        if place != self.selected:
            self.selected = place
            self.selectedChanged.emit(place)

    def set_stale(self, stale: bool) -> None:
        if stale != self.stale:
            self.stale = stale
            self.staleChanged.emit(stale)

    def set_checkpoints(self, checkpoints: Iterable[Entry]) -> None:
        self.checkpoints, self.looked_for = tuple(checkpoints), True
        self.checkpointsChanged.emit()

    def set_engine(self, state: EngineState) -> None:
        self.engine = state
        self.engineChanged.emit()

    def add_job(self, row: JobRow) -> None:
        self.jobs[row.id] = row
        self.jobChanged.emit(row.id)

    def update_job(self, job_id: int, **changes: Any) -> None:
        """Change some fields of a job's row; a job that was cleared away stays away."""
        if job_id in self.jobs:
            self.add_job(replace(self.jobs[job_id], **changes))

    def busy_jobs(self) -> list[JobRow]:
        """Listed jobs that run or wait."""
        return [row for row in self.jobs.values() if row.state not in FINISHED]
