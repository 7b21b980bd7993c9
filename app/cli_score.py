"""`reverie score`: label maps of any program against references, and a report of it."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli_options import option, parameter_options, switch
from app.cli_report import Reporter
from app.cli_run import OK, guarded
from app.cli_steps import driven
from engine.errors import InputError
from engine.parameters import describe
from engine.scoring.params import ScoreParams

HELP = """Judge label maps of any program by references: two files, or two folders paired by name.

Dice, IoU, precision, recall, surface Dice, HD, HD95, ASD and volume error of every label and case,
with intervals. What is missed or spurious counts in full; nothing is left out."""


class ScoreCommand:
    """The command; its options are those of `ScoreParams` and a few more."""

    def __init__(self) -> None:
        only = inspect.Parameter.KEYWORD_ONLY
        predictions = typer.Argument(metavar="PREDICTIONS", help="Label map, or folder of them.")
        references = typer.Argument(metavar="REFERENCES", help="The truth, likewise.")
        parameters = [
            inspect.Parameter("predictions", only, annotation=Annotated[Path, predictions]),
            inspect.Parameter("references", only, annotation=Annotated[Path, references]),
            option("against", Path, "Predictions of another model, compared in pairs."),
            option("images", Path, "What was segmented, for the report's pictures."),
            option("output", Path, "Table: .csv, or .json with all figures.", metavar="FILE"),
            option("report", Path, "Report with pictures: .html.", metavar="FILE"),
            *parameter_options([_Described()]),
            switch("as_json", "Print figures as JSON on standard output.", flag="--json"),
            switch("debug", "Show the traceback of a fault of the program."),
        ]
        self.__signature__ = inspect.Signature(parameters)
        self.__annotations__ = {p.name: p.annotation for p in parameters}

    def __call__(self, **options: Any) -> None:
        reporter = Reporter(as_json=options["as_json"])

        def body() -> int:
            return _score(options, reporter)

        raise typer.Exit(guarded(reporter, "reverie score", body, debug=options["debug"]))


class _Described:
    params = ScoreParams


def _score(options: Mapping[str, Any], reporter: Reporter) -> int:
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
    given = {i.name: options[i.name] for i in describe(ScoreParams)}
    params = ScoreParams.parse({n: v for n, v in given.items() if v is not None})
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
