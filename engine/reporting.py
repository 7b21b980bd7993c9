"""What a task yields, turned into what the window is told: numpy, and no more often than useful."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from engine.events import Event, JobImages, JobLosses, JobNote, JobPreview, JobProgress
from engine.steps import DenoiseStep, ImagesStep, NoteStep, ProgressStep, Step, TrainStep

if TYPE_CHECKING:
    from torch import Tensor

PREVIEWS_A_SECOND = 15
PROGRESS_A_SECOND = 10
LOSSES_A_SECOND = 5
KEY_FRAMES = 12

Clock = Callable[[], float]
Emit = Callable[[Event], None]


@lru_cache(maxsize=64)
def key_frames(total: int, count: int = KEY_FRAMES) -> frozenset[int]:
    """The steps that a timeline shows: `count` (at least 2) of 0 .. total-1, evenly spaced.

    The first and the last are among them; all are where there are no more than `count`.
    """
    if total <= count:
        return frozenset(range(total))
    return frozenset(round(i * (total - 1) / (count - 1)) for i in range(count))


class Pace:
    """Steps per second from the median time of the latest steps.

    The median, because a validation, a pause or a first step that loads things is no sign of how
    long the next steps take.

    Args:
        window: How many of the latest steps count.
    """

    def __init__(self, window: int = 40) -> None:
        self._durations: deque[float] = deque(maxlen=window)
        self._last: tuple[int, float] | None = None

    def add(self, done: int, now: float) -> None:
        """`done` steps are done at `now` seconds; counting back starts afresh."""
        if self._last is not None and done < self._last[0]:
            self._durations.clear()
        elif self._last is not None and done > self._last[0]:
            self._durations.append((now - self._last[1]) / (done - self._last[0]))
        self._last = (done, now)

    def rate(self) -> float:
        """Steps per second; 0 while there is nothing to tell it from."""
        seconds = median(self._durations) if self._durations else 0.0
        return 1.0 / seconds if seconds > 0 else 0.0


class StepReporter:
    """Turns one job's steps into events, and tensors into arrays only where they will be sent.

    Args:
        job_id: Whose steps.
        emit: Takes the events.
        clock: Seconds, never going back.
    """

    def __init__(self, job_id: int, emit: Emit, clock: Clock = time.monotonic) -> None:
        self._job_id = job_id
        self._emit = emit
        self._clock = clock
        self._pace = Pace()
        self._counts_own_steps = False
        self._phase: tuple[int, str] | None = None
        self._done = 0
        self._unsent_progress: JobProgress | None = None
        self._rows: list[tuple[int, Mapping[str, float]]] = []
        self._sent_preview = self._sent_progress = self._sent_losses = -np.inf

    def report(self, step: Step) -> None:
        """Tell of one step as far as it is time to."""
        match step:
            case DenoiseStep():
                self._preview(step)
                # Sampling within a training or an evaluation is not what the job counts.
                if not self._counts_own_steps:
                    self._progress(*step.of_job, "")
            case TrainStep():
                self._counts_own_steps = True
                self._losses(step)
                self._progress(step.iteration, step.total, "")
            case ProgressStep():
                self._counts_own_steps |= step.total > 0
                self._progress(step.done, step.total, step.message)
            case ImagesStep():
                self._emit(JobImages(self._job_id, step.images, step.caption))
            case NoteStep():
                self._emit(JobNote(self._job_id, step.message))

    def flush(self) -> None:
        """Send what was held back: the losses and the latest progress."""
        self._send_losses()
        if self._unsent_progress is not None:
            self._send_progress(self._unsent_progress)

    def _preview(self, step: DenoiseStep) -> None:
        # Of several runs that make one image, the first is told whole, of the others what came.
        last = step.index == step.total - 1
        key = last if step.run else step.index in key_frames(step.total)
        now = self._clock()
        if not key and now - self._sent_preview < 1 / PREVIEWS_A_SECOND:
            return
        self._sent_preview = now
        more = (step.before, step.guide, step.evidence)
        before, guide, evidence = (None if x is None else _picture(x) for x in more)
        self._emit(
            JobPreview(
                self._job_id, step.index, step.total, step.t,
                _picture(step.x_t), _picture(step.x0_hat), key, step.offset, before, guide,
                evidence, step.affine, step.run, step.runs,
            )
        )  # fmt: skip

    def _losses(self, step: TrainStep) -> None:
        self._rows.append((step.iteration, {k: float(v) for k, v in step.losses.items()}))
        if self._clock() - self._sent_losses >= 1 / LOSSES_A_SECOND:
            self._send_losses()

    def _send_losses(self) -> None:
        if self._rows:
            self._sent_losses = self._clock()
            self._emit(JobLosses(self._job_id, tuple(self._rows)))
            self._rows.clear()

    def _progress(self, done: int, total: int, message: str) -> None:
        now = self._clock()
        # Where the amount is not known, a new message is all that there is to tell.
        phase = (total, "" if total else message)
        if phase != self._phase:
            self._pace = Pace()
        new_phase = phase != self._phase or done < self._done
        self._phase, self._done = phase, done
        self._pace.add(done, now)
        rate = self._pace.rate()
        remaining = (total - done) / rate if rate and total else None
        self._unsent_progress = JobProgress(self._job_id, done, total, rate, remaining, message)
        if new_phase or now - self._sent_progress >= 1 / PROGRESS_A_SECOND:
            self._send_progress(self._unsent_progress)

    def _send_progress(self, progress: JobProgress) -> None:
        self._unsent_progress = None
        self._sent_progress = self._clock()
        self._emit(progress)


def _picture(x: Tensor) -> np.ndarray:
    """(B, C, *spatial) on any device -> (B, H, W) float32, read-only.

    The first channel, and of a volume the middle slice.
    """
    plane = x.detach()[:, 0]
    while plane.ndim > 3:
        plane = plane[:, plane.shape[1] // 2]
    # A copy: the task may go on in the same memory.
    picture = np.array(plane.float().cpu().numpy())
    picture.setflags(write=False)
    return picture
