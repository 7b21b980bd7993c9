"""What a run showed on its way, as frames for a timeline; for the window and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.controllers.recording import NOISE, Recording
from engine.data.png import SYNTHETIC_METADATA
from engine.errors import InputError
from engine.events import JobPreview
from engine.jobs import Job
from engine.methods import METHODS
from widgets.timeline.frame import Frame

TWO_WAYS = ("cdm", "cg-cdm")
"""Kinds of evidence that come from two ways side by side."""
LABELS = (-1.0, 1.0)
"""Of labels, and of CDM's images, as the network works on them."""
TAIL = 0.5  # per cent of the values of x_t that may lie beyond the shown range
Picture = NDArray[np.float32]


def denoises(job: Job) -> bool:
    """Whether the task of a job shows steps."""
    tasks = (task for known in METHODS if known.id == job.method for task in known.tasks)
    return any(task.name == job.task and task.denoises for task in tasks)


def in_two_ways(job: Job) -> bool:
    """Whether a job compares two ways from the same noise."""
    return getattr(job.params, "evidence", "") in TWO_WAYS


def of_translation(event: JobPreview, *, noise: bool = False) -> Frame:
    """One step of a translation, with 8-bit pictures of its states.

    Args:
        noise: The state before the step in place of the one after it.
    """
    state = event.before if noise else event.x_t
    if state is None:
        raise ValueError("the state before this step was not kept")
    x_t, x0_hat = state[0], (state if noise else event.x0_hat)[0]
    ways = {"x_t": grey(x_t, *span(x_t)), "x0_hat": grey(x0_hat, 0.0, 1.0)}
    if event.evidence is not None:
        ties = event.evidence[0]
        ways["LMI"] = grey(ties, 0.0, largest(ties))
    index, title = (0, NOISE) if noise else (event.index + 1, "")
    return Frame(index, event.total, event.t, x_t, x0_hat, title, ways, event.run)


def side_by_side(one: Iterable[Frame], other: Iterable[Frame], state: str) -> list[Frame]:
    """Both ways of a comparison in one frame a step.

    Args:
        state: `x_t` or `x0_hat`, whichever is seen.
    """
    return [
        replace(a, x_t=None, x0_hat=None,
                ways={"label": getattr(a, state), "blend": getattr(b, state)})
        for a, b in zip(one, other, strict=False)
    ]  # fmt: skip


def write_steps(folder: Path, job: Job, previews: Sequence[JobPreview]) -> None:
    """Strip, GIF and frames of a translation, of a segmentation's first vote, or of both ways.

    Raises:
        InputError: there are no steps.
        DiskError: they cannot be written.
    """
    from app import timeline_files

    facts: Mapping[str, str] = {"job": job.title}
    if job.task == "translate":
        facts = {**SYNTHETIC_METADATA, **facts}
        frames = []
        for event in previews:
            if event.run == event.index == 0:
                frames = [of_translation(event, noise=True)]  # also where a run begins anew
            frames.append(of_translation(event))
    else:
        run = Recording(job, 0)
        for event in previews:
            run.add(event)
        frames = run.frames.get(0, [])
        if in_two_ways(job):
            frames = side_by_side(frames, run.frames.get(1, ()), "x0_hat")
    shown = [in_grey(frame, *LABELS) for frame in frames]
    timeline_files.write_timeline(folder, shown, facts, "; ".join(facts.values()))


def check_steps(job: Job) -> None:
    """Find out before the computation that a job shows no steps.

    Raises:
        InputError: says so.
    """
    if not denoises(job) or getattr(job.params, "evidence", "") == "grad-cam":
        raise InputError(
            f"{job.title} shows no steps that --timeline could keep.",
            "Leave it out, or take one image and a method that denoises.",
        )


def in_grey(frame: Frame, low: float, high: float) -> Frame:
    """The same in 8 bits; what is so already stays."""

    def shown(state: np.ndarray | None) -> np.ndarray | None:
        return state if state is None or state.dtype == np.uint8 else grey(state, low, high)

    ways = {name: shown(way) for name, way in frame.ways.items()}
    kept = {name: way for name, way in ways.items() if way is not None}
    return replace(frame, x_t=shown(frame.x_t), x0_hat=shown(frame.x0_hat), ways=kept)


def span(state: Picture) -> tuple[float, float]:
    """Values of a noisy state shown as black and white: those of images, and most of the noise."""
    low, high = np.percentile(state, (TAIL, 100 - TAIL))
    return min(0.0, float(low)), max(1.0, float(high))


def largest(ties: Picture) -> float:
    """The mutual information that is shown brightest."""
    return max(float(np.percentile(ties, 100 - TAIL)), 1e-6)


def grey(picture: np.ndarray, low: float, high: float) -> NDArray[np.uint8]:
    """In 8 bits."""
    share = (np.clip(picture, low, high) - low) / max(high - low, 1e-12)
    return np.asarray(np.rint(share * 255), np.uint8)
