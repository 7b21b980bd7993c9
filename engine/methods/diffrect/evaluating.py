"""Evaluation as a job: cases of a split that nothing was trained on, figures in a file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from engine.data.volumes.volume import Volume
from engine.device import Context
from engine.jobs import Job
from engine.methods.diffrect.cases import open_pool
from engine.methods.diffrect.evaluation import evaluate_cases
from engine.methods.diffrect.evaluation_params import EvaluateParams
from engine.methods.diffrect.inference import segment
from engine.methods.diffrect.networks import load_segmenter
from engine.metrics.table import check_table
from engine.results import FileResult, SegmentationResult
from engine.scoring.keeping import Keeper
from engine.scoring.segmenters import Asked, chosen_cases
from engine.steps import Step


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
    split = job.inputs.get("split")
    chosen, remap = yield from chosen_cases(pool.report, Asked(
        Path(params.checkpoint), loaded.identity.name, loaded.classes, params.part,
        split if isinstance(split, Path) else None, params.renumber,
    ))  # fmt: skip

    def segmenter(volume: Volume) -> Generator[Step, None, SegmentationResult]:
        return segment(volume, loaded.recipe, loaded.model, context)

    with Keeper(job.path("output"), wanted=params.keep_labels) as keeper:
        found = yield from evaluate_cases(chosen, segmenter, loaded.names, keeper, remap)
        extra = {
            "checkpoint": {**loaded.identity.told(), "title": loaded.card.title},
            "part": params.part, "images": str(job.path("images")), **keeper.settle(),
        }  # fmt: skip
        output = found.write(job.path("output"), extra)
    return FileResult(output, found.summary(), {**found.report(), **extra})
