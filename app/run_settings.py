"""What the runs of a table differ in: their settings side by side, in the words of the forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.method import Task
from engine.methods import METHODS
from engine.parameters import ParameterInfo, describe
from engine.training.listing import RunSummary

NOT_THERE = "–"


@dataclass(frozen=True)
class SettingRow:
    """One setting of several runs.

    Attributes:
        name: As the run file has it.
        label: For people.
        values: Of the runs in their order, as they are written; "–" where a run has none.
    """

    name: str
    label: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


def task_of(run: RunSummary) -> Task | None:
    """The task that made a run; None where nothing here does."""
    for method in METHODS:
        for task in method.tasks:
            if (method.id, task.name) == (run.method, run.task):
                return task
    return None


def method_title(run: RunSummary) -> str:
    """How a run's method is called."""
    return next((m.title for m in METHODS if m.id == run.method), run.method)


def task_title(run: RunSummary) -> str:
    """How a run's task is called."""
    task = task_of(run)
    return task.title if task is not None else run.task


def side_by_side(runs: Sequence[RunSummary]) -> tuple[SettingRow, ...]:
    """Method, inputs and parameters of runs; a parameter that a run file does not name has its
    default, as a training takes it."""
    rows = [
        _row("method", "Method", [method_title(run) for run in runs]),
        _row("task", "Stage", [task_title(run) for run in runs]),
    ]
    for name in _names(run.inputs for run in runs):
        values = [run.inputs.get(name, NOT_THERE) for run in runs]
        rows.append(_row(name, f"Input {name.replace('_', ' ')}", values))
    infos = [_infos(run) for run in runs]
    given = [
        {**{name: info.default for name, info in known.items()}, **run.parameters}
        for run, known in zip(runs, infos, strict=True)
    ]
    for name in _names(given):
        told = next((known[name] for known in infos if name in known), None)
        unit = f" ({told.unit})" if told is not None and told.unit else ""
        label = f"{told.label}{unit}" if told is not None else name
        values = [
            _plain(values[name], known.get(name)) if name in values else NOT_THERE
            for values, known in zip(given, infos, strict=True)
        ]
        rows.append(_row(name, label, values))
    return tuple(rows)


def command_of(run: RunSummary) -> str:
    """The command line that trains the same anew, in a folder of its own.

    Raises:
        InputError: nothing here trains so, or its parameters cannot be used.
    """
    from app.command_line import training_command

    for method in METHODS:
        for task in method.tasks:
            if (method.id, task.name) == (run.method, run.task):
                params = task.params.parse(dict(run.parameters))
                given = {n: Path(v) for n, v in run.inputs.items() if n in task.inputs}
                output = run.path.with_name(f"{run.path.name}-again")
                return training_command(method, task, params, {**given, "output": output})
    raise InputError(
        f"Nothing here trains {run.method or 'a run of no method'} {run.task}.".replace(" .", "."),
        "Its settings are in its run.toml.",
    )


def _row(name: str, label: str, values: Sequence[str]) -> SettingRow:
    return SettingRow(name, label, tuple(values))


def _names(given: Any) -> list[str]:
    """All names, in the order in which they first come."""
    found: dict[str, None] = {}
    for names in given:
        found |= dict.fromkeys(names)
    return list(found)


def _infos(run: RunSummary) -> Mapping[str, ParameterInfo]:
    task = task_of(run)
    return {} if task is None else {info.name: info for info in describe(task.params)}


def _plain(value: Any, info: ParameterInfo | None) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    label = dict(info.choices).get(str(value)) if info is not None else None
    if label is not None:
        return label
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if value != "" else NOT_THERE
