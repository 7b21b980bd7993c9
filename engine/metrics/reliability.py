"""Whether an uncertainty can be trusted: do voxels that are called uncertain err more often?"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

FINE = 4096
SHOWN = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """Voxels with an uncertainty in [low, high) (the last bin: up to high).

    Attributes:
        voxels: How many.
        uncertainty: Their mean uncertainty.
        error_rate: The share of them with a wrong label.
    """

    low: float
    high: float
    voxels: int
    uncertainty: float
    error_rate: float


@dataclass
class Reliability:
    """Counts errors by uncertainty over any number of cases, without keeping their voxels.

    Args:
        top: The largest uncertainty there can be; larger ones count as it.
    """

    top: float
    _right: NDArray[np.int64] = field(default_factory=lambda: np.zeros(FINE, np.int64))
    _wrong: NDArray[np.int64] = field(default_factory=lambda: np.zeros(FINE, np.int64))
    _sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(FINE))

    def add(self, uncertainty: NDArray[Any], wrong: NDArray[np.bool_]) -> None:
        """Counts a case in.

        Args:
            uncertainty: In [0, top], of any shape.
            wrong: Of the same shape: where the label is not the true one.

        Raises:
            ValueError: Shapes differ.
        """
        if uncertainty.shape != wrong.shape:
            raise ValueError(f"{uncertainty.shape} against {wrong.shape}")
        values = np.clip(np.asarray(uncertainty, np.float64).ravel(), 0, self.top)
        place = np.minimum((values * (FINE / self.top)).astype(np.int64), FINE - 1)
        error = wrong.ravel()
        self._wrong += np.bincount(place[error], minlength=FINE)
        self._right += np.bincount(place[~error], minlength=FINE)
        self._sums += np.bincount(place, values, minlength=FINE)

    def bins(self, count: int = SHOWN) -> tuple[ReliabilityBin, ...]:
        """`count` bins of equal width; those without voxels are left out.

        Raises:
            ValueError: `count` does not lie between 1 and the 4096 that are kept.
        """
        if not 1 <= count <= FINE:
            raise ValueError(f"{count} bins")
        edges = [round(i * FINE / count) for i in range(count + 1)]
        found = []
        for start, stop in pairwise(edges):
            wrong = int(self._wrong[start:stop].sum())
            voxels = wrong + int(self._right[start:stop].sum())
            if voxels:
                found.append(
                    ReliabilityBin(
                        start * self.top / FINE, stop * self.top / FINE, voxels,
                        float(self._sums[start:stop].sum() / voxels), wrong / voxels,
                    )
                )  # fmt: skip
        return tuple(found)

    def auroc(self) -> float | None:
        """The chance that a wrong voxel is more uncertain than a right one; a tie counts half.

        Uncertainties closer than top / 4096 are ties. None without right or without wrong voxels.
        """
        wrong, right = int(self._wrong.sum()), int(self._right.sum())
        if not wrong or not right:
            return None
        below = np.concatenate([[0], np.cumsum(self._right)[:-1]])
        return float((self._wrong * (below + self._right / 2.0)).sum() / (wrong * float(right)))

    def report(self) -> dict[str, Any]:
        """Bins and AUROC as JSON values."""
        return {
            "auroc_of_errors": self.auroc(),
            "bins": [dict(vars(b)) for b in self.bins()],
        }
