"""What was found from image-level labels against masks, by every kind of evidence."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Volume
from engine.data.weak.frames import Frame
from engine.data.weak.truth import Judged
from engine.errors import InputError
from engine.methods.cdm.looking import Seen, told
from engine.metrics.overlap import score_classes
from engine.metrics.table import METRICS, Row, ScoreTable, write_table
from engine.results import SaliencyResult
from engine.scoring.keeping import Keeper
from engine.scoring.pairing import Cut
from engine.scoring.reading import unit_of
from engine.scoring.segmenters import quietly
from engine.steps import ProgressStep, Step

Look = Callable[[Volume], Generator[Step, None, Seen]]
Find = Callable[[Volume, Seen], Generator[Step, None, SaliencyResult]]
"""One kind of evidence: from an image and what its slices show to labels."""


@dataclass(frozen=True, eq=False)
class Case:
    """An image to judge by.

    Attributes:
        read: Its file and its mask.
        labels: What its slices show.
        given: Whether that is told to what is judged, or left to the classifier.
    """

    name: str
    read: Callable[[], Judged]
    labels: tuple[frozenset[int], ...]
    given: bool


@dataclass
class Told:
    """How often the classifier told right of a slice whether it shows a finding."""

    right_positive: int = 0
    positive: int = 0
    right_negative: int = 0
    negative: int = 0

    def add(self, seen: Seen, truth: Sequence[frozenset[int]]) -> None:
        """Counts the slices of an image that the classifier was asked about."""
        for chances, labels in zip(seen.chances, truth, strict=True):
            if np.isnan(chances).any():
                continue
            found = bool(chances[0] < 0.5)
            if labels:
                self.positive += 1
                self.right_positive += found
            else:
                self.negative += 1
                self.right_negative += not found

    def report(self) -> dict[str, Any]:
        """JSON values; shares are None without slices of that kind."""
        return {
            "positive slices": self.positive,
            "negative slices": self.negative,
            "sensitivity": self.right_positive / self.positive if self.positive else None,
            "specificity": self.right_negative / self.negative if self.negative else None,
        }


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was measured.

    Attributes:
        tables: Evidence -> a row a case, or a slice.
        told: Of the classifier.
    """

    tables: Mapping[str, ScoreTable]
    told: Told = field(default_factory=Told)

    def report(self) -> dict[str, Any]:
        """JSON values: every evidence by itself, and the first one's lead over the others."""
        names = list(self.tables)
        first = self.tables[names[0]]
        return {
            "evidence": {name: table.report() for name, table in self.tables.items()},
            "differences": {
                f"{names[0]} - {other}": {
                    metric: first.difference(self.tables[other], metric).report()
                    for metric in METRICS
                }
                for other in names[1:]
            },
            "classifier": self.told.report(),
        }

    def write(self, path: Path, extra: Mapping[str, Any]) -> Path:
        """Saves all as .json, or the rows alone as .csv.

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        columns = next(iter(self.tables.values())).columns
        return write_table(
            path, ("evidence", *columns), self._records, lambda: {**self.report(), **extra}
        )

    def _records(self) -> list[dict[str, Any]]:
        return [
            {"evidence": name, **row}
            for name, table in self.tables.items()
            for row in table.records()
        ]

    def summary(self) -> str:
        """Lines for people."""
        return "\n".join(
            f"{name}: {line}"
            for name, table in self.tables.items()
            for line in table.summary().splitlines()
        )


def evaluate_cases(
    cases: Sequence[Case],
    look: Look,
    finders: Mapping[str, Find],
    names: Mapping[int, str],
    keeper: Keeper,
    *,
    each_slice: bool = False,
) -> Generator[Step, None, Evaluation]:
    """Finds in every case by every kind of evidence, and compares with what is marked.

    Args:
        cases: None of which anything was trained on.
        names: Class -> name, with 0.
        keeper: Is given the labels of each kind of evidence.
        each_slice: Judge slices that show something one by one, instead of whole images.

    Raises:
        InputError: No cases, or one that cannot be read or segmented.
    """
    classes = {label: name for label, name in names.items() if label}
    tables = {name: ScoreTable(classes) for name in finders}
    found = Evaluation(tables)
    total = len(cases) * len(finders)
    for index, case in enumerate(cases):
        judged = case.read()
        now = ProgressStep(index * len(finders), total, case.name)
        yield now
        seen = yield from quietly(look(judged.volume), now)
        found.told.add(seen, case.labels)
        if case.given:
            seen = told(seen, case.labels)
        found_labels = []
        for number, (name, find) in enumerate(finders.items()):
            now = ProgressStep(index * len(finders) + number, total, f"{case.name}, {name}")
            result = yield from quietly(find(judged.volume, seen), now)
            found_labels.append(result.labels)
            for row in _rows(judged, result.labels, seen.framed.frame, tuple(classes), each_slice):
                tables[name].add(row)
        cuts = _cuts(judged, seen.framed.frame) if each_slice else None
        keeper.add(judged.name, judged.patient, judged.volume, judged.labels, found_labels, cuts)
    yield ProgressStep(total, total)
    if not any(table.rows for table in tables.values()):
        raise InputError(
            "There is nothing to judge by: no slice of these cases shows a finding.",
            "Choose other cases, or judge whole images.",
        )
    return found


def _rows(
    judged: Judged, labels: NDArray[Any], frame: Frame, classes: tuple[int, ...], each: bool
) -> list[Row]:
    """One row for the image, or one for each slice of the plane that shows something."""
    unit, spacing = unit_of(judged.volume.geometry)
    if not each:
        scores = score_classes(labels, judged.labels, classes, spacing)
        return [Row(judged.name, judged.patient, scores, unit)]
    found, truth = (frame.turn(array[np.newaxis])[0] for array in (labels, judged.labels))
    return [
        Row(
            _slice_name(judged, i), judged.patient,
            score_classes(found[i], truth[i], classes, frame.pixel_mm), unit,
        )
        for i in _shown(judged, frame)
    ]  # fmt: skip


def _shown(judged: Judged, frame: Frame) -> list[int]:
    """The slices of the plane in which something is marked."""
    truth = frame.turn(judged.labels[np.newaxis])[0]
    return [int(i) for i in np.flatnonzero(truth.any(axis=(1, 2)))]


def _slice_name(judged: Judged, number: int) -> str:
    return f"{judged.name} slice {number}"


def _cuts(judged: Judged, frame: Frame) -> dict[str, Cut]:
    """Row -> where its slice lies in the image."""
    axis, from_end = frame.across
    last = judged.labels.shape[axis] - 1
    return {
        _slice_name(judged, i): (axis, last - i if from_end else i) for i in _shown(judged, frame)
    }
