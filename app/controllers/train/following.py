"""Looks into a run's folder again and again, off the window's thread."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.background import Background, Work
from engine.errors import InputError
from engine.failures import Failure
from engine.methods.diffrect.labelled import FILE as LABELLED
from engine.methods.diffrect.labelled import PROPOSALS, Labelled, proposed, read_labelled
from engine.training.facts import BEST, FINAL, LATEST, STATE, RunFacts, is_held, look_at
from engine.training.following import Gained, MetricsFollower
from engine.training.log import LogFollower, LogLine
from engine.training.previews import FOLDER, preview_iterations
from engine.training.runs import LOCK
from engine.training.status import FILE as STATUS

EVERY_MS = 1000
_log = logging.getLogger(__name__)
_Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Watching:
    """What a run that learns from unlabelled cases says of them.

    Attributes:
        labelled: Who has a label, and which case is watched.
        proposals: Cases that there are pseudo-labels of.
    """

    labelled: Labelled
    proposals: frozenset[str]


@dataclass(frozen=True, eq=False)
class Look:
    """What one look found.

    Attributes:
        facts: What the folder says of itself.
        gained: New metrics.
        iterations: Those that there are pictures of.
        watching: Its unlabelled cases; None where it has none.
        said: New lines of its log, where it is a process of its own.
    """

    facts: RunFacts
    gained: Gained
    iterations: tuple[int, ...]
    watching: Watching | None = None
    said: tuple[LogLine, ...] = ()


class _Looker:
    """Remembers what it saw; lives in the background, one call at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._metrics = MetricsFollower(folder)
        self._log = LogFollower(folder)
        self._seen: tuple[_Stamp, RunFacts] | None = None
        self._pictures: tuple[_Stamp, tuple[int, ...]] | None = None
        self._watching: tuple[_Stamp, Watching | None] | None = None

    def look(self) -> Look:
        """Read what is new.

        Raises:
            InputError: there is no run, or it cannot be read.
        """
        facts, gained = self._facts(), self._metrics.read()
        return Look(facts, gained, self._iterations(), self._cases(), self._log.read())

    def _facts(self) -> RunFacts:
        names = (
            "run.toml",
            "split.json",
            LOCK,
            STATUS,
            *(f"checkpoints/{n}" for n in (BEST, FINAL, LATEST, STATE)),
        )
        stamp = _stamp(*(self._folder / name for name in names))
        if self._seen is None or self._seen[0] != stamp:
            self._seen = stamp, look_at(self._folder)
        return replace(self._seen[1], held=is_held(self._folder))

    def _iterations(self) -> tuple[int, ...]:
        # A folder's time changes with what comes into it.
        stamp = _stamp(self._folder / FOLDER)
        if self._pictures is None or self._pictures[0] != stamp:
            self._pictures = stamp, preview_iterations(self._folder)
        return self._pictures[1]

    def _cases(self) -> Watching | None:
        stamp = _stamp(self._folder / LABELLED, self._folder / PROPOSALS)
        if self._watching is None or self._watching[0] != stamp:
            try:
                labelled = read_labelled(self._folder)
            except InputError:
                labelled = None  # the run itself tells, at its next epoch
            found = None if labelled is None else Watching(labelled, proposed(self._folder))
            self._watching = stamp, found
        return self._watching[1]


def _stamp(*files: Path) -> _Stamp:
    found = []
    for file in files:
        try:
            facts = file.stat()
        except OSError:
            found.append((0, 0))  # not there
        else:
            found.append((facts.st_mtime_ns, facts.st_size))
    return tuple(found)


class Follower(QObject):
    """Follows one folder at a time, from `follow` to `stop`.

    Args:
        background: With one thread, so that looks come one after the other.
    """

    looked = pyqtSignal(Path, Look)
    failed = pyqtSignal(Path, Failure)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._folder: Path | None = None
        self._looker: _Looker | None = None
        self._work: Work | None = None
        self._resting = False
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self._look)

    def folder(self) -> Path | None:
        """The one that is followed."""
        return self._folder

    def follow(self, folder: Path) -> None:
        """Read the run from its start, and then what is new; the first look begins at once."""
        self.stop()
        self._folder, self._looker = folder, _Looker(folder)
        self._look()

    def setResting(self, resting: bool) -> None:
        """Nobody looks at the moment, or somebody does again."""
        self._resting = resting
        if resting:
            self._clock.stop()
        elif self._looker is not None and self._work is None:
            self._look()

    def stop(self) -> None:
        self._clock.stop()
        if self._work is not None:
            self._work.cancel()
        self._folder = self._looker = self._work = None

    def _look(self) -> None:
        looker = self._looker
        if looker is None or self._work is not None:
            return

        def done(look: Look) -> None:
            self._work = None
            self._wait(0 if look.gained.more else EVERY_MS)
            assert self._folder is not None, "a look that was stopped tells nobody"
            self.looked.emit(self._folder, look)

        def failed(failure: Failure) -> None:
            self._work = None
            # A folder on a network may come back.
            self._wait(EVERY_MS)
            assert self._folder is not None, "as above"
            self.failed.emit(self._folder, failure)

        self._work = self._background.run("Reading the run", looker.look, done, failed)

    def _wait(self, ms: int) -> None:
        if not self._resting:
            self._clock.start(ms)
