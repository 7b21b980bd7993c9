"""Series that grow while they are looked at, and what of them fits on a screen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_FIRST_ROOM = 256


@dataclass(frozen=True, eq=False)
class Thinned:
    """A part of a series in at most so many points, each (N,) float64.

    A point stands for values that follow one another. Values that are no numbers are left out; a
    point that has no others is NaN.

    Attributes:
        steps: Of the last value of each point.
        mean, least, most: Of its values.
    """

    steps: Floats
    mean: Floats
    least: Floats
    most: Floats


class Series:
    """Values over steps that rise, in arrays with room to grow: adding a value costs the same
    however many there are."""

    def __init__(self) -> None:
        self._steps: Floats = np.empty(_FIRST_ROOM)
        self._values: Floats = np.empty(_FIRST_ROOM)
        self._count = 0
        # Of all steps, as nearly every drawing wants them, until something is added.
        self._whole: dict[tuple[int, bool], Thinned] = {}

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> Floats:
        """(N,), a view that holds until something is added."""
        return self._steps[: self._count]

    @property
    def values(self) -> Floats:
        """(N,), a view as `steps`."""
        return self._values[: self._count]

    def extend(self, steps: NDArray[Any], values: NDArray[Any]) -> None:
        """Add values. Where a step is not above the last one, what was from there on is replaced:
        a run that was continued has come to it again."""
        steps, values = np.asarray(steps, np.float64), np.asarray(values, np.float64)
        back = np.flatnonzero(np.diff(steps) <= 0) + 1
        for part, found in zip(np.split(steps, back), np.split(values, back), strict=True):
            if part.size:
                self._append(part, found)

    def cut(self, step: float) -> None:
        """Forget the values from a step on."""
        self._count = int(np.searchsorted(self.steps, step))
        self._whole.clear()

    def nearest(self, step: float) -> tuple[float, float] | None:
        """Step and value of the point nearest to a step; None without any."""
        if not self._count:
            return None
        right = int(np.searchsorted(self.steps, step))
        places = [i for i in (right - 1, right) if 0 <= i < self._count]
        place = min(places, key=lambda i: abs(self._steps[i] - step))
        return float(self._steps[place]), float(self._values[place])

    def thinned(
        self, most: int, low: float = -math.inf, high: float = math.inf, *, positive: bool = False
    ) -> Thinned:
        """The part between two steps, and a point beyond either end, in at most `most` points.

        Args:
            positive: Leave out values that a logarithm cannot take.
        """
        first = max(int(np.searchsorted(self.steps, low)) - 1, 0)
        last = min(int(np.searchsorted(self.steps, high, side="right")) + 1, self._count)
        if (first, last) != (0, self._count):
            return self._part(first, last, most, positive)
        key = (most, positive)
        if key not in self._whole:
            self._whole[key] = self._part(first, last, most, positive)
        return self._whole[key]

    def _part(self, first: int, last: int, most: int, positive: bool) -> Thinned:
        steps, values = self._steps[first:last], self._values[first:last]
        usable = np.isfinite(values) & (values > 0) if positive else np.isfinite(values)
        stride = -(-len(steps) // most)
        if stride <= 1:
            shown = np.where(usable, values, np.nan)
            return Thinned(steps.copy(), shown, shown, shown)
        starts = np.arange(0, len(steps), stride)
        ends = np.append(starts[1:], len(steps))
        whole = bool(usable.all())
        zeros, above, below = (
            values if whole else np.where(usable, values, filler)
            for filler in (0.0, np.inf, -np.inf)
        )
        counts = np.add.reduceat(usable, starts, dtype=np.float64)
        totals = np.add.reduceat(zeros, starts)
        least = np.minimum.reduceat(above, starts)
        greatest = np.maximum.reduceat(below, starts)
        none = counts == 0
        for shown in (least, greatest):
            shown[none] = np.nan
        mean = np.divide(totals, counts, out=np.full(len(starts), np.nan), where=~none)
        return Thinned(steps[ends - 1], mean, least, greatest)

    def _append(self, steps: Floats, values: Floats) -> None:
        kept = int(np.searchsorted(self.steps, steps[0]))
        needed = kept + len(steps)
        if needed > len(self._steps):
            room = max(needed, 2 * len(self._steps))
            self._steps = np.concatenate([self._steps[:kept], np.empty(room - kept)])
            self._values = np.concatenate([self._values[:kept], np.empty(room - kept)])
        self._steps[kept:needed] = steps
        self._values[kept:needed] = values
        self._count = needed
        self._whole.clear()


class SeriesStore:
    """Series by name, in the order in which the names came."""

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def __getitem__(self, name: str) -> Series:
        return self._series[name]

    def last(self) -> int:
        """The highest step, 0 without any."""
        return int(max((s.steps[-1] for s in self._series.values() if len(s)), default=0))

    def latest(self, name: str) -> float | None:
        """The last value of a name; None without any."""
        series = self._series.get(name)
        return float(series.values[-1]) if series is not None and len(series) else None

    def span(self) -> tuple[float, float] | None:
        """The lowest and the highest step."""
        ends = [(s.steps[0], s.steps[-1]) for s in self._series.values() if len(s)]
        if not ends:
            return None
        return float(min(e[0] for e in ends)), float(max(e[1] for e in ends))

    def extend(self, series: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> None:
        """Add steps and values by name; see `Series.extend`."""
        for name, (steps, values) in series.items():
            self._series.setdefault(name, Series()).extend(steps, values)

    def append(self, rows: Iterable[tuple[float, Mapping[str, float]]]) -> None:
        """Add rows of (step, {name: value})."""
        columns: dict[str, tuple[list[float], list[float]]] = {}
        for step, values in rows:
            for name, value in values.items():
                steps, found = columns.setdefault(name, ([], []))
                steps.append(step)
                found.append(value)
        self.extend({n: (np.array(s), np.array(v)) for n, (s, v) in columns.items()})

    def cut(self, step: float) -> None:
        """Forget all values from a step on."""
        for series in self._series.values():
            series.cut(step)

    def clear(self) -> None:
        self._series.clear()


def smoothed(values: Floats, weight: float) -> Floats:
    """Bias-corrected exponential moving average (N,) of values (N,).

    With the weight w in [0, 1), s_i = w s_(i-1) + (1 - w) v_i and s_0 = 0; the average is
    s_i / (1 - w^i), as in Adam (Kingma and Ba 2015, section 3), so that it starts at the first
    value and not at zero. A NaN stays one and is left out of the average.
    """
    found = np.full(len(values), np.nan)
    total, mass = 0.0, 1.0
    for place, value in enumerate(values.tolist()):
        if math.isfinite(value):
            total = weight * total + (1 - weight) * value
            mass *= weight
            found[place] = total / (1 - mass)
    return found
