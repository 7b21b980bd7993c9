"""A result with votes whose labels can be cut anew from its probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.results import SegmentationResult
from widgets.viewer.volume.box import Box


@dataclass(frozen=True, eq=False)
class Cuttable:
    """What a threshold is laid to.

    Attributes:
        result: Of the votes.
        foreground: (D, H, W), the probability of any structure.
        box: What was segmented.
    """

    result: SegmentationResult
    foreground: NDArray[np.float32]
    box: Box

    def classes(self, threshold: float | None) -> NDArray[np.uint8]:
        """Of the box, by a threshold or, without one, by the votes; for a thread."""
        from engine.data.labels.cutoff import cut_off, majority

        part = self.result.probability[(slice(None), *self.box.index)]
        return majority(part) if threshold is None else cut_off(part, threshold)
