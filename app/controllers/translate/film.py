"""The steps of a run: where they lie, and what each of them looked like."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.controllers.translate.runs import Run
from app.step_frames import Picture, of_translation
from engine.events import JobPreview
from widgets.timeline.frame import Frame
from widgets.viewer.volume.layers import Grid


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
        if event.guide is not None and event.affine is not None:
            # Also after a shortage of memory, when a run begins anew.
            self.states = []
            self.guide = event.guide[0]
            self.grid = Grid(
                (1, *self.guide.shape), event.affine, self.run.volume.geometry.oriented
            )
        ties = None if event.evidence is None else event.evidence[0]
        found = []
        if event.before is not None:
            found.append(State(of_translation(event, noise=True), ties))
        self.latest = State(of_translation(event), ties)
        if event.key:
            found.append(self.latest)
        self.states += found
        return found
