"""Evaluation as a job: cases of a split that nothing was trained on, figures in a file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from torch import Tensor

from engine.data.segmentation.cases import Case
from engine.data.segmentation.checking import CheckReport
from engine.data.segmentation.opening import open_cases
from engine.data.segmentation.splits import FILE, check_split, read_split
from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.cdal.data import Recipe
from engine.methods.cdal.evaluation import evaluate_cases
from engine.methods.cdal.evaluation_params import EvaluateParams
from engine.methods.cdal.inference import segment
from engine.methods.cdal.networks import LoadedGenerator, load_generator
from engine.methods.cdal.sampling import Votes, sample_votes
from engine.methods.cdal.segmenting import class_names
from engine.metrics.table import check_table
from engine.results import FileResult, SegmentationResult
from engine.steps import DenoiseStep, NoteStep, Step


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
    loaded = load_generator(params.checkpoint, context)
    recipe = Recipe.from_card(loaded.card.preprocessing)
    masks = job.inputs.get("masks")
    report = yield from open_cases(
        job.path("images"), masks if isinstance(masks, Path) else None,
        channel=params.channel, patient_pattern=params.patient_pattern,
    )  # fmt: skip
    # A set without some of the structures is no reason to renumber the others.
    known = max(report.values, default=0) < loaded.classes
    for note in report.notes(remap=params.renumber and not known):
        yield NoteStep(note)
    cases = report.accept(remap=params.renumber or known, least=1)
    if not known:
        _check_classes(report, loaded)
    chosen = _chosen(job, params, cases)
    yield NoteStep(f"{len(chosen)} of {len(cases)} cases are evaluated ({params.part}).")

    def draw(images: Tensor, votes: int, seed: int) -> Generator[DenoiseStep, None, Votes]:
        return sample_votes(loaded, images, votes, seed, context)

    def segmenter(volume: Volume) -> Generator[Step, None, SegmentationResult]:
        return segment(
            volume, recipe, loaded.model.config.labels, draw, context,
            votes=params.votes, seed=params.seed, thorough=params.thorough, turn=params.turn,
        )  # fmt: skip

    found = yield from evaluate_cases(
        chosen, segmenter, class_names(loaded), {} if known else report.remap
    )
    extra = {
        "checkpoint": {**loaded.identity.told(), "title": loaded.card.title},
        "part": params.part, "votes": params.votes or recipe.votes, "seed": params.seed,
        "thorough": params.thorough, "turn": params.turn,
        "images": str(job.path("images")),
    }  # fmt: skip
    output = found.write(job.path("output"), extra)
    return FileResult(output, found.summary(), {**found.report(), **extra})


def _check_classes(report: CheckReport, loaded: LoadedGenerator) -> None:
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
            f"Give the run's folder or its {FILE} as split, or evaluate on all cases (--part all) "
            "if they are others than those of the training.",
        )
    split = read_split(place)
    check_split(split, cases, place / FILE if place.is_dir() else place)
    return split.of(cases, params.part)
