"""Runs over each other: reads their curves off the window's thread, also while they grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PyQt6.QtCore import QObject, QTimer

from app.background import Background, Work
from app.errors import Teller
from app.run_settings import side_by_side
from app.workspaces.train.compare_page import ComparePage, curve_name, run_of
from engine.training.following import Gained, MetricsFollower
from engine.training.listing import RunSummary, summarise
from widgets.panels.compare_table import OTHER, SAME, CompareGroup, Row
from widgets.panels.wording import duration
from widgets.plots.series import SeriesStore

EVERY_MS = 1500
NOTHING = "–"
OUTCOME = "What came of it"
NOTHING_DIFFERS = "Nothing: they were asked for the same"


@dataclass(frozen=True, eq=False)
class _Look:
    runs: tuple[RunSummary, ...]
    gained: tuple[Gained, ...]


class Comparing(QObject):
    """Fills the page of several runs.

    Args:
        background: Reads; one call at a time.
    """

    def __init__(
        self, page: ComparePage, background: Background, teller: Teller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page, self._background, self._teller = page, background, teller
        self._runs: tuple[RunSummary, ...] = ()
        self._others: tuple[RunSummary, ...] = ()
        self._followers: tuple[MetricsFollower, ...] = ()
        self._names: list[str] = []
        self._store = SeriesStore()
        self._work: Work | None = None
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self._look)
        page.addRequested.connect(self._add)
        page.removeRequested.connect(self._remove)
        page.seen.connect(self._seen)

    def runs(self) -> tuple[RunSummary, ...]:
        """Those that are compared."""
        return self._runs

    def compare(self, runs: Sequence[RunSummary], others: Sequence[RunSummary]) -> None:
        """Lay runs over each other.

        Args:
            others: Those that could be added.
        """
        self.stop()
        self._runs = tuple(runs)
        paths = {run.path for run in runs}
        self._others = tuple(run for run in others if run.path not in paths and not run.problem)
        self._followers = tuple(MetricsFollower(run.path) for run in runs)
        self._store = SeriesStore()
        names = [run.path.name for run in runs]
        # Two runs of one name are told apart by the folders that they lie in.
        names = [
            f"{run.path.parent.name}/{name}" if names.count(name) > 1 else name
            for run, name in zip(runs, names, strict=True)
        ]
        self._names = names
        self._page.setRuns(names, [(str(run.path), run.path.name) for run in self._others])
        self._page.setStore(self._store)
        self._show_settings()
        self._look()

    def stop(self) -> None:
        """Read nothing any more."""
        self._clock.stop()
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _add(self, key: str) -> None:
        added = [run for run in self._others if str(run.path) == key]
        self.compare((*self._runs, *added), self._others)

    def _remove(self, place: int) -> None:
        gone = self._runs[place]
        kept = [run for run in self._runs if run is not gone]
        self.compare(kept, (*self._others, gone))

    def _seen(self, seen: bool) -> None:
        if not seen:
            self._clock.stop()
        elif self._work is None and self._runs:
            self._look()

    def _look(self) -> None:
        if self._work is not None:
            return
        runs, followers = self._runs, self._followers

        def look() -> _Look:
            gained = tuple(follower.read() for follower in followers)
            now = tuple(summarise(r.path) if r.is_live else r for r in runs)
            return _Look(now, gained)

        self._work = self._background.run("Reading the curves", look, self._take, self._failed)

    def _take(self, look: _Look) -> None:
        self._work = None
        for number, gained in enumerate(look.gained):
            if gained.afresh:
                for name in self._store:
                    if run_of(name) == number:
                        self._store[name].cut(float("-inf"))
            self._store.extend({curve_name(n, number): s for n, s in gained.series.items()})
        if any(gained.series or gained.afresh for gained in look.gained):
            self._page.refresh(self._store)
        if look.runs != self._runs:
            self._runs = look.runs
            self._show_settings()
        if any(gained.more for gained in look.gained):
            self._look()
        elif self._page.isVisible() and any(run.is_live for run in self._runs):
            self._clock.start(EVERY_MS)

    def _failed(self, failure: Any) -> None:
        self._work = None
        self._teller.failure(failure)

    def _show_settings(self) -> None:
        rows = side_by_side(self._runs)
        other, same = (
            [(row.label, row.values) for row in rows if row.differs is wanted]
            for wanted in (True, False)
        )
        self._page.settings.setGroups(
            self._names,
            (
                CompareGroup(OUTCOME, _outcome(self._runs)),
                CompareGroup(OTHER, other, none=NOTHING_DIFFERS),
                CompareGroup(SAME, same, open=False),
            ),
        )


def _outcome(runs: Sequence[RunSummary]) -> list[Row]:
    """What runs found, how far they are and how long they took."""
    best = {run.best.name for run in runs if run.best is not None}
    rows: list[Row] = [
        ("Iterations", [f"{r.done:,} of {r.total:,}" if r.total else f"{r.done:,}" for r in runs])
    ]
    for name in sorted(best):
        values = [
            f"{r.best.value:.4g} at {r.best.iteration:,}" if r.best and r.best.name == name
            else NOTHING for r in runs
        ]  # fmt: skip
        rows.append((f"Best {name}", values))
    rows.append(("Took", [duration(run.took) if run.took else NOTHING for run in runs]))
    rows.append(("Started", [_when(run.started) for run in runs]))
    if any(run.notes for run in runs):
        rows.append(("Notes", [" ".join(run.notes.split()) or NOTHING for run in runs]))
    return rows


def _when(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}" if seconds else NOTHING
