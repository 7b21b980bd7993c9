"""`reverie score` and `memorised`: results by references, synthetic images by training ones."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from app.cli_options import option
from app.cli_report import Reporter
from app.cli_run import OK, device_settings, run_job
from app.cli_steps import StepCommand, argument, driven
from engine.errors import InputError
from engine.jobs import Job
from engine.parameters import Parameters
from engine.scoring.params import ImageScoreParams, MemorisedParams, ScoreParams
from engine.scoring.tasks import IMAGES, LABELS, MEMORISED, METHOD

HELP = """Judge results of any program by references: two files, or two folders paired by name.

Label maps: Dice, IoU, precision, recall, surface Dice, HD, HD95, ASD and volume error of every
label and case, with intervals. What is missed or spurious counts in full; nothing is left out.
Images (--kind images): SSIM, PSNR, MAE and MI of every case, FID and KID of the sets."""


REPORT_HELP = """Make a report of a stored evaluation: HTML, or PDF to print.

Of any evaluation that was kept as .json: tables, box plots, and the errors of the worst cases in
colours, where their label maps were kept."""
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
        option("report", Path, "Report with pictures: .html or .pdf.", metavar="FILE"),
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


def report_command() -> StepCommand:
    """The command that makes a report or a table of a stored evaluation."""
    own = [
        argument("evaluation", Path, "What `score` or `evaluate` has written: .json."),
        option("output", Path, "Report: .html or .pdf; or table: .csv.", metavar="FILE"),
    ]
    return StepCommand("report", own, Parameters, _report)


def _report(options: Mapping[str, Any], params: Parameters, reporter: Reporter) -> int:
    from engine.metrics.table import ENDINGS, check_table
    from engine.scoring.memorised import Memorised
    from engine.scoring.report import check_report, write_report
    from engine.scoring.stored import read_scores

    begun = time.monotonic()
    output = options["output"] or options["evaluation"].with_suffix(".html")
    as_table = output.suffix.lower() in ENDINGS
    (check_table if as_table else check_report)(output)
    found = read_scores(options["evaluation"])
    if as_table:
        found.write(output)
    elif isinstance(found, Memorised):
        raise InputError("There is no report on copies.", "Ask for a table: --output FILE.csv.")
    else:
        driven(lambda: write_report(output, found, found.title), reporter)
    reporter.finished(found.summary(), [output], time.monotonic() - begun, {})
    return OK


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
            "Add --report FILE.html or FILE.pdf, or leave --images out.",
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
