"""A segmenter against the truth: scores with intervals, and what its doubt is worth."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.data.segmentation.cases import Case
from engine.data.segmentation.reading import read_case
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.metrics.overlap import score_classes
from engine.metrics.reliability import Reliability
from engine.metrics.table import METRICS, Row, ScoreTable
from engine.provenance import versions
from engine.results import SegmentationResult
from engine.steps import ProgressStep, Step

Segmenter = Callable[[Volume], Generator[Step, None, SegmentationResult]]


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
        table = self.table
        dice, told = table.overall("dice"), self.entropy.auroc()
        lines = [table.summary()]
        if len(table.names) > 1:
            lines.append(
                f"Mean of classes: Dice {dice.mean:.3f} ({dice.low:.3f} to {dice.high:.3f})"
            )
        for label, name in table.names.items():
            missed = [row.case for row in table.rows if row.scores[label].missed]
            if missed:
                lines.append(f"{name} was missed in {len(missed)} cases, such as {missed[0]}")
        patients = len({row.patient for row in table.rows})
        lines.append(f"In brackets 95 % intervals of the mean over {patients} patients.")
        doubt = "there are no errors" if told is None else f"AUROC of errors {told:.3f}"
        return "\n".join([*lines, f"Entropy: {doubt}."])

    def _more(self) -> dict[str, Any]:
        return {"uncertainty": {"entropy": self.entropy.report()}, "versions": versions()}


def evaluate_cases(
    cases: Sequence[Case],
    segmenter: Segmenter,
    names: Mapping[int, str],
    remap: Mapping[int, int] | None = None,
) -> Generator[Step, None, Evaluation]:
    """Segments every case and compares it with its labels, on the case's own voxels.

    Args:
        names: Class -> name; the background may be among them.
        remap: See `reading.read_case`.

    Raises:
        InputError: No cases, or one that cannot be read or segmented.
    """
    if not cases:
        raise InputError("There are no cases to evaluate on.", "Choose another part of the set.")
    classes = {label: name for label, name in names.items() if label}
    found = Evaluation(ScoreTable(classes, metrics=(*METRICS, "asd")))
    for index, case in enumerate(cases):
        read = read_case(case, remap)
        now = ProgressStep(index, len(cases), case.name)
        yield now
        result = yield from _quietly(segmenter(read.volume), now)
        unit, spacing = _unit(read.volume)
        scores = score_classes(result.labels, read.labels, tuple(classes), spacing)
        found.table.add(Row(case.name, case.patient, scores, unit))
        found.entropy.add(result.entropy, result.labels != read.labels)
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
