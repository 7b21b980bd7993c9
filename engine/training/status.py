"""Who trains in a run folder, how it goes, and how it ended: status.json. Loads no torch.

The lock of a run tells whether somebody trains; this file tells who, and what became of it. A
process is known by its number and the time it began, so that another one which was given the same
number later is not taken for it.
"""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.data.atomic import write_atomic

FILE = "status.json"
MOST_BYTES = 200_000
SAME_START_S = 2.0
"""Clocks are set while processes run; no number is given twice within so few seconds."""

State = Literal[
    "preparing", "training", "paused",
    "finished", "ended early", "stopped", "diverged", "failed",
]  # fmt: skip
LIVE: tuple[State, ...] = ("preparing", "training", "paused")


class Answer(BaseModel):
    """What became of a command.

    Attributes:
        id: Of the command.
        text: For the user.
        done: Whether it was obeyed.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    done: bool = True


class Status(BaseModel):
    """A run as the process that trains in it last said.

    Attributes:
        state: What it does, or how it ended.
        pid, host, since: The process: number, machine, its begin in seconds since 1970.
        detached: Whether it is one of its own, that outlives the window.
        method, task: What is trained.
        iteration, iterations: How far it was when this was written, and is to come.
        message, hint: Why it ended, where there is something to say.
        answers: To the latest commands, in order.
        written: In seconds since 1970.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: State
    pid: int = Field(default_factory=os.getpid)
    host: str = Field(default_factory=platform.node)
    since: float = Field(default_factory=lambda: psutil.Process().create_time())
    detached: bool = False
    method: str = ""
    task: str = ""
    iteration: int = 0
    iterations: int = 0
    message: str = ""
    hint: str = ""
    answers: tuple[Answer, ...] = ()
    written: float = Field(default_factory=time.time)

    @property
    def is_here(self) -> bool:
        """Whether it was written on this machine."""
        return self.host == platform.node()

    @property
    def is_ours(self) -> bool:
        """Whether this process wrote it."""
        return self.is_here and self.pid == os.getpid() and _runs(self.pid, self.since)

    @property
    def is_alive(self) -> bool:
        """Whether it says that it trains, and its process is there: the very same one. Of another
        machine nobody can tell, and it is not believed."""
        return self.state in LIVE and self.is_here and _runs(self.pid, self.since)


def read_status(run: Path) -> Status | None:
    """What the file of a run says; None where there is none, or none that can be read."""
    try:
        with (run / FILE).open("rb") as file:
            return Status.model_validate_json(file.read(MOST_BYTES))
    except (OSError, ValidationError):
        return None  # a run is what its other files say


def write_status(run: Path, status: Status) -> None:
    """Replace the file.

    Raises:
        DiskError: the folder cannot be written.
    """
    write_atomic(run / FILE, status.model_dump_json(indent=1).encode())


def _runs(pid: int, since: float) -> bool:
    try:
        process = psutil.Process(pid)
        gone = process.status() == psutil.STATUS_ZOMBIE
        return not gone and abs(process.create_time() - since) < SAME_START_S
    except psutil.Error:
        return False
