"""What a run showed on its way: the key frames of each of its images."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.events import JobPreview
from engine.jobs import Job
from widgets.timeline.frame import Frame

KEPT_BYTES = 256 * 2**20
"""Key frames beyond this are kept of the first image only: 64 large variants fill any memory."""

NOISE = "noise"


@dataclass(eq=False)
class Recording:
    """One run from the job to its frames.

    Attributes:
        job: What was asked for.
        revision: Of the mask, when it was asked; 0 where there is none.
        frames: Place of an image in the job -> its key frames.
        latest: Place -> its newest step, key frame or not.
    """

    job: Job
    revision: int
    frames: dict[int, list[Frame]] = field(default_factory=dict)
    latest: dict[int, Frame] = field(default_factory=dict)
    _bytes: int = 0

    @property
    def mask(self) -> np.ndarray:
        return self.job.array("mask")

    def add(self, event: JobPreview) -> list[int]:
        """Take a step of one or several images; the places of these."""
        if event.index == 0:
            self._restart(event)
        places = []
        for row in range(len(event.x_t)):
            place = event.offset + row
            if event.before is not None:
                # Nothing is estimated yet; either row of a filmstrip begins with the noise.
                noise = event.before[row]
                self._keep(place, Frame(0, event.total, event.t, noise, noise, NOISE))
            frame = Frame(event.index + 1, event.total, event.t, event.x_t[row], event.x0_hat[row])
            self.latest[place] = frame
            places.append(place)
            if event.key:
                self._keep(place, frame)
        return places

    def _keep(self, place: int, frame: Frame) -> None:
        if place == 0 or self._bytes < KEPT_BYTES:
            self.frames.setdefault(place, []).append(frame)
            states = (frame.x_t, frame.x0_hat)
            self._bytes += sum(state.nbytes for state in states if state is not None)

    def _restart(self, event: JobPreview) -> None:
        # After a shortage of memory the engine begins anew with smaller batches.
        for place in range(event.offset, event.offset + len(event.x_t)):
            self.frames.pop(place, None)
