"""One key step of the reverse process, as the timeline shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """State after the reverse step `index` of `total`.

    `t` is the diffusion time of that state. `x_t` and `x0_hat` are (H, W), uint8 or float32 in
    the timeline's value range; either may be None when the step did not keep it. `title` stands in
    place of the time, for the noise that a run starts from. `ways` are states of the same kind by
    name, where there are several to compare: they are shown in place of the two. `run` counts
    from 0 where a timeline holds steps of several runs, one after the other.
    """

    index: int
    total: int
    t: float
    x_t: np.ndarray | None
    x0_hat: np.ndarray | None
    title: str = ""
    ways: Mapping[str, np.ndarray] = field(default_factory=dict)
    run: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """What a timeline is ordered by."""
        return self.run, self.index

    def pictures(self) -> Mapping[str, np.ndarray | None]:
        """What there is to see, by the name of its row."""
        return {**self.ways} if self.ways else {"x_t": self.x_t, "x0_hat": self.x0_hat}

    def caption(self) -> str:
        """`t = 299`; a continuous time keeps three significant digits."""
        digits = f"{self.t:.0f}" if float(self.t).is_integer() else f"{self.t:.3g}"
        caption = self.title or f"t = {digits}"
        return f"run {self.run + 1}, {caption}" if self.run else caption
