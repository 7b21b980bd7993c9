"""A report as parts, whatever file it becomes: a page of HTML, or a PDF to print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.metrics.bootstrap import Estimate

Colour = tuple[int, int, int]
STEPS, ROUND = 5, (1.0, 2.0, 2.5, 5.0, 10.0)
"""Of an axis: at most so many, and what they may be times a power of ten."""
MANY = 200
WHISKER = 1.5
"""Interquartile ranges that whiskers reach at most."""


@dataclass(frozen=True)
class Heading:
    """Above a chapter."""

    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph; plain, as all texts here are."""

    text: str


@dataclass(frozen=True)
class Cell:
    """Of a table.

    Attributes:
        below: A second line, which matters less.
        number: Whether it is set to the right.
        bad: Whether it tells of something wrong.
    """

    text: str
    below: str = ""
    number: bool = False
    bad: bool = False


@dataclass(frozen=True)
class Table:
    """Lines of cells under a head; `long` ones are set smaller."""

    head: tuple[str, ...]
    lines: tuple[tuple[Cell, ...], ...]
    long: bool = False


@dataclass(frozen=True)
class Box:
    """One group of values, with the case of each."""

    name: str
    values: Sequence[float]
    cases: Sequence[str]

    def five(self) -> tuple[float, float, float, float, float]:
        """Lower whisker, quartiles, upper whisker."""
        first, median, last = (float(v) for v in np.percentile(self.values, (25, 50, 75)))
        reach = WHISKER * (last - first)
        inside = [v for v in self.values if first - reach <= v <= last + reach]
        return min(inside), first, median, last, max(inside)

    def dots(self) -> list[tuple[float, float, str]]:
        """Values as dots, how far each is moved aside (-6 to 6), and their cases; of many those
        beyond the whiskers alone, for more would hide the box."""
        low, *_, high = self.five()
        all_of = [
            (value, (index * 5 % 13) - 6, case)
            for index, (value, case) in enumerate(zip(self.values, self.cases, strict=True))
        ]
        return [d for d in all_of if len(all_of) <= MANY or not low <= d[0] <= high]


@dataclass(frozen=True)
class Plot:
    """Boxes along an axis that shows `low` to `high`, between which all values lie."""

    title: str
    boxes: tuple[Box, ...]
    low: float
    high: float

    @cached_property
    def ticks(self) -> tuple[float, ...]:
        """Where the axis is marked: its ends, and round numbers between."""
        span = self.high - self.low if self.high > self.low else 1.0
        power = 10.0 ** math.floor(math.log10(span / STEPS))
        # A hair less, for what is a round number but for the last bit.
        step = power * next(n for n in ROUND if n * power * STEPS >= span * (1 - 1e-9))
        first = math.floor(self.low / step + 1e-9)
        last = math.ceil((self.low + span) / step - 1e-9)
        return tuple(round(place * step, 12) for place in range(first, last + 1))

    def along(self, value: float) -> float:
        """Where a value lies on the axis, from 0 to 1."""
        return (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])


@dataclass(frozen=True)
class Key:
    """What colours stand for."""

    entries: tuple[tuple[str, Colour], ...]


@dataclass(frozen=True)
class Figure:
    """A picture (PNG) with its caption, the name in bold; `told` may have several lines."""

    png: bytes
    name: str
    told: str


LONG = 26
"""Letters for which there is room beside a plot."""
Part = Heading | Text | Table | Plot | Key | Figure


def number(text: str, *, below: str = "", bad: bool = False) -> Cell:
    """A cell that is set to the right."""
    return Cell(text, below, number=True, bad=bad)


def interval(found: Estimate, digits: int) -> Cell:
    """A mean over its interval."""
    return number(f"{found.mean:.{digits}f}", below=found.interval(digits))


def shortened(name: str, most: int = LONG) -> str:
    """A name that is not longer."""
    return name if len(name) <= most else name[: most - 1] + "…"
