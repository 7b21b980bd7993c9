"""`reverie score` and `memorised`: label maps by references, synthetic images by training ones."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.cli_options import option
from app.cli_report import Reporter
from app.cli_run import OK
from app.cli_steps import StepCommand, argument, driven
from engine.errors import InputError
from engine.scoring.params import MemorisedParams, ScoreParams

HELP = """Judge label maps of any program by references: two files, or two folders paired by name.

Dice, IoU, precision, recall, surface Dice, HD, HD95, ASD and volume error of every label and case,
with intervals. What is missed or spurious counts in full; nothing is left out."""


MEMORISED_HELP = """Look for copies of training images among synthetic ones.

A model that has learnt its training images by heart gives a patient's image away."""


def score_command() -> StepCommand:
    """The command that judges label maps."""
    own = [
        argument("predictions", Path, "Label map, or folder of them."),
        argument("references", Path, "The truth, likewise."),
        option("against", Path, "Predictions of another model, compared in pairs."),
        option("images", Path, "What was segmented, for the report's pictures."),
        option("output", Path, "Table: .csv, or .json with all figures.", metavar="FILE"),
        option("report", Path, "Report with pictures: .html.", metavar="FILE"),
    ]
    return StepCommand("score", own, ScoreParams, _score)


def memorised_command() -> StepCommand:
    """The command that looks for copies."""
    own = [
        argument("synthetic", Path, "Folder of synthetic images, or one of them."),
        argument("training", Path, "Folder of the images that the model was trained on."),
        option("output", Path, "Table: .csv, or .json.", metavar="FILE"),
    ]
    return StepCommand("memorised", own, MemorisedParams, _memorised)


def _score(options: Mapping[str, Any], params: ScoreParams, reporter: Reporter) -> int:
    from engine.metrics.table import check_table
    from engine.scoring.report import check_report, write_report
    from engine.scoring.scoring import score

    begun = time.monotonic()
    output, report = options["output"], options["report"]
    if output is not None:
        check_table(output)
    if report is not None:
        check_report(report)
    if options["images"] is not None and report is None:
        raise InputError(
            "Images are for the pictures of a report, and none is asked for.",
            "Add --report FILE.html, or leave --images out.",
        )
    predictions, references = options["predictions"], options["references"]
    scores = driven(
        lambda: score(
            predictions, references, params, against=options["against"], images=options["images"]
        ),
        reporter,
    )
    files = []
    if output is not None:
        files.append(scores.write(output))
    if report is not None:
        title = f"{predictions.name} against {references.name}"
        files.append(driven(lambda: write_report(report, scores, title), reporter))
    figures = {m: f for m, f in scores.report().items() if m in ("classes", "mean of classes")}
    reporter.finished(scores.summary(), files, time.monotonic() - begun, figures)
    return OK


def _memorised(options: Mapping[str, Any], params: MemorisedParams, reporter: Reporter) -> int:
    from engine.metrics.table import check_table
    from engine.scoring.memorised import find_memorised

    begun = time.monotonic()
    output = options["output"]
    if output is not None:
        check_table(output)
    found = driven(
        lambda: find_memorised(options["synthetic"], options["training"], params), reporter
    )
    files = [found.write(output)] if output is not None else []
    figures = {
        "slices": len(found.nearest), "suspicious": len(found.suspicious),
        "threshold": found.threshold, "usual": found.usual,
    }  # fmt: skip
    reporter.finished(found.summary(), files, time.monotonic() - begun, figures)
    return OK
