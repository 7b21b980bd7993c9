"""Scores of several ways to make an image, case by case: means with intervals, and differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.metrics.bootstrap import Estimate, bootstrap_mean
from engine.metrics.images import IMAGE_METRICS, RULE, ImageScore
from engine.metrics.table import write_table

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
                    **{metric: self.estimate(way, metric).report() for metric in IMAGE_METRICS},
                }
                for way, what in self.ways.items()
            },
            f"gain of {first}": {
                f"over {other}": {
                    metric: self.gain(first, other, metric).report() for metric in IMAGE_METRICS
                }
                for other in others
            },
            "rows": self.records(),
        }

    def summary(self) -> str:
        """One line a way, for people."""
        lines = []
        for way in self.ways:
            told = {metric: self.estimate(way, metric) for metric in IMAGE_METRICS}
            lines.append(
                f"{way}: SSIM {told['ssim'].shown()}, PSNR {told['psnr'].shown(1)} dB, "
                f"MAE {told['mae'].shown()}, MI {told['mi'].shown()} bits (n = {len(self.rows)})"
            )
        return "\n".join(lines)

    def write(self, path: Path, extra: Mapping[str, Any] | None = None) -> Path:
        """Saves as .csv (rows alone) or .json (all of `report` and what is `extra`).

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        return write_table(path, COLUMNS, self.records, lambda: {**self.report(), **(extra or {})})

    def records(self) -> list[dict[str, Any]]:
        """JSON values of every case and way, by `COLUMNS`."""
        return [
            dict(zip(COLUMNS, (
                row.case, row.patient, way,
                *(round(getattr(score, metric), 6) for metric in IMAGE_METRICS), row.slices,
            ), strict=True))
            for row in self.rows
            for way, score in row.scores.items()
        ]  # fmt: skip
