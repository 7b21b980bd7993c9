"""How far a mean over cases can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A mean over `count` cases of `patients` with its 95 % interval.

    Of one patient the interval has no width, and tells nothing of others.
    """

    mean: float
    low: float
    high: float
    count: int
    patients: int

    def report(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "mean": self.mean, "interval": [self.low, self.high], "n": self.count,
            "patients": self.patients,
        }  # fmt: skip

    def interval(self, digits: int = 3, sign: str = "") -> str:
        """The interval, for people; `sign` as in a format."""
        if self.patients < 2:
            return "one patient"
        return f"{self.low:{sign}.{digits}f} to {self.high:{sign}.{digits}f}"

    def shown(self, digits: int = 3) -> str:
        """Mean and interval, for people."""
        return f"{self.mean:.{digits}f} ({self.interval(digits)})"


def bootstrap_mean(
    values: Sequence[float], groups: Sequence[str] | None = None, seed: int = 0
) -> Estimate:
    """The mean with its percentile bootstrap interval (Efron, Tibshirani 1993, ch. 13).

    Args:
        values: One a case, at least one.
        groups: The patient of each case. Patients are drawn and not cases: slices of one patient
            are alike, and drawn singly they would make the interval too narrow.
        seed: Of the draws.

    Raises:
        ValueError: No values, or lengths that differ.
    """
    numbers = np.asarray(values, np.float64)
    names = list(groups) if groups is not None else [str(i) for i in range(len(numbers))]
    if not len(numbers) or len(names) != len(numbers):
        raise ValueError(f"{len(numbers)} values in {len(names)} groups")
    place = np.unique(names, return_inverse=True)[1]
    sums, sizes = np.bincount(place, numbers), np.bincount(place)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Estimate(float(numbers.mean()), float(low), float(high), len(numbers), len(sums))
