"""The steps of a run: where they lie, and what each of them looked like."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.controllers.translate.runs import Run
from engine.events import JobPreview
from widgets.timeline.frame import Frame
from widgets.viewer.volume.layers import Grid

NOISE = "noise"
TAIL = 0.5  # per cent of the values of x_t that may lie beyond the shown range
Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class State:
    """One step as the network sees it.

    Attributes:
        frame: x_t and x0_hat (H, W), with 8-bit pictures as its `ways`.
        ties: LMI of the source and the state that the step set out from (H, W), if there is any.
    """

    frame: Frame
    ties: Picture | None


@dataclass(eq=False)
class Film:
    """What a run showed on its way.

    Attributes:
        run: Whose steps.
        guide: The slice of the source as the network sees it (H, W); set by the first step.
        grid: Where its pixels lie.
        states: Key steps; the first is the noise.
        latest: The newest step, key frame or not.
    """

    run: Run
    guide: Picture | None = None
    grid: Grid | None = None
    states: list[State] = field(default_factory=list)
    latest: State | None = None

    def add(self, event: JobPreview) -> list[State]:
        """Take a step; the key steps that came with it."""
        if event.index == 0 and event.guide is not None and event.affine is not None:
            # Also after a shortage of memory, when a run begins anew.
            self.states = []
            self.guide = event.guide[0]
            self.grid = Grid(
                (1, *self.guide.shape), event.affine, self.run.volume.geometry.oriented
            )
        ties = None if event.evidence is None else event.evidence[0]
        found = []
        if event.before is not None:
            noise = event.before[0]
            found.append(self._state(0, event, noise, noise, ties, NOISE))
        self.latest = self._state(event.index + 1, event, event.x_t[0], event.x0_hat[0], ties)
        if event.key:
            found.append(self.latest)
        self.states += found
        return found

    def _state(
        self, index: int, event: JobPreview, x_t: Picture, x0_hat: Picture, ties: Picture | None,
        title: str = "",
    ) -> State:  # fmt: skip
        ways = {"x_t": grey(x_t, *span(x_t)), "x0_hat": grey(x0_hat, 0.0, 1.0)}
        if ties is not None:
            ways["LMI"] = grey(ties, 0.0, largest(ties))
        return State(Frame(index, event.total, event.t, x_t, x0_hat, title, ways), ties)


def span(state: Picture) -> tuple[float, float]:
    """Values of a noisy state shown as black and white: those of images, and most of the noise."""
    low, high = np.percentile(state, (TAIL, 100 - TAIL))
    return min(0.0, float(low)), max(1.0, float(high))


def largest(ties: Picture) -> float:
    """The mutual information that is shown brightest."""
    return max(float(np.percentile(ties, 100 - TAIL)), 1e-6)


def grey(picture: Picture, low: float, high: float) -> NDArray[np.uint8]:
    """In 8 bits."""
    share = (np.clip(picture, low, high) - low) / max(high - low, 1e-12)
    return np.asarray(np.rint(share * 255), np.uint8)
