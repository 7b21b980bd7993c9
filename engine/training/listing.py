"""What a table of runs tells of each: found in folders, read from their files. Loads no torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.errors import InputError
from engine.training.facts import RunFacts, look_at
from engine.training.notes import read_notes
from engine.training.runs import METRICS, split_rows
from engine.training.status import LIVE, read_status
from engine.training.writers import writers

MOST_RUNS = 1000
DEPTH = 3
"""Levels of folders below the one that is looked through."""
_TAIL = 8192  # bytes of metrics.csv: the rows of the last iterations

Standing = Literal[
    "preparing", "training", "paused",
    "finished", "ended early", "stopped", "diverged", "failed", "unreadable",
]  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """What was measured of a run's best weights, and at which iteration."""

    name: str
    value: float
    iteration: int


@dataclass(frozen=True, eq=False)
class RunSummary:
    """A row of the table.

    Attributes:
        path: The run's folder.
        method, task: As in its request; empty where that cannot be read.
        standing: How it is.
        done, total: Iterations; 0 where the run does not say.
        best: Of its best weights; None without a validation.
        inputs: Name -> path as written in its request, without the output.
        parameters: As in its request.
        started: In seconds since 1970.
        took: Seconds that processes trained in it, without the time between them.
        written: When it was last written to, in seconds since 1970.
        size: Of all its files, in bytes.
        notes: What the user has written of it.
        problem: Why it cannot be read, "" where it can.
        told: What it said of its end, where there is something to say.
    """

    path: Path
    method: str = ""
    task: str = ""
    standing: Standing = "unreadable"
    done: int = 0
    total: int = 0
    best: Figure | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    started: float = 0.0
    took: float = 0.0
    written: float = 0.0
    size: int = 0
    notes: str = ""
    problem: str = ""
    told: str = ""

    @property
    def is_live(self) -> bool:
        """Whether a process trains in it, prepares itself to, or pauses."""
        return self.standing in LIVE

    @property
    def data(self) -> str:
        """What it was trained on, in short: the last two parts of its first input, as many folders
        are called "images"."""
        first = next(iter(self.inputs.values()), "")
        return "/".join(Path(first).parts[-2:]).removeprefix("/")


def find_runs(folder: Path, *, depth: int = DEPTH, most: int = MOST_RUNS) -> list[Path]:
    """The run folders in a folder, by name; the folder itself where it is one.

    Links to folders and hidden folders are passed over, and so is what lies inside a run.

    Raises:
        InputError: the folder is not there, or cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.", "Choose a folder that has runs in it.")
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise InputError(
            f"{folder} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    found: list[Path] = []
    for run in _runs_below(folder, depth):
        found.append(run)
        if len(found) == most:
            break
    return found


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run, be it one whose process only prepares itself."""
    return (folder / "run.toml").is_file() or read_status(folder) is not None


def summarise(path: Path) -> RunSummary:
    """What the files of a run say; one that cannot be read says why."""
    try:
        facts = look_at(path)
    except InputError as error:
        return RunSummary(path, written=_written(path), problem=error.message)
    parts = writers(facts.path)
    return RunSummary(
        facts.path, facts.method, facts.task, facts.standing,
        max(_last_iteration(facts.path), facts.saved), facts.iterations, _best(facts),
        _inputs(facts), dict(facts.parameters),
        parts[0].since if parts else facts.written,
        sum(max(0.0, part.until - part.since) for part in parts),
        facts.written, _size(facts.path), read_notes(facts.path), told=_told(facts),
    )  # fmt: skip


def _told(facts: RunFacts) -> str:
    status = facts.status
    if status is None or facts.standing not in ("ended early", "diverged", "failed"):
        return ""
    return f"{status.message} {status.hint}".strip()


def _best(facts: RunFacts) -> Figure | None:
    """The figure that the weights were chosen by comes first among those of their card."""
    card = facts.best
    if card is None:
        return None
    iteration = card.training.get("iterations_done", 0)
    for name, value in card.figures.items():
        if isinstance(value, int | float):
            return Figure(name, float(value), iteration if isinstance(iteration, int) else 0)
    return None


def _inputs(facts: RunFacts) -> dict[str, str]:
    given = facts.request.get("inputs")
    found = given if isinstance(given, dict) else {}
    return {str(name): str(value) for name, value in found.items() if name != "output"}


def _last_iteration(run: Path) -> int:
    """Of metrics.csv, from its end alone: it may hold millions of rows."""
    try:
        with (run / METRICS).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return 0
    whole = [line for line in text.splitlines(keepends=True) if line.endswith("\n")]
    # The first one may have lost its beginning.
    lines = whole if len(text) < _TAIL else whole[1:]
    return max((iteration for iteration, _, _ in split_rows(lines)), default=0)


def _size(run: Path) -> int:
    total = 0
    for folder, _, files in os.walk(run):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue  # it went meanwhile
    return total


def _written(path: Path) -> float:
    try:
        return (path / "run.toml").stat().st_mtime
    except OSError:
        return 0.0


def _runs_below(folder: Path, depth: int) -> Iterator[Path]:
    if is_run(folder):
        yield folder
        return
    if depth == 0:
        return
    for entry in sorted(_entries(folder), key=lambda entry: entry.name):
        if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
            yield from _runs_below(Path(entry.path), depth - 1)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []  # one that may not be read among others
