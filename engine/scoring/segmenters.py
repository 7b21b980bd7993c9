"""A segmenter of a method against labelled cases that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.checking import CheckReport
from engine.data.segmentation.reading import read_case
from engine.data.segmentation.splits import FILE, Role, check_split, read_split
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.metrics.overlap import score_classes
from engine.metrics.table import Row, ScoreTable
from engine.results import SegmentationResult
from engine.scoring.keeping import Keeper
from engine.scoring.reading import unit_of
from engine.steps import NoteStep, ProgressStep, Step

Segmenter = Callable[[Volume], Generator[Step, None, SegmentationResult]]
Watch = Callable[[SegmentationResult, NDArray[np.bool_]], None]
"""Is given what was found in a case, and where (D, H, W) it is wrong."""
Result = TypeVar("Result")


def judge_cases(
    cases: Sequence[Case],
    segmenter: Segmenter,
    table: ScoreTable,
    watch: Watch,
    keeper: Keeper,
    remap: Mapping[int, int] | None = None,
) -> Generator[Step, None, None]:
    """Segments every case and compares it with its labels, on the case's own voxels.

    Args:
        cases: None of which the segmenter was trained on.
        segmenter: Whose labels are judged.
        table: Is given a row a case.
        remap: See `engine.data.segmentation.reading.read_case`.

    Raises:
        InputError: No cases, or one that cannot be read or segmented.
        DiskError: Labels cannot be kept.
    """
    if not cases:
        raise InputError("There are no cases to evaluate on.", "Choose another part of the set.")
    for index, case in enumerate(cases):
        read = read_case(case, remap)
        now = ProgressStep(index, len(cases), case.name)
        yield now
        result = yield from quietly(segmenter(read.volume), now)
        unit, spacing = unit_of(read.volume.geometry)
        scores = score_classes(result.labels, read.labels, tuple(table.names), spacing)
        table.add(Row(case.name, case.patient, scores, unit))
        watch(result, result.labels != read.labels)
        keeper.add(case.name, case.patient, read.volume, read.labels, [result.labels])
        yield ProgressStep(index + 1, len(cases), case.name)


def quietly(steps: Generator[Step, None, Result], now: Step) -> Generator[Step, None, Result]:
    """The result; instead of the steps of one case, how far the whole is."""
    try:
        while True:
            next(steps)
            yield now
    except StopIteration as end:
        result: Result = end.value
        return result
    finally:
        steps.close()


def summed_up(table: ScoreTable) -> list[str]:
    """Sentences on a table for people: each class, their mean, and what was missed."""
    lines = [table.summary()]
    if len(table.names) > 1:
        lines.append(f"Mean of classes: Dice {table.overall('dice').shown()}")
    for label, name in table.names.items():
        missed = [row.case for row in table.rows if row.scores[label].missed]
        if missed:
            lines.append(f"{name} was missed in {len(missed)} cases, such as {missed[0]}")
    patients = len({row.patient for row in table.rows})
    return [*lines, f"In brackets 95 % intervals of the mean over {patients} patients."]


@dataclass(frozen=True, eq=False)
class Asked:
    """Which cases of a set a checkpoint is to be judged by.

    Attributes:
        checkpoint: The file.
        name: What it is called, and `classes`: what it knows, with the background.
        part: Of the split that it was trained by, or "all".
        split: Run folder or split.json; None takes that of the run that the checkpoint lies in.
        renumber: Whether labels may be, where the checkpoint does not know their numbers.
    """

    checkpoint: Path
    name: str
    classes: int
    part: Role | Literal["all"]
    split: Path | None = None
    renumber: bool = False


def chosen_cases(
    report: CheckReport, asked: Asked
) -> Generator[Step, None, tuple[tuple[Case, ...], Mapping[int, int]]]:
    """The cases, and how their labels are renumbered.

    Yields:
        Notes.

    Raises:
        InputError: Cases that cannot be used, classes that the checkpoint does not have, or a
            split that is not known or of other cases.
    """
    # A set without some of the structures is no reason to renumber the others.
    known = max(report.values, default=0) < asked.classes
    for note in report.notes(remap=asked.renumber and not known):
        yield NoteStep(note)
    cases = report.accept(remap=asked.renumber or known, least=1)
    if not known and report.classes > asked.classes:
        raise InputError(
            f"The labels have {report.classes} classes with the background, {asked.name} finds "
            f"{asked.classes}.",
            "Choose a checkpoint for these structures, or labels with those that it finds.",
        )
    chosen = _part(cases, asked)
    yield NoteStep(f"{len(chosen)} of {len(cases)} cases are evaluated ({asked.part}).")
    return chosen, {} if known else report.remap


def _part(cases: tuple[Case, ...], asked: Asked) -> tuple[Case, ...]:
    if asked.part == "all":
        return cases
    # RUN/checkpoints/final.safetensors belongs to RUN/split.json.
    place = asked.split or asked.checkpoint.parent.parent
    if asked.split is None and not (place / FILE).is_file():
        raise InputError(
            "It is not known which cases the checkpoint was trained on.",
            f"Give the run's folder or its {FILE} as split, or evaluate on all cases (--part all) "
            "if they are others than those of the training.",
        )
    split = read_split(place)
    check_split(split, cases, place / FILE if place.is_dir() else place)
    return split.of(cases, asked.part)
