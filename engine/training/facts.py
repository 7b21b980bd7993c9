"""What a run folder says about itself, whoever trains or trained in it. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engine.data.segmentation.splits import FILE as SPLIT_FILE
from engine.data.segmentation.splits import Split, read_split
from engine.errors import CheckpointError, InputError
from engine.training.checkpoint import Card, read_card
from engine.training.runs import LOCK, METRICS, read_request
from engine.training.status import FILE as STATUS
from engine.training.status import LIVE, State, Status, read_status

BEST, FINAL, STATE = "best.safetensors", "final.safetensors", "latest.state"
LATEST = "latest.safetensors"


@dataclass(frozen=True, eq=False)
class RunFacts:
    """A run as it is at the moment.

    Attributes:
        path: Its folder.
        request: Content of run.toml: method, task, parameters, inputs.
        best, final: Cards of the weights there are to use.
        state: Card of what the run can be continued from.
        split: Its cases, where it says how they were parted.
        written: When it was last written to, in seconds since 1970.
        held: Whether a process on this machine trains in it now.
        guarded: Whether that can be told: the process that trained in it last kept a lock.
        status: What the process that trains or trained in it last said.
        latest: Card of the weights that somebody asked to save.
    """

    path: Path
    request: Mapping[str, Any]
    best: Card | None
    final: Card | None
    state: Card | None
    split: Split | None
    written: float
    held: bool
    guarded: bool
    status: Status | None = None
    latest: Card | None = None

    @property
    def method(self) -> str:
        return str(self.request.get("method", ""))

    @property
    def task(self) -> str:
        return str(self.request.get("task", ""))

    @property
    def complete(self) -> bool:
        """Whether it has come to its end, be it early."""
        early = self.status is not None and self.status.state == "ended early"
        return self.final is not None and (early or self.saved >= self.iterations)

    @property
    def standing(self) -> State:
        """How it is, by all that its files say: a process that is gone is not believed."""
        status = self.status
        live = status is not None and status.is_alive
        if self.held or live:
            return status.state if status is not None and status.state in LIVE else "training"
        if self.complete:
            return "ended early" if self.saved < self.iterations else "finished"
        ended = status is not None and status.state in ("diverged", "failed")
        return status.state if status is not None and ended else "stopped"

    @property
    def parameters(self) -> Mapping[str, Any]:
        found = self.request.get("parameters")
        return found if isinstance(found, dict) else {}

    @property
    def iterations(self) -> int:
        """Of the whole run, 0 where it does not say."""
        wanted = self.parameters.get("iterations", 0)
        return wanted if isinstance(wanted, int) else 0

    @property
    def saved(self) -> int:
        """The iteration that it can be continued from, 0 for its start."""
        done = self.state.training.get("iterations_done", 0) if self.state else 0
        return done if isinstance(done, int) else 0

    @property
    def weights(self) -> Path | None:
        """The checkpoint to use: the final one, else the best so far, else what was saved."""
        there = ((self.final, FINAL), (self.best, BEST), (self.latest, LATEST))
        return next((self.path / "checkpoints" / name for card, name in there if card), None)

    @property
    def card(self) -> Card | None:
        """Of `weights`."""
        return self.final or self.best or self.latest


def look_at(path: Path) -> RunFacts:
    """What is known of the run in a folder.

    Raises:
        InputError: the folder holds no run, or its request cannot be read.
    """
    status = read_status(path)
    if not (path / "run.toml").is_file():
        if status is not None and status.method:
            return _without_request(path, status)
        if (path.parent / "run.toml").is_file():
            return look_at(path.parent)  # one of its own folders was chosen
        raise InputError(
            f"{path} holds no training run.", "Choose a folder that has a run.toml in it."
        )
    folder = path / "checkpoints"
    return RunFacts(
        path, read_request(path), _card(folder / BEST), _card(folder / FINAL),
        _card(folder / STATE), _split(path), _written(path), is_held(path),
        (path / LOCK).exists(), status, _card(folder / LATEST),
    )  # fmt: skip


def holds_run(path: Path) -> bool:
    """Whether a training there would continue a run."""
    return (path / "run.toml").exists()


def is_held(path: Path) -> bool:
    """Whether a process on this machine trains in the folder; writes nothing."""
    file = path / LOCK
    if not file.exists():
        return False
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return False  # nobody can tell, such as on somebody else's folder
    lock.release()
    return False


def _without_request(path: Path, status: Status) -> RunFacts:
    """A run whose process prepares itself, or that ended by what it found in its data."""
    asked = {
        "method": status.method, "task": status.task,
        "parameters": {"iterations": status.iterations},
    }  # fmt: skip
    return RunFacts(
        path, asked, None, None, None, None, status.written, is_held(path),
        guarded=True, status=status,
    )  # fmt: skip


def _card(file: Path) -> Card | None:
    if not file.is_file():
        return None
    try:
        return read_card(file)
    except CheckpointError:
        return None  # it is told by whoever uses the file


def _split(path: Path) -> Split | None:
    if not (path / SPLIT_FILE).is_file():
        return None
    try:
        return read_split(path)
    except InputError:
        return None  # as above


def _written(path: Path) -> float:
    times = [0.0]
    for name in (METRICS, f"checkpoints/{STATE}", "run.toml", STATUS):
        try:
            times.append((path / name).stat().st_mtime)
        except OSError:
            continue  # not there yet
    return max(times)
