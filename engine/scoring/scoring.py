"""Predictions against references, case by case, and one model's against another's."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

from engine.data.segmentation.decathlon import label_names
from engine.errors import InputError
from engine.metrics.overlap import NEITHER, ClassScore, score_classes
from engine.metrics.table import ALL_METRICS, DISTANCES, Row, ScoreTable, write_table
from engine.provenance import versions
from engine.scoring.pairing import Pairing, ScoredCase, pair
from engine.scoring.params import ScoreParams
from engine.scoring.reading import Labels, ReadCase, read_case
from engine.steps import NoteStep, ProgressStep, Step
from engine.wording import listed

TOLD = ("dice", "hd95", "surface_dice")
"""Of the metrics, in a sentence."""
LEAST_PAIRS = 6
"""With fewer patients a signed-rank test can never tell anything at 5 %."""
MM3_PER_ML = 1000.0


@dataclass(frozen=True, eq=False)
class Scores:
    """What was measured.

    Attributes:
        table: A row a case.
        other: Of the other model, if there is one.
        voxel_ml: Case -> millilitres of a voxel; of images without millimetres nothing.
        title: For people.
    """

    params: ScoreParams
    cases: tuple[ScoredCase, ...]
    table: ScoreTable
    other: ScoreTable | None
    voxel_ml: Mapping[str, float]
    notes: tuple[str, ...]
    title: str = ""

    def files(self, name: str) -> ScoredCase | None:
        """The files of a case; None where they are not known."""
        return next((case for case in self.cases if case.name == name), None)

    def summary(self) -> str:
        """Lines for people: one a class, and who leads by how much."""
        lines = []
        for label, name in self.table.names.items():
            metrics = [metric for metric in TOLD if metric in self.table.metrics]
            told = ", ".join(self.table.shown(metric, label) for metric in metrics)
            lines.append(f"{name}: {told} (n = {len(self.table.rows)})")
        if self.other is not None:
            lead = self.table.difference(self.other, "dice")
            lines.append(f"Dice against the other: {lead.mean:+.3f} ({lead.interval(3, '+')})")
        return "\n".join(lines)

    def report(self) -> dict[str, Any]:
        """JSON values: all figures, rows with volumes, the comparison, and what was asked."""
        report = {"kind": "labels", "title": self.title, **self.table.report()}
        for row in report["rows"]:
            voxel = self.voxel_ml.get(row["case"])
            row["true_ml"] = None if voxel is None else row["true_voxels"] * voxel
            row["found_ml"] = None if voxel is None else row["found_voxels"] * voxel
        report["parameters"] = self.params.model_dump()
        report["notes"] = list(self.notes)
        report["files"] = [case.record() for case in self.cases]
        if self.other is not None:
            report["other"] = self.other.report()
            report["lead over the other"] = {m: self.lead(m) for m in self.table.metrics}
        report["versions"] = versions()
        return report

    def lead(self, metric: str) -> dict[str, Any]:
        """How much more than the other, paired by case: the mean, its interval, and a p-value.

        The p-value is that of Wilcoxon's signed-rank test of the patients' means, for cases of one
        patient are alike; None where too few patients differ.

        Raises:
            ValueError: There is no other.
        """
        if self.other is None:
            raise ValueError("nothing to compare with")
        found = self.table.difference(self.other, metric)
        leads = np.array(self.table.leads(self.other, metric))
        place = np.unique([row.patient for row in self.table.rows], return_inverse=True)[1]
        means = np.bincount(place, leads) / np.bincount(place)
        p = None
        if np.count_nonzero(means) >= LEAST_PAIRS:
            p = float(wilcoxon(means).pvalue)
        return {
            **found.report(), "p": p,
            "better in": int((leads < 0 if metric in DISTANCES else leads > 0).sum()),
        }  # fmt: skip

    def write(self, path: Path) -> Path:
        """Saves as .json, or the rows alone as .csv.

        Raises:
            InputError: Another ending.
            DiskError: The disk refuses.
        """
        return write_table(path, self.table.columns, self.table.records, self.report)


def score(
    predictions: Path,
    references: Path,
    params: ScoreParams | None = None,
    *,
    against: Path | None = None,
    images: Path | None = None,
) -> Generator[Step, None, Scores]:
    """Judge label maps; see `pairing.pair` for what the arguments may be.

    Yields:
        Notes on how files were paired, and progress in cases.

    Raises:
        InputError: Files that do not fit together or cannot be read, or references without a
            prediction unless those are to count as empty.
    """
    asked = params or ScoreParams()
    pairing = pair(
        predictions, references, against=against, images=images,
        patient_pattern=asked.patient_pattern,
    )  # fmt: skip
    notes = list(pairing.notes)
    notes += _missing(pairing, asked, compared=against is not None)
    for note in notes:
        yield NoteStep(note)
    compared = against is not None
    judged: list[_Judged] = []
    names: dict[int, str] = {}
    for index, case in enumerate(pairing.cases):
        yield ProgressStep(index, len(pairing.cases), case.name)
        read = read_case(case, compared=compared)
        judged.append(_judge(case, read, asked))
        names |= {entry.value: entry.name for entry in read.names if entry.name}
    yield ProgressStep(len(pairing.cases), len(pairing.cases))
    root = references if references.is_dir() else references.parent
    names |= label_names(root.parent) | label_names(root)
    seen = {label for one in judged for scores in one.scores for label in scores}
    labels = asked.wanted or tuple(sorted(seen))
    if not labels:
        raise InputError(
            f"There are no labels in {references}, nor in {predictions}.",
            "Choose label maps that have some, or name the labels to judge.",
        )
    titles = {label: names.get(label, f"label {label}") for label in labels}
    return Scores(
        asked, pairing.cases, _table(titles, judged, 0),
        _table(titles, judged, 1) if compared else None,
        {one.case.name: one.voxel_ml for one in judged if one.voxel_ml is not None}, tuple(notes),
    )  # fmt: skip


@dataclass(frozen=True)
class _Judged:
    """Figures of a case: label maps of many would not fit in memory.

    Attributes:
        scores: Of the prediction, and of the other model's if there is one.
    """

    case: ScoredCase
    unit: str
    voxel_ml: float | None
    scores: tuple[Mapping[int, ClassScore], ...]


def _judge(case: ScoredCase, read: ReadCase, params: ScoreParams) -> _Judged:
    maps = [read.found] if read.other is None else [read.found, read.other]
    scores = []
    for found in maps:
        labels = params.wanted or _labels_of(found, read.truth)
        scores.append(score_classes(found, read.truth, labels, read.spacing, params.tolerance))
    voxel_ml = float(np.prod(read.spacing)) / MM3_PER_ML if read.unit == "mm" else None
    return _Judged(case, read.unit, voxel_ml, tuple(scores))


def _labels_of(*maps: Labels) -> tuple[int, ...]:
    """All but 0 that occur in any of them."""
    return tuple(sorted({int(v) for one in maps for v in np.unique(one)} - {0}))


def _table(titles: Mapping[int, str], judged: Sequence[_Judged], place: int) -> ScoreTable:
    table = ScoreTable(titles, metrics=ALL_METRICS)
    for one in judged:
        scores = {label: one.scores[place].get(label, NEITHER) for label in titles}
        table.add(Row(one.case.name, one.case.patient, scores, one.unit))
    return table


def _missing(pairing: Pairing, params: ScoreParams, *, compared: bool) -> list[str]:
    """What counts as empty for want of a file.

    Raises:
        InputError: There is some, and it is not to count.
    """
    notes = []
    for whose, files in (
        ("prediction", [case.prediction for case in pairing.cases]),
        ("prediction of the other model", [case.against for case in pairing.cases]),
    ):
        if whose != "prediction" and not compared:
            continue
        lost = [c.name for c, file in zip(pairing.cases, files, strict=True) if file is None]
        if not lost:
            continue
        if params.missing == "refuse":
            raise InputError(
                f"{len(lost)} of {len(pairing.cases)} references have no {whose}: {listed(lost)}.",
                "Add the files, or let 'Missing files' count as empty (--missing empty on the "
                "command line); left out, a model would score better the less it finds.",
            )
        notes.append(f"{len(lost)} references have no {whose} and count as missed: {listed(lost)}.")
    return notes
