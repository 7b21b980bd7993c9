"""`reverie runs`: the training runs of folders in a table, or their settings side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.cli_columns import columns
from app.cli_report import Reporter
from app.cli_run import OK, guarded
from app.run_settings import SettingRow, method_title, side_by_side, task_title
from engine.errors import InputError
from engine.training.listing import RunSummary, Standing, find_runs, summarise
from engine.training.notes import write_notes
from widgets.panels.wording import duration, file_size

HELP = """List the training runs in folders: how far they are, what they found, how long they took.

With --compare: the settings of two or more runs side by side, those that differ first."""

Order = Literal["started", "name", "method", "state", "iterations", "best", "data", "took", "size"]
FALLING = ("started", "iterations", "best", "took", "size")
HEADS = ("NAME", "METHOD", "STATE", "ITERATIONS", "BEST", "DATA", "STARTED", "TOOK", "SIZE")


def runs(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER", help="Runs, or folders with runs in them.")
    ],
    compare: Annotated[
        bool, typer.Option("--compare", help="Settings side by side, those that differ first.")
    ] = False,
    sort: Annotated[Order, typer.Option(help="Order of the table.")] = "started",
    contains: Annotated[
        str, typer.Option(metavar="TEXT", help="Only runs whose name, data or notes hold this.")
    ] = "",
    method: Annotated[str | None, typer.Option(help="Only runs of this method.")] = None,
    state: Annotated[Standing | None, typer.Option(help="Only runs in this state.")] = None,
    note: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Keep this as the notes of the one run that is named."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")] = False,
) -> None:
    """The command."""
    body = partial(
        list_runs, folders, as_json=as_json, compare=compare, sort=sort, contains=contains,
        method=method, state=state, note=note,
    )  # fmt: skip
    raise typer.Exit(guarded(Reporter(as_json=False), "reverie runs", body, debug=debug))


def list_runs(
    folders: Sequence[Path], *, as_json: bool, compare: bool, sort: Order, contains: str,
    method: str | None, state: Standing | None, note: str | None,
) -> int:  # fmt: skip
    """Print what is asked for; returns the exit code.

    Args:
        folders: Runs, or folders with runs in them.
        contains: Text that what the table says of a run has to hold.
        method, state: Only runs of these.
        note: Keep this as the notes of the one run that is named, "" for none.

    Raises:
        InputError: a folder cannot be read, or it holds not what is asked for.
    """
    runs = [summarise(path) for folder in folders for path in find_runs(folder.absolute())]
    if note is not None:
        if len(runs) != 1:
            raise InputError(
                f"Notes are kept of one run, and these are {len(runs)}.", "Name one run folder."
            )
        write_notes(runs[0].path, note)
        runs = [summarise(runs[0].path)]
    if compare:
        return _compare(runs, as_json=as_json)
    kept = [
        run for run in runs
        if method in (None, run.method) and state in (None, run.standing)
        and contains.strip().casefold() in told_of(run)
    ]  # fmt: skip
    kept.sort(key=lambda run: _key(run, sort), reverse=sort in FALLING)
    if as_json:
        print(json.dumps({"runs": [as_values(run) for run in kept]}, indent=1))
        return OK
    if not kept:
        print("There are no such runs." if runs else "There are no runs.")
        return OK
    print("\n".join(columns([HEADS, *(_cells(run) for run in kept)])))
    for run in kept:
        if run.problem:
            print(f"\n{run.path.name}: {run.problem}")
    return OK


def told_of(run: RunSummary) -> str:
    """What a filter's text is looked for in, in small letters."""
    best = run.best.name if run.best is not None else ""
    parts = (run.path.name, run.method, method_title(run), task_title(run), best)
    return "\n".join((*parts, *run.inputs.values(), run.notes)).casefold()


def as_values(run: RunSummary) -> dict[str, Any]:
    """A run as JSON has it; times in seconds, sizes in bytes."""
    best = run.best
    return {
        "path": str(run.path), "method": run.method, "task": run.task, "state": run.standing,
        "iterations": {"done": run.done, "of": run.total},
        "best": None if best is None
        else {"name": best.name, "value": best.value, "iteration": best.iteration},
        "inputs": dict(run.inputs), "parameters": dict(run.parameters),
        "started": run.started, "took": run.took, "written": run.written, "bytes": run.size,
        "notes": run.notes.strip(), "problem": run.problem,
    }  # fmt: skip


def _compare(runs: Sequence[RunSummary], *, as_json: bool) -> int:
    if len(runs) < 2:
        raise InputError(
            "There is nothing to compare: only one run is named."
            if runs else "There is nothing to compare: there are no runs.",
            "Name two or more run folders.",
        )  # fmt: skip
    for run in runs:
        if run.problem:
            raise InputError(run.problem, f"Leave {run.path.name} out.")
    rows = side_by_side(runs)
    other, same = [r for r in rows if r.differs], [r for r in rows if not r.differs]
    if as_json:
        found = {
            "runs": [as_values(run) for run in runs],
            "differs": {r.name: list(r.values) for r in other},
            "same": {r.name: r.values[0] for r in same},
        }
        print(json.dumps(found, indent=1))
        return OK
    lines: list[Sequence[str]] = [("", *(run.path.name for run in runs))]
    lines += [("Done", *(_iterations(run) for run in runs))]
    lines += [("Best", *(_best(run) for run in runs))]
    lines += [("Took", *(_took(run) for run in runs))]
    lines += [(row.label, *row.values) for row in other]
    print("\n".join(columns(lines)))
    print(f"\n{_counted(same)} the same" + (":" if same else ""))
    if same:
        print("\n".join(columns([(f"  {row.label}", row.values[0]) for row in same])))
    return OK


def _counted(rows: Sequence[SettingRow]) -> str:
    return "1 setting is" if len(rows) == 1 else f"{len(rows)} settings are"


def _key(run: RunSummary, sort: str) -> Any:
    keys: Mapping[str, Any] = {
        "started": run.started, "name": run.path.name.casefold(), "data": run.data.casefold(),
        "method": (run.method, run.task), "state": run.standing, "iterations": run.done,
        "best": run.best.value if run.best is not None else float("-inf"), "took": run.took,
        "size": run.size,
    }  # fmt: skip
    return keys[sort]


def _cells(run: RunSummary) -> tuple[str, ...]:
    started = datetime.fromtimestamp(run.started).strftime("%Y-%m-%d %H:%M") if run.started else ""
    return (
        run.path.name, f"{run.method} {run.task}".strip(), run.standing, _iterations(run),
        _best(run), run.data, started, _took(run), file_size(run.size) if run.size else "",
    )  # fmt: skip


def _iterations(run: RunSummary) -> str:
    return f"{run.done:,} of {run.total:,}" if run.total else f"{run.done:,}"


def _best(run: RunSummary) -> str:
    return f"{run.best.name} {run.best.value:.4g}" if run.best is not None else ""


def _took(run: RunSummary) -> str:
    return duration(run.took) if run.took else ""
