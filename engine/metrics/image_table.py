"""Scores of several ways to make an image, case by case: means with intervals, and differences."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.data.atomic import write_atomic
from engine.errors import InputError
from engine.metrics.bootstrap import Estimate, bootstrap_mean
from engine.metrics.images import IMAGE_METRICS, RULE, ImageScore

COLUMNS = ("case", "patient", "way", *IMAGE_METRICS, "slices")


@dataclass(frozen=True)
class ImageRow:
    """A case: scores of each way, from so many slices."""

    case: str
    patient: str
    scores: Mapping[str, ImageScore]
    slices: int


@dataclass
class ImageTable:
    """Rows in the order in which they were added.

    Args:
        ways: Way -> what it is, the one that is judged first.
        rule: How images were compared.
    """

    ways: Mapping[str, str]
    rows: list[ImageRow] = field(default_factory=list)
    rule: str = RULE

    def add(self, row: ImageRow) -> None:
        """Adds a case; all have the same ways."""
        self.rows.append(row)

    def estimate(self, way: str, metric: str) -> Estimate:
        """Mean over cases, patients drawn as a whole.

        Raises:
            ValueError: The table is empty.
        """
        values = [getattr(row.scores[way], metric) for row in self.rows]
        return bootstrap_mean(values, [row.patient for row in self.rows])

    def gain(self, way: str, other: str, metric: str) -> Estimate:
        """How much more one way has than another, paired by case.

        Raises:
            ValueError: The table is empty.
        """
        values = [
            getattr(row.scores[way], metric) - getattr(row.scores[other], metric)
            for row in self.rows
        ]
        return bootstrap_mean(values, [row.patient for row in self.rows])

    def report(self) -> dict[str, Any]:
        """JSON values: each way with intervals, what the first gains over the others, the rows."""
        first, *others = self.ways
        return {
            "cases": len(self.rows),
            "patients": len({row.patient for row in self.rows}),
            "rule": self.rule,
            "ways": {
                way: {
                    "what": what,
                    **{metric: _told(self.estimate(way, metric)) for metric in IMAGE_METRICS},
                }
                for way, what in self.ways.items()
            },
            f"gain of {first}": {
                f"over {other}": {
                    metric: _told(self.gain(first, other, metric)) for metric in IMAGE_METRICS
                }
                for other in others
            },
            "rows": [dict(zip(COLUMNS, line, strict=True)) for line in self._lines()],
        }

    def summary(self) -> str:
        """One line a way, for people."""
        lines = []
        for way in self.ways:
            told = {metric: self.estimate(way, metric) for metric in IMAGE_METRICS}
            lines.append(
                f"{way}: SSIM {_short(told['ssim'])}, PSNR {_short(told['psnr'], 1)} dB, "
                f"MAE {_short(told['mae'])}, MI {_short(told['mi'])} bits (n = {len(self.rows)})"
            )
        return "\n".join(lines)

    def write(self, path: Path, extra: Mapping[str, Any] | None = None) -> Path:
        """Saves as .csv (rows alone) or .json (all of `report` and what is `extra`).

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        ending = path.suffix.lower()
        if ending == ".csv":
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(COLUMNS)
            writer.writerows(self._lines())
            write_atomic(path, text.getvalue().encode())
        elif ending == ".json":
            report = {**self.report(), **(extra or {})}
            write_atomic(path, json.dumps(report, indent=1, ensure_ascii=False).encode())
        else:
            raise InputError(f"{path} has no ending for a table.", "Use .csv or .json.")
        return path

    def _lines(self) -> list[Sequence[Any]]:
        return [
            (
                row.case, row.patient, way,
                *(round(getattr(score, metric), 6) for metric in IMAGE_METRICS), row.slices,
            )
            for row in self.rows
            for way, score in row.scores.items()
        ]  # fmt: skip


def _told(estimate: Estimate) -> dict[str, Any]:
    return {"mean": estimate.mean, "interval": [estimate.low, estimate.high], "n": estimate.count}


def _short(estimate: Estimate, digits: int = 3) -> str:
    return f"{estimate.mean:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"
