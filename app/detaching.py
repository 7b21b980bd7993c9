"""Trainings as processes of their own, which outlive who started them.

The process has its own session and writes what it says to run.log in its folder. It tells in
status.json who it is, and it is spoken to by `engine.training.commands`, as every other run is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import app
from engine import methods
from engine.data.atomic import disk_error
from engine.errors import EngineError, InputError
from engine.failures import describe
from engine.jobs import Job
from engine.training.facts import is_held
from engine.training.log import LOG
from engine.training.status import State, Status, read_status, write_status

MARK = "REVERIE_DETACHED"
BEGINS_S = 60.0
LOOK_S = 0.05
TOLD_BYTES = 2000
LONG_ITERATIONS, LONG_S = 2000, 15 * 60.0


def is_long(iterations: int, seconds: float | None = None) -> bool:
    """Whether a training should outlive the window unless somebody wants otherwise: by the time
    that it was estimated to take, else by its number of iterations."""
    return iterations >= LONG_ITERATIONS if seconds is None else seconds >= LONG_S


def refuse_taken(folder: Path) -> None:
    """Nobody else may train in the folder.

    Raises:
        InputError: somebody does.
    """
    status = read_status(folder)
    if is_held(folder) or (status is not None and status.is_alive and not status.is_ours):
        raise InputError(f"Another process trains in {folder}.", "Wait for it, or stop it first.")


def launch(words: Sequence[str], folder: Path) -> int:
    """Start `reverie` with these words as a process of its own; returns its number.

    Args:
        words: That train in the folder.

    Raises:
        InputError: it ended before it could begin; says what it said.
        DiskError: the folder cannot be written.
    """
    main = Path(app.__file__).parents[1] / "main.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log = (folder / LOG).open("ab")
    except OSError as error:
        raise disk_error(folder, error) from error
    with log:
        begin = log.tell()
        process = subprocess.Popen(
            [sys.executable, str(main), *words], stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, env={**os.environ, MARK: "1", "PYTHONUNBUFFERED": "1"},
            **_apart(),
        )  # fmt: skip
    until = time.monotonic() + BEGINS_S
    while time.monotonic() < until:
        status = read_status(folder)
        if status is not None and status.pid == process.pid:
            break
        if process.poll() is not None:
            raise InputError(
                f"The training ended before it began: {_end_of(folder / LOG, begin)}",
                f"All that it said is in {folder / LOG}.",
            )
        time.sleep(LOOK_S)
    # It goes on without us: nobody here waits for its end.
    process.returncode = 0
    return process.pid


def start_outside(words: Sequence[str], folder: Path) -> None:
    """Have such a process started by another one that ends at once: it is nobody's child then,
    and a window that stays open has no ended children to wait for.

    Args:
        words: That train in the folder.

    Raises:
        InputError: what the command line has against it.
    """
    main = Path(app.__file__).parents[1] / "main.py"
    done = subprocess.run(
        [sys.executable, str(main), *words, "--detach"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"code {done.returncode}"]
        message = said[0].removeprefix("reverie: ")
        raise InputError(message, " ".join(said[1:]) or f"See {folder / LOG}.")


def is_apart() -> bool:
    """Whether this process was started by `launch`; told once, children are not."""
    return bool(os.environ.pop(MARK, ""))


@contextmanager
def announced(job: Job) -> Iterator[None]:
    """While the block runs, status.json tells of the job from its preparation on; where it ends
    before the training itself could tell how, that is told too."""
    folder = job.path("output")
    title = methods.method(job.method).id
    iterations = int(getattr(job.params, "iterations", 0))
    status = Status(
        state="preparing", detached=True, method=title, task=job.task, iterations=iterations
    )
    write_status(folder, status)
    try:
        yield
    except BaseException as error:
        now = read_status(folder)
        if now is not None and now.is_ours and now.state == "preparing":
            write_status(folder, now.model_copy(update=_ending(error, job.title)))
        raise


def _ending(error: BaseException, title: str) -> dict[str, Any]:
    state: State = "failed" if isinstance(error, Exception) else "stopped"
    if not isinstance(error, Exception):
        return {"state": state, "written": time.time()}
    if isinstance(error, EngineError):
        message, hint = error.message, error.hint
    else:
        failure = describe(error, title)
        message, hint = failure.message, failure.hint
    return {"state": state, "message": message, "hint": hint, "written": time.time()}


def _apart() -> dict[str, Any]:
    """Neither the terminal's end nor that of the window's session ends it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _end_of(log: Path, begin: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(begin)
            said = file.read(TOLD_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return "it said nothing."
    return " ".join(said.split()) or "it said nothing."
