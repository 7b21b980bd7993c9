"""What the engine tells: frozen events, numpy and plain values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


# The bases compare by identity, because events with arrays inherit that; the others compare by
# value, since each makes its own comparison.
@dataclass(frozen=True, eq=False)
class Event:
    """Base of all events."""


@dataclass(frozen=True, eq=False)
class JobEvent(Event):
    """Base of the events of one job.

    Attributes:
        job_id: What `submit` returned.
    """

    job_id: int


@dataclass(frozen=True)
class EngineReady(Event):
    """The engine thread has loaded torch and takes jobs; `device` says where they run."""

    device: str
    threads: int
    precision: str


@dataclass(frozen=True)
class EngineFailed(Event):
    """The engine has no device to run on; every job fails with this reason until a restart.

    Attributes:
        message, hint, detail, user_error: As in `JobFailed`.
    """

    message: str
    hint: str
    detail: str
    user_error: bool


@dataclass(frozen=True)
class QueueChanged(Event):
    """The waiting jobs in the order in which they will run."""

    order: tuple[int, ...]
    paused: bool


@dataclass(frozen=True)
class JobQueued(JobEvent):
    """Accepted; the job waits."""

    title: str


@dataclass(frozen=True)
class JobStarted(JobEvent):
    """The engine thread has taken the job."""


@dataclass(frozen=True)
class JobProgress(JobEvent):
    """How far a job is: `done` of `total` steps (total 0: not known), `rate` in steps/s."""

    done: int
    total: int
    rate: float
    remaining_s: float | None
    message: str = ""


@dataclass(frozen=True, eq=False)
class JobPreview(JobEvent):
    """One denoising step to look at.

    Attributes:
        index, total, t: As in `engine.steps.DenoiseStep`.
        x_t, x0_hat: (B, H, W) float32 in the range that the network works in.
        key: Belongs to the timeline; never replaced by a newer one.
        offset: Index within the job of the first of the B images.
        before, guide, evidence: As in `engine.steps.DenoiseStep`, of the shape of `x_t`.
        affine, run, runs: As in `engine.steps.DenoiseStep`.
    """

    index: int
    total: int
    t: int
    x_t: np.ndarray
    x0_hat: np.ndarray
    key: bool
    offset: int = 0
    before: np.ndarray | None = None
    guide: np.ndarray | None = None
    evidence: np.ndarray | None = None
    affine: np.ndarray | None = None
    run: int = 0
    runs: int = 1


@dataclass(frozen=True, eq=False)
class JobImages(JobEvent):
    """Named images that a running job wants seen, such as training samples.

    Attributes:
        images: Title -> (H, W), float32 grey values or uint8 labels.
    """

    images: Mapping[str, np.ndarray]
    caption: str = ""


@dataclass(frozen=True)
class JobLosses(JobEvent):
    """A batch of training records, each (iteration, {name: value})."""

    rows: tuple[tuple[int, Mapping[str, float]], ...]


@dataclass(frozen=True)
class JobNote(JobEvent):
    """Something that the user should know while the job goes on."""

    message: str


@dataclass(frozen=True, eq=False)
class JobFinished(JobEvent):
    """The job's result, of the type that its task documents."""

    result: Any
    seconds: float


@dataclass(frozen=True)
class JobFailed(JobEvent):
    """The job ended by an error; the engine goes on.

    Attributes:
        message, hint: For the user.
        detail: Traceback and versions, to copy.
        user_error: Something that the user can act on; otherwise a fault of the program.
        report: Lists that are too long for a message, such as names that did not match.
    """

    message: str
    hint: str
    detail: str
    user_error: bool
    report: str = ""


@dataclass(frozen=True)
class JobCancelled(JobEvent):
    """The job ended because it was asked to."""
