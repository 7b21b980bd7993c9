"""One key step of the reverse process, as the timeline shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """State after the reverse step `index` of `total`.

    `t` is the diffusion time of that state. `x_t` and `x0_hat` are (H, W), uint8 or float32 in
    the timeline's value range; either may be None when the step did not keep it. `title` stands in
    place of the time, for the noise that a run starts from.
    """

    index: int
    total: int
    t: float
    x_t: np.ndarray | None
    x0_hat: np.ndarray | None
    title: str = ""

    def caption(self) -> str:
        """`t = 299`; a continuous time keeps three significant digits."""
        if self.title:
            return self.title
        return f"t = {self.t:.0f}" if float(self.t).is_integer() else f"t = {self.t:.3g}"
