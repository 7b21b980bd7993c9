"""Evaluation as a job: cases of a split that nothing was trained on, figures in a file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from engine.data.segmentation.cases import Case
from engine.data.segmentation.checking import CheckReport
from engine.data.segmentation.splits import FILE, check_split, read_split
from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.diffrect.cases import open_pool
from engine.methods.diffrect.evaluation import evaluate_cases
from engine.methods.diffrect.evaluation_params import EvaluateParams
from engine.methods.diffrect.inference import segment
from engine.methods.diffrect.networks import LoadedSegmenter, load_segmenter
from engine.metrics.table import check_table
from engine.results import FileResult, SegmentationResult
from engine.steps import NoteStep, Step


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
    check_table(job.path("output"))
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
    found = yield from evaluate_cases(chosen, segmenter, loaded.names, remap)
    extra = {
        "checkpoint": {**loaded.identity.told(), "title": loaded.card.title},
        "part": params.part, "images": str(job.path("images")),
    }  # fmt: skip
    output = found.write(job.path("output"), extra)
    return FileResult(output, found.summary(), {**found.report(), **extra})


def _check_classes(report: CheckReport, loaded: LoadedSegmenter) -> None:
    if report.classes > loaded.classes:
        raise InputError(
            f"The labels have {report.classes} classes with the background, "
            f"{loaded.identity.name} finds {loaded.classes}.",
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
