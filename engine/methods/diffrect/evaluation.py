"""A segmenter against the truth: scores with intervals, and what its doubt is worth."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.metrics.reliability import Reliability
from engine.metrics.table import METRICS, ScoreTable
from engine.provenance import versions
from engine.results import SegmentationResult
from engine.scoring.keeping import Keeper
from engine.scoring.segmenters import Segmenter, judge_cases, summed_up
from engine.steps import Step


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured.

    Attributes:
        table: A row a case.
        entropy: How errors follow it, over all voxels of all cases.
    """

    table: ScoreTable
    entropy: Reliability = field(default_factory=lambda: Reliability(1.0))

    def report(self) -> dict[str, Any]:
        """JSON values."""
        return {**self.table.report(), **self._more()}

    def write(self, path: Path, extra: Mapping[str, Any]) -> Path:
        """Saves all as .json, or the rows alone as .csv.

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        return self.table.write(path, {**self._more(), **extra})

    def summary(self) -> str:
        """Sentences for people."""
        told = self.entropy.auroc()
        doubt = "there are no errors" if told is None else f"AUROC of errors {told:.3f}"
        return "\n".join([*summed_up(self.table), f"Entropy: {doubt}."])

    def _more(self) -> dict[str, Any]:
        return {"uncertainty": {"entropy": self.entropy.report()}, "versions": versions()}


def evaluate_cases(
    cases: Sequence[Case],
    segmenter: Segmenter,
    names: Mapping[int, str],
    keeper: Keeper,
    remap: Mapping[int, int] | None = None,
) -> Generator[Step, None, Evaluation]:
    """Judges a segmenter and its doubt; see `engine.scoring.segmenters.judge_cases`.

    Args:
        names: Class -> name; the background may be among them.
    """
    classes = {label: name for label, name in names.items() if label}
    found = Evaluation(ScoreTable(classes, metrics=(*METRICS, "asd")))

    def watch(result: SegmentationResult, wrong: NDArray[np.bool_]) -> None:
        found.entropy.add(result.entropy, wrong)

    yield from judge_cases(cases, segmenter, found.table, watch, keeper, remap)
    return found
