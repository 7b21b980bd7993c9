"""Scores of many cases as a table: a row a case and class, means with intervals, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.data.atomic import check_writable, write_atomic
from engine.errors import InputError
from engine.metrics.bootstrap import Estimate, bootstrap_mean
from engine.metrics.overlap import RULE, ClassScore

METRICS = ("dice", "iou", "hd95")
COLUMNS = ("case", "patient", "class", "name", *METRICS, "unit", "true_voxels", "found_voxels")
"""Of a table with the usual metrics."""
ALL_METRICS = (
    "dice", "iou", "precision", "recall", "surface_dice", "hd", "hd95", "asd", "volume_error",
)  # fmt: skip
WORDS = {
    "dice": "Dice", "iou": "IoU", "precision": "Precision", "recall": "Recall",
    "surface_dice": "Surface Dice", "hd": "HD", "hd95": "HD95", "asd": "ASD",
    "volume_error": "Volume error",
}  # fmt: skip
DISTANCES = ("hd", "hd95", "asd")
ENDINGS = (".csv", ".json")


@dataclass(frozen=True)
class Row:
    """A case: scores of its classes, and what its distances are told in ("mm" or "px")."""

    case: str
    patient: str
    scores: Mapping[int, ClassScore]
    unit: str


@dataclass
class ScoreTable:
    """Rows in the order in which they were added.

    Args:
        names: Class -> its name.
        metrics: Names of those of `ClassScore` that are told.
    """

    names: Mapping[int, str]
    rows: list[Row] = field(default_factory=list)
    metrics: tuple[str, ...] = METRICS

    def add(self, row: Row) -> None:
        """Adds a case; all have the same classes."""
        self.rows.append(row)

    def estimate(self, metric: str, label: int) -> Estimate:
        """Mean over cases of one class, patients drawn as a whole.

        Raises:
            ValueError: The table is empty.
        """
        values = [getattr(row.scores[label], metric) for row in self.rows]
        return bootstrap_mean(values, [row.patient for row in self.rows])

    def overall(self, metric: str) -> Estimate:
        """Mean over cases of the mean over classes.

        Raises:
            ValueError: The table is empty.
        """
        values = [_mean(row, metric) for row in self.rows]
        return bootstrap_mean(values, [row.patient for row in self.rows])

    def difference(self, other: ScoreTable, metric: str) -> Estimate:
        """How much more this one has than another on the same cases, mean of classes, paired.

        Raises:
            ValueError: The cases differ.
        """
        return bootstrap_mean(self.leads(other, metric), [row.patient for row in self.rows])

    def leads(self, other: ScoreTable, metric: str) -> list[float]:
        """The same, one value a case in this table's order.

        Raises:
            ValueError: The cases differ.
        """
        theirs = {row.case: row for row in other.rows}
        if sorted(theirs) != sorted(row.case for row in self.rows):
            raise ValueError("tables of other cases")
        return [_mean(row, metric) - _mean(theirs[row.case], metric) for row in self.rows]

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the rows."""
        first, last = COLUMNS.index(METRICS[0]), COLUMNS.index(METRICS[-1])
        return (*COLUMNS[:first], *self.metrics, *COLUMNS[last + 1 :])

    @property
    def unit(self) -> str:
        """Of the distances: "mm", "px", or "mixed" where the cases differ."""
        units = {row.unit for row in self.rows}
        return units.pop() if len(units) == 1 else "mixed"

    def report(self) -> dict[str, Any]:
        """JSON values: per class and overall, the missed cases, the rule, the rows."""
        return {
            "cases": len(self.rows),
            "patients": len({row.patient for row in self.rows}),
            "rule": RULE,
            "unit of hd95": self.unit,
            "classes": {
                str(label): {
                    "name": name,
                    **{m: self.estimate(m, label).report() for m in self.metrics},
                    "missed in": [r.case for r in self.rows if r.scores[label].missed],
                    "spurious in": [r.case for r in self.rows if r.scores[label].spurious],
                }
                for label, name in self.names.items()
            },
            "mean of classes": {m: self.overall(m).report() for m in self.metrics},
            "rows": self.records(),
        }

    def summary(self) -> str:
        """One line a class, for people."""
        lines = []
        for label, name in self.names.items():
            told = ", ".join(self.shown(metric, label) for metric in self.metrics)
            lines.append(f"{name}: {told} (n = {len(self.rows)})")
        return "\n".join(lines)

    def write(self, path: Path, extra: Mapping[str, Any] | None = None) -> Path:
        """Saves as .csv (rows alone) or .json (all of `report` and what is `extra`).

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        return write_table(
            path, self.columns, self.records, lambda: {**self.report(), **(extra or {})}
        )

    def shown(self, metric: str, label: int) -> str:
        """A metric of a class, for people."""
        found = self.estimate(metric, label)
        if metric in DISTANCES:
            return f"{WORDS[metric]} {found.shown(1)} {self.unit}"
        return f"{WORDS[metric]} {found.shown()}"

    def records(self) -> list[dict[str, Any]]:
        """JSON values of every case and class, by `columns`."""
        return [
            dict(zip(self.columns, (
                row.case, row.patient, label, self.names.get(label, str(label)),
                *(round(getattr(score, m), 6) for m in self.metrics),
                row.unit, score.true_size, score.found_size,
            ), strict=True))
            for row in self.rows
            for label, score in row.scores.items()
        ]  # fmt: skip


def check_table(path: Path) -> None:
    """Finds out before the work whether a table could be written.

    Raises:
        InputError: An ending other than .csv and .json.
        DiskError: Its folder is not there, or may not be written to.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path} has no ending for a table.", "Use .csv or .json.")
    check_writable(path)


def write_table(
    path: Path,
    columns: Sequence[str],
    records: Callable[[], Sequence[Mapping[str, Any]]],
    report: Callable[[], Mapping[str, Any]],
) -> Path:
    """Saves rows alone as .csv, or a whole report as .json.

    Args:
        columns: Of the rows.
        records, report: Called for what is written alone: bootstraps of many cases last.

    Raises:
        InputError: Another ending.
        DiskError: The disk refuses.
    """
    ending = path.suffix.lower()
    if ending == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(records())
        write_atomic(path, text.getvalue().encode())
    elif ending == ".json":
        write_atomic(path, json.dumps(report(), indent=1, ensure_ascii=False).encode())
    else:
        raise InputError(f"{path} has no ending for a table.", "Use .csv or .json.")
    return path


def _mean(row: Row, metric: str) -> float:
    """Over the classes of a case."""
    return float(sum(getattr(s, metric) for s in row.scores.values())) / len(row.scores)
