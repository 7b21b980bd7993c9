"""What a table of runs tells of each: found in folders, read from their files. Loads no torch."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from engine.data.atomic import disk_error, write_atomic
from engine.errors import InputError
from engine.training.facts import RunFacts, look_at
from engine.training.runs import METRICS, split_rows
from engine.training.status import LIVE, read_status

NOTES = "notes.txt"
MOST_RUNS = 1000
DEPTH = 3
"""Levels of folders below the one that is looked through."""
MOST_NOTES = 100_000  # bytes
_TAIL = 8192  # bytes of metrics.csv: the rows of the last iterations
_EVENTS = re.compile(r"events\.out\.tfevents\.(\d{9,11})\.(.+)\.(\d+)\.\d+")

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


@dataclass(frozen=True)
class Writer:
    """The process that wrote a file of TensorBoard's events.

    Attributes:
        host, pid: Where it ran and its number there.
        since, until: When it began, and when it last wrote, in seconds since 1970.
    """

    host: str
    pid: int
    since: float
    until: float


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


def writers(run: Path) -> list[Writer]:
    """Who trained in a run, the first one first, by the names of TensorBoard's files."""
    found = []
    for entry in _entries(run):
        match = _EVENTS.fullmatch(entry.name)
        if match is not None:
            since, host, pid = float(match[1]), match[2], int(match[3])
            found.append(Writer(host, pid, since, _modified(entry)))
    return sorted(found, key=lambda writer: writer.since)


def writing_process(run: Path) -> int | None:
    """The number of the process on this machine that trains in the run; None where nobody does,
    or nobody can tell."""
    status = read_status(run)
    if status is not None and status.is_alive:
        return status.pid
    parts = writers(run)
    if not parts or parts[-1].host != socket.gethostname():
        return None
    try:
        # One that began later was given the number of another that has ended.
        began = psutil.Process(parts[-1].pid).create_time()
    except psutil.Error:
        return None
    return parts[-1].pid if began <= parts[-1].since + 1 else None


def read_notes(run: Path) -> str:
    """What the user has written of a run, "" where nothing or nothing readable."""
    try:
        with (run / NOTES).open("rb") as file:
            return file.read(MOST_NOTES).decode("utf-8", errors="replace")
    except OSError:
        return ""


def write_notes(run: Path, text: str) -> None:
    """Keep what the user says of a run in a text file of its folder; "" removes it.

    Raises:
        InputError: there is no run, or the text is too long.
        DiskError: the folder cannot be written.
    """
    if not (run / "run.toml").is_file():
        raise InputError(f"{run} holds no training run.", "Choose a folder that has a run.toml.")
    content = text.strip().encode("utf-8")
    if len(content) >= MOST_NOTES:
        raise InputError("The notes are too long.", f"Keep them below {MOST_NOTES // 1000} kB.")
    try:
        if not content:
            (run / NOTES).unlink(missing_ok=True)
            return
    except OSError as error:
        raise disk_error(run / NOTES, error) from error
    write_atomic(run / NOTES, content + b"\n")


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


def _modified(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0  # it went meanwhile


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
