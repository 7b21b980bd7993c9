"""A segmenter against the truth: scores with intervals, and what its uncertainty is worth."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.metrics.reliability import Reliability
from engine.metrics.table import ScoreTable
from engine.provenance import versions
from engine.results import SegmentationResult
from engine.scoring.keeping import Keeper
from engine.scoring.segmenters import Segmenter, judge_cases, summed_up
from engine.steps import Step

MOST_VARIANCE = 0.25


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured.

    Attributes:
        table: A row a case.
        variance, entropy: How errors follow these two, over all voxels of all cases.
    """

    table: ScoreTable
    variance: Reliability = field(default_factory=lambda: Reliability(MOST_VARIANCE))
    entropy: Reliability = field(default_factory=lambda: Reliability(1.0))

    def report(self) -> dict[str, Any]:
        """JSON values."""
        return {**self.table.report(), **self._more()}

    def _more(self) -> dict[str, Any]:
        return {
            "uncertainty": {"variance": self.variance.report(), "entropy": self.entropy.report()},
            "versions": versions(),
        }

    def write(self, path: Path, extra: Mapping[str, Any] | None = None) -> Path:
        """Saves all as .json, or the rows alone as .csv.

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        return self.table.write(path, {**self._more(), **(extra or {})})

    def summary(self) -> str:
        """Sentences for people."""
        return "\n".join([*summed_up(self.table), *self._doubt()])

    def _doubt(self) -> list[str]:
        """What the uncertainty is worth: how often voxels are wrong where votes agree, and not."""
        bins, found = self.variance.bins(), self.variance.auroc()
        total = sum(part.voxels for part in bins)
        told = "there are no errors" if found is None else f"AUROC of errors {found:.3f}"
        ends = bins[:1] + bins[-1:] if len(bins) > 1 else bins
        return [
            f"Variance of the votes, 0 to {MOST_VARIANCE}: {told}.",
            *(
                f"  {part.low:.3f} to {part.high:.3f}: {part.voxels / total:.1%} of the voxels, "
                f"{part.error_rate:.1%} of them wrong"
                for part in ends
            ),
        ]


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
    found = Evaluation(ScoreTable({label: name for label, name in names.items() if label}))

    def watch(result: SegmentationResult, wrong: NDArray[np.bool_]) -> None:
        found.variance.add(result.variance, wrong)
        found.entropy.add(result.entropy, wrong)

    yield from judge_cases(cases, segmenter, found.table, watch, keeper, remap)
    return found
