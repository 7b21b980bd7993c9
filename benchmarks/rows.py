"""One measured figure beside what it is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("name", "value", "unit", "baseline", "ratio", "target", "")


@dataclass(frozen=True)
class Row:
    """A figure.

    Attributes:
        baseline: The same of the form it is compared to, measured in the same run.
        ratio: How many times better or larger than the baseline.
        at_most, at_least: The target, of the ratio where there is one, else of the value.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    def reaches(self) -> bool | None:
        """Whether the target is met; None without one."""
        figure = self.value if self.ratio is None else self.ratio
        if self.at_most is not None:
            return figure <= self.at_most
        return None if self.at_least is None else figure >= self.at_least

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of `HEADINGS`."""
        target = ""
        if self.at_most is not None:
            target = f"<= {self.at_most:g}"
        elif self.at_least is not None:
            target = f">= {self.at_least:g}"
        met = {None: "", True: "met", False: "MISSED"}[self.reaches()]
        return (
            self.name, f"{self.value:.4g}", self.unit, _number(self.baseline), _number(self.ratio),
            target, met,
        )  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Rows under headings, in columns."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i in (0, 2, 6) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
