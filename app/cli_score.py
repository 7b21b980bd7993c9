"""`reverie score` and `memorised`: results by references, synthetic images by training ones."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from app.cli_options import option
from app.cli_report import Reporter
from app.cli_run import OK, device_settings, run_job
from app.cli_steps import StepCommand, argument
from engine.errors import InputError
from engine.jobs import Job
from engine.parameters import Parameters
from engine.scoring.params import ImageScoreParams, MemorisedParams, ScoreParams
from engine.scoring.tasks import IMAGES, LABELS, MEMORISED, METHOD

HELP = """Judge results of any program by references: two files, or two folders paired by name.

Label maps: Dice, IoU, precision, recall, surface Dice, HD, HD95, ASD and volume error of every
label and case, with intervals. What is missed or spurious counts in full; nothing is left out.
Images (--kind images): SSIM, PSNR, MAE and MI of every case, FID and KID of the sets."""


MEMORISED_HELP = """Look for copies of training images among synthetic ones.

A model that has learnt its training images by heart gives a patient's image away."""
KINDS: dict[str, tuple[str, type[Parameters]]] = {
    "labels": (LABELS, ScoreParams), "images": (IMAGES, ImageScoreParams),
}  # fmt: skip
INPUTS = ("predictions", "references", "against", "images", "features", "output", "report")


def score_command() -> StepCommand:
    """The command that judges label maps or images."""
    own = [
        argument("predictions", Path, "Label map or image, or folder of them."),
        argument("references", Path, "The truth, likewise."),
        option("kind", Literal["labels", "images"], "What is judged. (default: labels)"),
        option("against", Path, "Results of another model, compared in pairs."),
        option("images", Path, "What was segmented, for the report's pictures."),
        option("features", Path, "Weights of Inception for FID and KID of images."),
        option("output", Path, "Table: .csv, or .json with all figures.", metavar="FILE"),
        option("report", Path, "Report with pictures: .html.", metavar="FILE"),
    ]
    return StepCommand(
        "score", own, lambda options: KINDS[options["kind"] or "labels"][1], _score,
        [params for _, params in KINDS.values()],
    )  # fmt: skip


def memorised_command() -> StepCommand:
    """The command that looks for copies."""
    own = [
        argument("synthetic", Path, "Folder of synthetic images, or one of them."),
        argument("training", Path, "Folder of the images that the model was trained on."),
        option("output", Path, "Table: .csv, or .json.", metavar="FILE"),
    ]
    return StepCommand("memorised", own, MemorisedParams, _memorised)


def _score(options: Mapping[str, Any], params: Parameters, reporter: Reporter) -> int:
    begun = time.monotonic()
    kind = options["kind"] or "labels"
    for name, wanted in (("images", "labels"), ("features", "images")):
        if options[name] is not None and kind != wanted:
            raise InputError(
                f"--{name} is of no use to --kind {kind}.", f"Leave it out, or judge {wanted}."
            )
    if options["images"] is not None and options["report"] is None and options["output"] is None:
        raise InputError(
            "Images are for the pictures of a report, and none is asked for.",
            "Add --report FILE.html, or leave --images out.",
        )
    inputs = {name: options[name] for name in INPUTS if options[name] is not None}
    title = f"{options['predictions'].name} against {options['references'].name}"
    job = Job(METHOD.id, KINDS[kind][0], params, inputs, title)
    scores = run_job(job, device_settings({}), reporter)
    files = [inputs[name] for name in ("output", "report") if name in inputs]
    wanted_figures = ("classes", "mean of classes", "ways", "sets of slices")
    figures = {m: f for m, f in scores.report().items() if m in wanted_figures}
    reporter.finished(scores.summary(), files, time.monotonic() - begun, figures)
    return OK


def _memorised(options: Mapping[str, Any], params: MemorisedParams, reporter: Reporter) -> int:
    begun = time.monotonic()
    inputs = {n: options[n] for n in ("synthetic", "training", "output") if options[n] is not None}
    title = f"{options['synthetic'].name} against {options['training'].name}"
    found = run_job(Job(METHOD.id, MEMORISED, params, inputs, title), device_settings({}), reporter)
    files = [inputs["output"]] if "output" in inputs else []
    reporter.finished(found.summary(), files, time.monotonic() - begun, found.figures())
    return OK
