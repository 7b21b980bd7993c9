"""Which values are shown darkest and brightest: found from the values, or known for CT."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLES = 1_000_000
SLICES = 48
TAILS = (0.1, 99.9)  # percentiles
DRAG = 200.0  # view pixels of drag that double or halve the window
NARROWEST = 1e-6  # of the level's size


@dataclass(frozen=True)
class Preset:
    """A window known by name, in Hounsfield units."""

    name: str
    window: float
    level: float

    @property
    def ends(self) -> tuple[float, float]:
        """The values shown black and white."""
        return self.level - self.window / 2, self.level + self.window / 2


CT_PRESETS = (
    Preset("Bone", 1000, 400),
    Preset("Lung", 1400, -500),
    Preset("Soft tissue", 400, 40),
    Preset("Brain", 80, 40),
    Preset("Liver", 150, 90),
    Preset("Abdomen", 350, 40),
)


def auto_window(
    array: NDArray[Any], slope: float = 1.0, intercept: float = 0.0
) -> tuple[float, float]:
    """The values (low, high) that leave 0.1 % of the voxels out at each end.

    Counted on about a million voxels of slices spread over (C, D, H, W), so that a large volume on
    disk is not read as a whole. Values that are not finite do not count; where all are equal, low
    is that value and high lies above it.
    """
    stored = sample(array)
    if stored.dtype.kind == "f":
        stored = stored[np.isfinite(stored)]
    if not stored.size:
        return 0.0, 1.0
    # Scaled afterwards: whole numbers are ranked faster.
    low, high = (float(end) for end in np.percentile(stored, TAILS))
    if not low < high:
        # Nearly all voxels are background: what is left decides.
        low, high = float(stored.min()), float(stored.max())
    low, high = sorted((low * slope + intercept, high * slope + intercept))
    return (low, high) if low < high else (low, low + 1.0)


def sample(array: NDArray[Any], count: int = SAMPLES) -> NDArray[Any]:
    """Some `count` values of (C, D, H, W), from whole slices spread evenly."""
    planes = array.shape[0] * array.shape[1]
    chosen = np.unique(np.linspace(0, planes - 1, min(planes, SLICES)).round().astype(int))
    rows, columns = array.shape[2:]
    step = max(1, math.ceil(math.sqrt(len(chosen) * rows * columns / count)))
    parts = [
        array[plane // array.shape[1], plane % array.shape[1], ::step, ::step].ravel()
        for plane in chosen
    ]
    return np.concatenate(parts)


def dragged(low: float, high: float, dx: float, dy: float) -> tuple[float, float]:
    """The ends (low, high) after a drag of view pixels: right widens, down darkens.

    In proportion to the window, so that narrow windows are set as finely as wide ones.
    """
    window, level = high - low, (low + high) / 2
    level += dy * window / DRAG
    window *= 2.0 ** (dx / DRAG)
    window = max(window, NARROWEST * max(abs(level), 1e-12))
    return level - window / 2, level + window / 2
