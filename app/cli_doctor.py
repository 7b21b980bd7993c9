"""`reverie doctor`: what is wrong with a set of images, and a corrected copy of it."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli_options import option
from app.cli_report import Reporter
from app.cli_run import BAD_INPUT, OK
from app.cli_steps import StepCommand, argument, driven
from app.command_line import training_command
from engine.data.doctor.findings import known_fixes
from engine.data.doctor.need import Goal
from engine.data.doctor.params import ExamineParams
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.data.doctor.examining import Examination

HELP = """Say what is wrong with a set of images, and write a corrected copy of it.

The set itself is never changed. Exit code 2: there are errors that were not mended."""
ALL = "all"


def doctor_command() -> StepCommand:
    """The command."""
    fixes = typer.Option(
        "--fix", metavar="NAME", help="Mend this in a copy, or 'all'; may be given several times: "
        f"{', '.join(known_fixes())}.",
    )  # fmt: skip
    own = [
        argument(
            "source", Path, "Folder, list or table of images, or a dataset.json.", metavar="FOLDER"
        ),
        argument(
            "masks", Path | None, "Folder of masks, where it is another one.", metavar="[MASKS]",
            optional=True,
        ),
        inspect.Parameter(
            "fixes", inspect.Parameter.KEYWORD_ONLY, default=None,
            annotation=Annotated[list[str] | None, fixes],
        ),
        option("output", Path, "New folder for the corrected copy.", metavar="DIR"),
        option("report", Path, "Write what was found as HTML.", metavar="FILE"),
        option("goal", Goal, "Say too which method fits, and the command that trains it."),
    ]  # fmt: skip
    return StepCommand("doctor", own, ExamineParams, _doctor)


def _doctor(options: Mapping[str, Any], params: ExamineParams, reporter: Reporter) -> int:
    from engine.data.doctor.examining import examine
    from engine.data.doctor.repairing import repair
    from engine.data.doctor.report import write_report

    begun = time.monotonic()
    output, fixes = options["output"], options["fixes"] or []
    wanted = _wanted(fixes, output)
    found = driven(lambda: examine(options["source"], options["masks"], params), reporter)
    for finding in found.findings:
        reporter.found(finding)
    chosen = [finding for finding in found.findings if finding.fix in wanted]
    files: list[Path] = []
    changes: Sequence[Any] = ()
    if output is not None and not chosen:
        raise InputError(
            f"There is nothing in {options['source']} to mend by {', '.join(fixes)}.",
            "Leave --fix and --output out.",
        )
    if chosen:
        corrected = driven(lambda: repair(found, chosen, output), reporter)
        files.append(corrected.path)
        changes = corrected.changes
    if options["report"] is not None:
        write_report(options["report"], found, changes)
        files.append(options["report"])
    if options["goal"] is not None:
        _suggest(found, options["goal"], reporter)
    layout = found.layout
    figures = {
        "layout": layout.title, "cases": len(found.looks), "patients": len(found.patients),
        "changes": len(changes),
    }  # fmt: skip
    reporter.finished(found.summary(), files, time.monotonic() - begun, figures)
    left = [finding for finding in found.of("error") if finding not in chosen]
    return BAD_INPUT if left else OK


def _suggest(found: Examination, goal: Goal, reporter: Reporter) -> None:
    """Tell the method that fits best with the command that trains it, or why none does."""
    from engine import methods
    from engine.data.doctor.need import need_of

    for method, told in methods.suggestions(need_of(found, goal)):
        if not told.fit:
            reporter.suggested(method.title, 0.0, told.why)
            continue
        task = method.task(told.task)
        params = task.params.parse({**task.preset(told.preset), **told.values})
        inputs = {**told.inputs, "output": Path("RUN")}
        command = training_command(method, task, params, inputs, told.preset)
        reporter.suggested(method.title, told.fit, f"{told.why} {told.after}".strip(), command)


def _wanted(fixes: Sequence[str], output: Path | None) -> set[str]:
    """The fixes that are asked for, by name.

    Raises:
        InputError: there is no such fix, or no place for the copy.
    """
    known = known_fixes()
    if unknown := [name for name in fixes if name not in (*known, ALL)]:
        raise InputError(
            f"There is no fix {unknown[0]!r}.", f"Choose 'all' or of: {', '.join(known)}."
        )
    if bool(fixes) != (output is not None):
        raise InputError(
            "A corrected copy needs both, what to mend and where the copy goes.",
            "Give --fix NAME (or --fix all) and --output DIR.",
        )
    return set(known) if ALL in fixes else set(fixes)
