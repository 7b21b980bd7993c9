"""A growing series with its exponential moving average."""

from __future__ import annotations

import math

import numpy as np


class SmoothedSeries:
    """Values over steps, and their bias-corrected exponential moving average.

    With the weight w, s_i = w s_(i-1) + (1 - w) v_i and s_0 = 0; the average is
    s_i / (1 - w^i), as in Adam (Kingma and Ba 2015, section 3), so that it starts at the first
    value and not at zero. A value that is not finite stays in the raw series and is left out of
    the average.
    """

    def __init__(self, weight: float) -> None:
        self.steps: list[float] = []
        self.raw: list[float] = []
        self.smooth: list[float] = []
        self._weight = -1.0
        self.setWeight(weight)

    def append(self, step: float, value: float) -> None:
        self.steps.append(step)
        self.raw.append(value)
        self.smooth.append(self._next(value))

    def setWeight(self, weight: float) -> None:
        """Smooth again from the start if the weight, in [0, 1), is another one."""
        if weight == self._weight:
            return
        self._weight = weight
        self._sum = 0.0
        self._mass = 1.0
        self.smooth = [self._next(value) for value in self.raw]

    def arrays(self, positive: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps, raw and smooth values as (N,) float64.

        `positive` turns values that a logarithm cannot take into NaN.
        """
        raw, smooth = np.array(self.raw, np.float64), np.array(self.smooth, np.float64)
        for values in (raw, smooth):
            values[~np.isfinite(values)] = np.nan
            if positive:
                values[values <= 0] = np.nan
        return np.array(self.steps, np.float64), raw, smooth

    def _next(self, value: float) -> float:
        if not math.isfinite(value):
            return math.nan
        self._sum = self._weight * self._sum + (1 - self._weight) * value
        self._mass *= self._weight
        return self._sum / (1 - self._mass)
