"""Which processes trained in a run, and which one does. Loads no torch."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.training.status import read_status

_EVENTS = re.compile(r"events\.out\.tfevents\.(\d{9,11})\.(.+)\.(\d+)\.\d+")


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


def writers(run: Path) -> list[Writer]:
    """Who trained in a run, the first one first, by the names of TensorBoard's files."""
    found = []
    for file in run.glob("events.out.tfevents.*"):
        match = _EVENTS.fullmatch(file.name)
        if match is not None:
            since, host, pid = float(match[1]), match[2], int(match[3])
            found.append(Writer(host, pid, since, _modified(file)))
    return sorted(found, key=lambda writer: writer.since)


def writing_process(run: Path) -> int | None:
    """The number of the process on this machine that trains in the run; None where nobody does,
    or nobody can tell."""
    status = read_status(run)
    if status is not None:
        return status.pid if status.is_alive else None
    parts = writers(run)
    if not parts or parts[-1].host != socket.gethostname():
        return None
    try:
        # One that began later was given the number of another that has ended.
        began = psutil.Process(parts[-1].pid).create_time()
    except psutil.Error:
        return None
    return parts[-1].pid if began <= parts[-1].since + 1 else None


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0  # it went meanwhile
