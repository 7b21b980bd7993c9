"""A segmenter against labels, case by case."""

from __future__ import annotations

import json
from collections.abc import Generator

import numpy as np

from engine.data.atomic import atomic_path
from engine.device import Context
from engine.jobs import Job
from engine.methods.adaptdiff.networks import load_segmenter
from engine.methods.adaptdiff.params import EvaluateParams
from engine.methods.adaptdiff.segmentation import dice, segment
from engine.methods.adaptdiff.sources import labelled_cases
from engine.provenance import versions
from engine.results import FileResult
from engine.steps import ProgressStep, Step

RESAMPLES = 2000


def evaluate(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """Dice of every case, mean and 95 % bootstrap interval. Inputs: images, masks, output (.json).

    A case in which nothing is found counts with Dice 0 unless its label is empty too.
    """
    params = job.params
    assert isinstance(params, EvaluateParams)
    cases = labelled_cases(job, params.kind, params.name)
    model, card = load_segmenter(params.checkpoint, context)
    scores: dict[str, float] = {}
    for i, case in enumerate(cases):
        assert case.mask is not None
        scores[case.name] = dice(segment(model, case.image), case.mask)
        yield ProgressStep(i + 1, len(cases), case.name)
    values = np.array(list(scores.values()))
    low, high = interval(values)
    report = {
        "checkpoint": params.checkpoint, "title": card.title, "cases": scores,
        "mean Dice": float(values.mean()), "interval": [low, high], "versions": versions(),
    }  # fmt: skip
    output = job.path("output")
    with atomic_path(output) as partial:
        partial.write_text(json.dumps(report, indent=1), encoding="utf-8")
    summary = (
        f"Mean Dice {values.mean():.3f} (95 % interval {low:.3f} to {high:.3f}, n = {len(cases)})."
    )
    return FileResult(output, summary, report)


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean."""
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
