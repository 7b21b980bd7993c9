"""Which voxels painting may change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.volume.box import Box


class Over(Enum):
    """What may be painted over; values are stable names for settings."""

    ALL = "all"
    BACKGROUND = "background"
    LABEL = "label"


@dataclass(frozen=True, eq=False)
class PaintRule:
    """Limits of painting.

    Attributes:
        locked: Labels that neither lose nor gain a voxel.
        over: What may be painted over.
        label: The label that may be painted over where `over` is LABEL.
        image: Values (D, H, W) as stored, or None for no limit by intensity.
        low, high: Only voxels with low <= image <= high are painted.
    """

    locked: frozenset[int] = frozenset()
    over: Over = Over.ALL
    label: int = 0
    image: NDArray[Any] | None = None
    low: float = -np.inf
    high: float = np.inf

    @cached_property
    def _may(self) -> NDArray[np.bool_]:
        """For each label whether it may be painted over."""
        may = np.full(1 << 16, self.over is Over.ALL)
        if self.over is not Over.ALL:
            may[self.label if self.over is Over.LABEL else 0] = True
        may[list(self.locked)] = False
        return may

    def allowed(self, box: Box, under: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Which voxels of `box`, holding the labels `under`, may change; None for all."""
        allowed = None
        if self.locked or self.over is not Over.ALL:
            allowed = self._may[under]
        if self.image is not None:
            values = self.image[box.index]
            within = (values >= self.low) & (values <= self.high)
            allowed = within if allowed is None else allowed & within
        return allowed


FREE = PaintRule()
