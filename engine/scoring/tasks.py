"""Judging results of any program as jobs, for the window and the command line alike."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import InputError
from engine.jobs import Job
from engine.method import Method, Task
from engine.scoring.params import ImageScoreParams, MemorisedParams, ScoreParams
from engine.steps import Step

if TYPE_CHECKING:
    from engine.device import Context
    from engine.scoring.image_scores import ImageScores
    from engine.scoring.memorised import Memorised
    from engine.scoring.scoring import Scores

Judged = TypeVar("Judged", bound="Scores | ImageScores")
LABELS, IMAGES, MEMORISED = "score", "score-images", "memorised"
_FILES = {
    "output": "table: .csv, or .json with all figures",
    "report": "report with pictures, .html or .pdf",
}


def _labels(job: Job, context: Context) -> Generator[Step, None, Scores]:
    from engine.scoring.scoring import score

    params = job.params
    assert isinstance(params, ScoreParams)
    return (yield from _kept(job, score(
        job.path("predictions"), job.path("references"), params, against=_path(job, "against"),
        images=_path(job, "images"),
    )))  # fmt: skip


def _images(job: Job, context: Context) -> Generator[Step, None, ImageScores]:
    from engine.scoring.image_scores import score_images

    params = job.params
    assert isinstance(params, ImageScoreParams)
    return (yield from _kept(job, score_images(
        job.path("predictions"), job.path("references"), params, against=_path(job, "against"),
        features=_path(job, "features"), device=context.device,
    )))  # fmt: skip


def _memorised(job: Job, context: Context) -> Generator[Step, None, Memorised]:
    from engine.scoring.memorised import find_memorised

    params, output = job.params, _path(job, "output")
    assert isinstance(params, MemorisedParams)
    _check(job)
    found = yield from find_memorised(job.path("synthetic"), job.path("training"), params)
    if output is not None:
        found.write(output)
    return found


METHOD = Method(
    id="scoring",
    title="Scores",
    summary="Judge results of any program.",
    paper="",
    tasks=(
        Task(
            LABELS, "Label maps against references", "evaluate", ScoreParams, _labels,
            {
                "predictions": "label map, or folder of them",
                "references": "the truth, likewise",
                "images": "what was segmented, shown below the errors",
                "against": "predictions of another model, compared in pairs",
                **_FILES,
            },
            optional=("against", "images", "output", "report"),
        ),
        Task(
            IMAGES, "Images against references", "evaluate", ImageScoreParams, _images,
            {
                "predictions": "image, or folder of them",
                "references": "what they should be, likewise",
                "against": "images of another model, compared in pairs",
                "features": "weights of Inception for FID and KID; fixed random convolutions "
                "without them",
                **_FILES,
            },
            optional=("against", "features", "output", "report"),
        ),
        Task(
            MEMORISED, "Copies of training images", "evaluate", MemorisedParams, _memorised,
            {
                "synthetic": "folder of synthetic images, or one of them",
                "training": "folder of the images that the model was trained on",
                "output": "table: .csv, or .json",
            },
            optional=("output",),
        ),
    ),
)  # fmt: skip


def _check(job: Job) -> None:
    """Find out before the work that files could not be written."""
    from engine.metrics.table import check_table
    from engine.scoring.report import check_report

    output, report = _path(job, "output"), _path(job, "report")
    if output is not None:
        check_table(output)
    if report is not None:
        check_report(report)


def _kept(job: Job, judging: Generator[Step, None, Judged]) -> Generator[Step, None, Judged]:
    """Judge, and write what was asked for."""
    from engine.scoring.report import write_report

    _check(job)
    found = replace((yield from judging), title=_title(job))
    output, report = _path(job, "output"), _path(job, "report")
    if output is not None:
        found.write(output)
    if report is not None:
        yield from write_report(report, found, found.title)
    return found


def _title(job: Job) -> str:
    ours, theirs, other = job.path("predictions"), job.path("references"), _path(job, "against")
    versus = "" if other is None else f" and {other.name}"
    return f"{ours.name}{versus} against {theirs.name}"


def _path(job: Job, name: str) -> Path | None:
    value: Any = job.inputs.get(name)
    if value is not None and not isinstance(value, Path):
        raise InputError(f"{name} is no path.", "Give a file or a folder.")
    return value
