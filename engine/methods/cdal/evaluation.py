"""A segmenter against the truth: scores with intervals, and what its uncertainty is worth."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.reading import read_case
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.metrics.overlap import score_classes
from engine.metrics.reliability import Reliability
from engine.metrics.table import Row, ScoreTable
from engine.provenance import versions
from engine.results import SegmentationResult
from engine.steps import ProgressStep, Step

Segmenter = Callable[[Volume], Generator[Step, None, SegmentationResult]]
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
        table = self.table
        dice = table.overall("dice")
        patients = len({row.patient for row in table.rows})
        lines = [table.summary()]
        if len(table.names) > 1:
            lines.append(
                f"Mean of classes: Dice {dice.mean:.3f} ({dice.low:.3f} to {dice.high:.3f})"
            )
        for label, name in table.names.items():
            missed = [row.case for row in table.rows if row.scores[label].missed]
            if missed:
                lines.append(f"{name} was missed in {len(missed)} cases, such as {missed[0]}")
        lines.append(f"In brackets 95 % intervals of the mean over {patients} patients.")
        return "\n".join([*lines, *self._doubt()])

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
    remap: Mapping[int, int] | None = None,
) -> Generator[Step, None, Evaluation]:
    """Segments every case and compares it with its labels, on the case's own voxels.

    Args:
        cases: None of which the segmenter was trained on.
        segmenter: Whose labels are judged.
        names: Class -> name; the background may be among them.
        remap: See `reading.read_case`.

    Raises:
        InputError: No cases, or one that cannot be read or segmented.
    """
    if not cases:
        raise InputError("There are no cases to evaluate on.", "Choose another part of the set.")
    classes = {label: name for label, name in names.items() if label}
    found = Evaluation(ScoreTable(classes))
    for index, case in enumerate(cases):
        read = read_case(case, remap)
        now = ProgressStep(index, len(cases), case.name)
        yield now
        result = yield from _quietly(segmenter(read.volume), now)
        unit, spacing = _unit(read.volume)
        scores = score_classes(result.labels, read.labels, tuple(classes), spacing)
        found.table.add(Row(case.name, case.patient, scores, unit))
        wrong: NDArray[np.bool_] = result.labels != read.labels
        found.variance.add(result.variance, wrong)
        found.entropy.add(result.entropy, wrong)
        yield ProgressStep(index + 1, len(cases), case.name)
    return found


def _quietly(
    steps: Generator[Step, None, SegmentationResult], now: ProgressStep
) -> Generator[Step, None, SegmentationResult]:
    """The result; instead of the steps of one case, how far the whole is."""
    try:
        while True:
            next(steps)
            yield now
    except StopIteration as end:
        result: SegmentationResult = end.value
        return result
    finally:
        steps.close()


def _unit(volume: Volume) -> tuple[str, tuple[float, float, float]]:
    """What distances are told in: mm where the file has a voxel size, else pixels."""
    plain = (1.0, 1.0, 1.0)
    if volume.geometry.oriented or volume.spacing_mm != plain:
        return "mm", volume.spacing_mm
    return "px", plain
