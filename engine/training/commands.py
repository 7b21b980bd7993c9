"""Commands to a run that trains, through its folder: commands/TIME-ID.json. Loads no torch.

Whoever may write into the folder may command: the window, the command line, a script. A command
is a file with a word and at most a number in it; the training loop reads it between two
iterations, answers in status.json and removes it.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.data.atomic import disk_error, write_atomic
from engine.errors import InputError
from engine.training.status import Answer, read_status

FOLDER = "commands"
MOST_BYTES = 4096
HIGHEST_RATE = 10.0
LOOK_S = 0.1

Word = Literal["pause", "resume", "stop", "stop-after-epoch", "save", "sample", "rate"]


class Command(BaseModel):
    """What a run is asked to do between two iterations.

    Attributes:
        do: "stop" keeps the state; "sample" makes pictures; "rate" sets the learning rate.
        lr: Of "rate": the learning rate from the next iteration on; a schedule goes on from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    do: Word
    lr: float | None = Field(default=None, gt=0, le=HIGHEST_RATE, allow_inf_nan=False)


@dataclass(frozen=True)
class Heard:
    """A command that waits.

    Attributes:
        id: To answer to.
        command: None where the file holds none.
    """

    id: str
    command: Command | None


def rate_command(lr: float) -> Command:
    """Sets the learning rate.

    Raises:
        InputError: a rate that none can be.
    """
    try:
        return Command(do="rate", lr=lr)
    except ValidationError as error:
        raise InputError(
            f"A learning rate of {lr:g} cannot be used.",
            f"Choose one above 0, and at most {HIGHEST_RATE:g}.",
        ) from error


def send(run: Path, command: Command) -> str:
    """Ask; returns what the answer will name.

    Raises:
        DiskError: the folder cannot be written.
    """
    folder = run / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
    content = json.dumps(command.model_dump(exclude_none=True))
    write_atomic(folder / f"{name}.json", content.encode())
    return name


def waiting(run: Path) -> list[Heard]:
    """The commands that nobody has answered, the oldest first."""
    try:
        names = sorted(path for path in (run / FOLDER).iterdir() if path.suffix == ".json")
    except OSError:
        return []  # none was ever sent
    # A name with a dot before it is of a file that is being written.
    return [Heard(path.stem, _read(path)) for path in names if path.name[0] != "."]


def forget(run: Path, heard: Heard) -> None:
    """Remove a command that was answered.

    Raises:
        DiskError: the file cannot be removed: it would be obeyed again and again.
    """
    file = run / FOLDER / f"{heard.id}.json"
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(file, error) from error


def forget_all(run: Path) -> None:
    """Remove the commands that nobody has answered, as nobody waits for them any more."""
    for heard in waiting(run):
        forget(run, heard)


def wait_for(run: Path, sent: str, patience_s: float) -> Answer | None:
    """The answer to a command; None where none has come in that time, or the run has ended."""
    until = time.monotonic() + patience_s
    while True:
        status = read_status(run)
        for answer in status.answers if status is not None else ():
            if answer.id == sent:
                return answer
        ended = status is not None and status.is_here and not status.is_alive
        if ended or time.monotonic() >= until:
            return None
        time.sleep(LOOK_S)


def _read(file: Path) -> Command | None:
    try:
        with file.open("rb") as opened:
            return Command.model_validate_json(opened.read(MOST_BYTES))
    except (OSError, ValidationError):
        return None
