"""One training run as the window knows it: from the engine's events, from its folder, or both."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from app.controllers.train.following import Look, Watching
from engine.reporting import Pace
from engine.training.facts import RunFacts
from engine.training.following import Gained
from engine.training.status import LIVE
from widgets.panels.job_row import FINISHED, JobRow
from widgets.panels.log import Level, LogEntry
from widgets.plots.series import SeriesStore

RunState = Literal[
    "queued", "running", "paused", "done", "early", "failed", "diverged", "cancelled",
    "elsewhere", "stopped",
]  # fmt: skip
RECENT = 2000
GROWING_S, GUARDED_S = 60.0, 10.0
"""So long after a sign of life a run counts as being trained by a process that holds no lock that
is seen here, on another machine say; the shorter time where there is a lock."""


Row = tuple[int, Mapping[str, float]]


@dataclass(frozen=True)
class Progress:
    """How far a run is; `rate` in iterations a second and `remaining_s`, None where not known."""

    done: int
    total: int
    rate: float | None = None
    remaining_s: float | None = None


class TrainingRun(QObject):
    """What is known of a run; the signals tell which part is new.

    Attributes:
        folder: Where it lies, or will.
        title: For people.
        curves: Its metrics so far.
        notes: What the job has told, in order.
        log: The same and how it ended, with times; and what a process of its own has said.
        iterations: Those that there are pictures of.
        newest: Iteration and pictures that came last with an event; None before.
        watching: Its unlabelled cases; None where it learns from none, or nothing is known.
        facts: What its folder says; None while there is nothing.
        row: Of the job that trains it in this window; None where none did.
        result: What a finished job said.
        asked: Method and task of our job; empty before.
    """

    changed = pyqtSignal()  # state, progress, facts
    grown = pyqtSignal()  # curves
    noted = pyqtSignal()
    pictured = pyqtSignal()
    watchedOther = pyqtSignal()  # another case is watched, proposed or labelled

    def __init__(
        self, folder: Path, title: str, parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.folder, self.title = folder, title
        self.curves = SeriesStore()
        self.notes: list[str] = []
        self.log: list[LogEntry] = []
        self.iterations: tuple[int, ...] = ()
        self.newest: tuple[int, Mapping[str, NDArray[Any]]] | None = None
        self.watching: Watching | None = None
        self.facts: RunFacts | None = None
        self.row: JobRow | None = None
        self.result = ""
        self.asked = ("", "")
        self._clock = clock
        self._trains = False
        # Whether the curves reach back to the start; until then, the job's latest rows are kept.
        self._whole = False
        self._read_to = 0
        self._recent: deque[Row] = deque(maxlen=RECENT)
        self._grown_at: float | None = None
        self._pace = Pace()

    # --- how it is

    def isOurs(self) -> bool:
        """Whether a job of this window trains it, or waits to."""
        return self.row is not None and self.row.state not in FINISHED

    def state(self) -> RunState:
        """What to call its state; a sign of life from elsewhere outweighs how our job ended."""
        row, facts = self.row, self.facts
        standing = facts.standing if facts is not None else "stopped"
        if row is not None and self.isOurs():
            held = row.state == "running" and self._trains and standing == "paused"
            return "paused" if held else row.state
        if standing in LIVE:
            return "paused" if standing == "paused" else "elsewhere"
        if standing == "diverged":
            return "diverged"
        if row is not None and row.state in ("failed", "cancelled") and self._grown_at is None:
            return row.state
        if standing == "failed":
            return "failed"
        if self._is_complete():
            return "early" if standing == "ended early" else "done"
        return "elsewhere" if self._is_growing() else "stopped"

    def isPreparing(self) -> bool:
        """Whether our job, or the process that trains it, has still to begin to train."""
        if self.isOurs():
            return not self._trains
        return self.facts is not None and self.facts.standing == "preparing"

    def isLive(self) -> bool:
        """Whether another process trains it, which can be spoken to."""
        return not self.isOurs() and self.facts is not None and self.facts.standing in LIVE

    def isHeldByCommand(self) -> bool:
        """Whether it waits because a command has said so, not because all jobs wait."""
        return self.state() == "paused" and not (
            self.row is not None and self.row.state == "paused"
        )

    def trouble(self) -> str:
        """Why it ended where it should not have, and what to do; "" where it did not."""
        if self.state() not in ("failed", "diverged"):
            return ""
        row, status = self.row, self.facts.status if self.facts is not None else None
        if row is not None and row.state == "failed":
            return f"{row.message} {row.hint}".strip()
        return f"{status.message} {status.hint}".strip() if status is not None else ""

    def progress(self) -> Progress:
        """Of the iterations, or of what comes before them."""
        row = self.row
        if row is not None and self.isOurs():
            return Progress(row.done, row.total, row.rate, row.remaining_s)
        total = self.facts.iterations if self.facts is not None else 0
        done = max(self.curves.last(), self.facts.saved if self.facts is not None else 0)
        rate = self._pace.rate() if self.state() == "elsewhere" else 0.0
        left = (total - done) / rate if rate and total else None
        return Progress(done, total, rate or None, left)

    def _is_complete(self) -> bool:
        facts = self.facts
        if facts is None:
            return self.row is not None and self.row.state == "done"
        return facts.complete

    def _is_growing(self) -> bool:
        guarded = self.facts is not None and self.facts.guarded
        patience = GUARDED_S if guarded else GROWING_S
        return self._grown_at is not None and self._clock() - self._grown_at < patience

    # --- what a job of ours tells

    def takeRow(self, row: JobRow) -> None:
        """The job's state or progress."""
        if self.row is None or self.row.id != row.id:
            self._trains, self._grown_at, self.result = False, None, ""
            self.notes, self.log = [], []
            self.noted.emit()
        before, self.row = self.row, row
        if row.state == "failed" and (before is None or before.state != "failed"):
            self._log("error", f"{row.message} {row.hint}".strip())
        self.changed.emit()

    def takeRows(self, rows: Sequence[Row]) -> None:
        """Training records."""
        if not self._trains and rows:
            # The run goes on from its last state, and comes again to what was after it.
            self.curves.cut(rows[0][0])
            self._recent.clear()
        self._trains = True
        self._recent.extend(rows)
        self.curves.append(rows)
        self.grown.emit()

    def takePictures(self, pictures: Mapping[str, NDArray[Any]]) -> None:
        """Pictures of the iteration that was told last."""
        iteration = self.curves.last()
        self.newest = iteration, pictures
        self.iterations = (*(i for i in self.iterations if i < iteration), iteration)
        self.pictured.emit()

    def takeNote(self, note: str) -> None:
        self.notes.append(note)
        self._log("note", note)

    def takeResult(self, summary: str) -> None:
        """The job is done."""
        self.result = summary
        self.changed.emit()

    # --- what the folder tells

    def takeLook(self, look: Look) -> None:
        """All that a look into the folder found."""
        self.takeGained(look.gained)
        self.takeIterations(look.iterations)
        self.takeFacts(look.facts)
        self.takeWatching(look.watching)
        if look.said:
            self.log += [LogEntry(line.level, line.text, line.when) for line in look.said]
            self.noted.emit()

    def takeFacts(self, facts: RunFacts) -> None:
        """What the folder says now."""
        lately = time.time() - facts.written < (GUARDED_S if facts.guarded else GROWING_S)
        if self.facts is None and self.row is None and lately:
            self._grown_at = self._clock()
        self.facts = facts
        self.changed.emit()

    def takeGained(self, gained: Gained) -> None:
        """What its metrics.csv gained."""
        if self.isOurs() and self._whole:
            return  # the job tells it sooner
        known, before = self._whole, self.curves.last()
        if gained.afresh:
            self.curves.clear()
            self._read_to = 0
        self.curves.extend(gained.series)
        self._read_to = max(self._read_to, gained.last)
        self._whole = not gained.more
        if self._whole:
            self._catch_up(grown=known and self.curves.last() > before)
        if gained.series or gained.afresh:
            self.grown.emit()

    def takeIterations(self, iterations: tuple[int, ...]) -> None:
        """Those that there are pictures of in the folder."""
        if self.isOurs() and self.newest is not None and self.newest[0] not in iterations:
            return  # looked up before the newest were written
        if iterations != self.iterations:
            self.iterations = iterations
            self.pictured.emit()

    def takeWatching(self, watching: Watching | None) -> None:
        """What its folder says of unlabelled cases."""
        if watching != self.watching:
            self.watching = watching
            self.watchedOther.emit()

    def _log(self, level: Level, text: str) -> None:
        self.log.append(LogEntry(level, text, time.time()))
        self.noted.emit()

    def _catch_up(self, grown: bool) -> None:
        """All of the file is known."""
        if self.isOurs():
            # What was told meanwhile gave way to what was read.
            self.curves.append([row for row in self._recent if row[0] > self._read_to])
            return
        if grown:
            self._grown_at = self._clock()
        self._pace.add(self.curves.last(), self._clock())
