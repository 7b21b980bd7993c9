"""A segmenter against labels, case by case."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from engine.data.volumes.volume import Geometry, Source, Volume, plain_affine
from engine.device import Context
from engine.jobs import Job
from engine.methods.adaptdiff.networks import load_segmenter
from engine.methods.adaptdiff.params import EvaluateParams
from engine.methods.adaptdiff.segmentation import segment
from engine.methods.adaptdiff.sources import labelled_cases
from engine.methods.adaptdiff.vessels import VesselImage
from engine.metrics.overlap import score_classes
from engine.metrics.table import Row, ScoreTable, check_table
from engine.provenance import versions
from engine.results import FileResult
from engine.scoring.keeping import Keeper
from engine.steps import ProgressStep, Step

RESAMPLES = 2000
PIXEL = (1.0, 1.0)


def evaluate(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Dice, IoU and HD95 in pixels of every case, means and 95 % bootstrap intervals. Inputs:
    images, masks, output (.json, or .csv for the rows alone).

    A case in which nothing is found counts with Dice 0 unless its label is empty too.

    Raises:
        InputError: cases that cannot be used.
        CheckpointError: a checkpoint that cannot be used.
        DiskError: the file cannot be written.
    """
    params = job.params
    assert isinstance(params, EvaluateParams)
    output = job.path("output")
    check_table(output)
    cases = labelled_cases(job, params.kind, params.name)
    model, card = load_segmenter(params.checkpoint, context)
    table = ScoreTable({1: "vessel"})
    with Keeper(output, wanted=params.keep_labels) as keeper:
        for i, case in enumerate(cases):
            assert case.mask is not None
            found = segment(model, case.image)
            scores = score_classes(found, case.mask, (1,), PIXEL)
            table.add(Row(case.name, case.name, scores, "px"))
            image = _as_volume(case)
            keeper.add(case.name, case.name, image, case.mask[np.newaxis], [found[np.newaxis]])
            yield ProgressStep(i + 1, len(cases), case.name)
        dice = {row.case: row.scores[1].dice for row in table.rows}
        values = np.array(list(dice.values()))
        low, high = interval(values)
        extra = {
            "checkpoint": params.checkpoint, "title": card.title, "cases": dice,
            "mean Dice": float(values.mean()), "interval": [low, high], "versions": versions(),
            **keeper.settle(),
        }  # fmt: skip
        table.write(output, extra)
    summary = (
        f"Mean Dice {values.mean():.3f} (95 % interval {low:.3f} to {high:.3f}, n = {len(cases)})."
    )
    return FileResult(output, summary, {**table.report(), **extra})


def _as_volume(case: VesselImage) -> Volume:
    array = case.image[np.newaxis, np.newaxis]
    geometry = Geometry((1, *case.image.shape), plain_affine(), oriented=False)
    return Volume(array, geometry, source=Source(case.file))


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean."""
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
