"""Evaluation as a job: cases of a split that nothing was trained on, figures in a file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.data.segmentation.cases import Case
from engine.data.segmentation.checking import CheckReport
from engine.data.segmentation.reading import read_case
from engine.data.segmentation.splits import FILE, check_split, read_split
from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.diffrect.cases import open_pool
from engine.methods.diffrect.evaluation_params import EvaluateParams
from engine.methods.diffrect.inference import segment
from engine.methods.diffrect.networks import LoadedSegmenter, load_segmenter
from engine.metrics.overlap import score_classes
from engine.metrics.reliability import Reliability
from engine.metrics.table import METRICS, Row, ScoreTable
from engine.provenance import versions
from engine.results import FileResult, SegmentationResult
from engine.steps import NoteStep, ProgressStep, Step

Segmenter = Callable[[Volume], Generator[Step, None, SegmentationResult]]


def evaluate(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Inputs: images, masks (where apart), split (run folder or split.json; where it is missing,
    that of the run that the checkpoint lies in), output (.json, or .csv for the rows alone).

    Raises:
        InputError: cases that cannot be used, or classes that the checkpoint does not have.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the file cannot be written.
    """
    params = job.params
    assert isinstance(params, EvaluateParams)
    loaded = load_segmenter(params.checkpoint, context)
    masks = job.inputs.get("masks")
    pool = yield from open_pool(
        job.path("images"), masks if isinstance(masks, Path) else None,
        channel=params.channel, patient_pattern=params.patient_pattern,
    )  # fmt: skip
    report = pool.report
    # A set without some of the structures is no reason to renumber the others.
    known = max(report.values, default=0) < loaded.classes
    for note in report.notes(remap=params.renumber and not known):
        yield NoteStep(note)
    cases = report.accept(remap=params.renumber or known, least=1)
    if not known:
        _check_classes(report, loaded)
    chosen = _chosen(job, params, cases)
    yield NoteStep(f"{len(chosen)} of {len(cases)} cases are evaluated ({params.part}).")

    def segmenter(volume: Volume) -> Generator[Step, None, SegmentationResult]:
        return segment(volume, loaded.recipe, loaded.model, context)

    remap = {} if known else report.remap
    table, doubt = yield from evaluate_cases(chosen, segmenter, loaded.names, remap)
    extra = {
        "uncertainty": {"entropy": doubt.report()},
        "checkpoint": {"name": loaded.name, "sha256": loaded.sha256, "title": loaded.card.title},
        "part": params.part, "images": str(job.path("images")), "versions": versions(),
    }  # fmt: skip
    output = table.write(job.path("output"), extra)
    return FileResult(output, _summary(table, doubt), {**table.report(), **extra})


def evaluate_cases(
    cases: Sequence[Case],
    segmenter: Segmenter,
    names: Mapping[int, str],
    remap: Mapping[int, int] | None = None,
) -> Generator[Step, None, tuple[ScoreTable, Reliability]]:
    """Segments every case and compares it with its labels, on the case's own voxels.

    Args:
        names: Class -> name; the background may be among them.
        remap: See `reading.read_case`.

    Returns:
        A row a case, and how errors follow the entropy.

    Raises:
        InputError: No cases, or one that cannot be read or segmented.
    """
    if not cases:
        raise InputError("There are no cases to evaluate on.", "Choose another part of the set.")
    classes = {label: name for label, name in names.items() if label}
    table, doubt = ScoreTable(classes, metrics=(*METRICS, "asd")), Reliability(1.0)
    for index, case in enumerate(cases):
        read = read_case(case, remap)
        now = ProgressStep(index, len(cases), case.name)
        yield now
        result = yield from _quietly(segmenter(read.volume), now)
        unit, spacing = _unit(read.volume)
        scores = score_classes(result.labels, read.labels, tuple(classes), spacing)
        table.add(Row(case.name, case.patient, scores, unit))
        doubt.add(result.entropy, result.labels != read.labels)
        yield ProgressStep(index + 1, len(cases), case.name)
    return table, doubt


def _summary(table: ScoreTable, doubt: Reliability) -> str:
    found = doubt.auroc()
    told = "there are no errors" if found is None else f"AUROC {found:.3f}"
    overall: dict[str, Any] = table.report()["mean of classes"]
    dice = overall["dice"]
    low, high = dice["interval"]
    return (
        f"{table.summary()}\nMean of classes: Dice {dice['mean']:.3f} ({low:.3f} to {high:.3f}).\n"
        f"Errors by entropy: {told}."
    )


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


def _check_classes(report: CheckReport, loaded: LoadedSegmenter) -> None:
    if report.classes > loaded.classes:
        raise InputError(
            f"The labels have {report.classes} classes with the background, {loaded.name} finds "
            f"{loaded.classes}.",
            "Choose a checkpoint for these structures, or labels with those that it finds.",
        )


def _chosen(job: Job, params: EvaluateParams, cases: tuple[Case, ...]) -> tuple[Case, ...]:
    if params.part == "all":
        return cases
    split_at = job.inputs.get("split")
    # RUN/checkpoints/final.safetensors belongs to RUN/split.json.
    place = split_at if isinstance(split_at, Path) else Path(params.checkpoint).parent.parent
    if not isinstance(split_at, Path) and not (place / FILE).is_file():
        raise InputError(
            "It is not known which cases the checkpoint was trained on.",
            f"Give the run's folder or its {FILE} as split, or evaluate on all cases if they are "
            "others than those of the training.",
        )
    split = read_split(place)
    check_split(split, cases, place / FILE if place.is_dir() else place)
    return split.of(cases, params.part)
