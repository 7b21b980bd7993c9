"""A finding whose labels can be cut anew from its probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.controllers.segment.findings import Finding
from engine.results import SegmentationResult
from widgets.viewer.volume.box import Box


@dataclass(frozen=True, eq=False)
class Cuttable:
    """What a threshold is laid to.

    Attributes:
        finding, result: Both, for their types.
        foreground: (D, H, W), the probability of any structure.
        box: What was segmented.
    """

    finding: Finding
    result: SegmentationResult
    foreground: NDArray[np.float32]
    box: Box

    def classes(self, threshold: float | None) -> NDArray[np.uint8]:
        """Of the box, by a threshold or, without one, by the votes; for a thread."""
        from engine.data.labels.cutoff import cut_off, majority

        part = self.result.probability[(slice(None), *self.box.index)]
        return majority(part) if threshold is None else cut_off(part, threshold)

    def labels(self, threshold: float | None, dtype: np.dtype[Any]) -> NDArray[Any]:
        """The same, numbered as the table has them."""
        numbers = self.finding.numbers()
        wide = dtype.itemsize > 1 or int(numbers.max()) > 255
        return numbers[self.classes(threshold)].astype(np.uint16 if wide else np.uint8)
