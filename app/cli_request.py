"""From options and run files to a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import CheckpointError, InputError
from engine.jobs import InputValue, Job
from engine.method import Method, Task
from engine.parameters import Parameters, describe

IMAGE_INPUTS = ("mask", "template")
"""Inputs that tasks take as arrays; all others are paths, or text."""

TEXT_INPUTS = {"region": "I,J,K", "part": "NAME"}
"""With what stands for the text in the help."""

PICKLES = (".pkl", ".pickle")
RUN_KEYS = ("method", "task", "preset", "parameters", "inputs", "output")


@dataclass(frozen=True)
class Offer:
    """One command: the tasks that it can start, each with its method."""

    command: str
    choices: tuple[tuple[Method, Task], ...]

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(task for _, task in self.choices)

    @property
    def staged(self) -> bool:
        """Whether `--stage` chooses among tasks of one method."""
        return any(self.command not in (task.name, task.folder_of) for task in self.tasks)


@dataclass(frozen=True, eq=False)
class Request:
    """What the command line asks for.

    Attributes:
        job: What to run.
        output: Where the command line writes the result; None where the job does it itself.
        notes: What was done to the inputs.
    """

    job: Job
    output: Path | None
    notes: tuple[str, ...]


def narrowed(offer: Offer, arguments: Sequence[str]) -> Offer:
    """What help on a method, or on a stage, is about: of the options of all few belong to it."""
    asked = dict(pairwise(arguments))
    asked |= dict(a.split("=", 1) for a in arguments if a.startswith("--") and "=" in a)
    if not {"-h", "--help"} & set(arguments):
        return offer
    method, stage = asked.get("--method"), asked.get("--stage")
    kept = [
        (found, task) for found, task in offer.choices
        if method in (None, found.id) and stage in (None, task.name)
    ]  # fmt: skip
    return replace(offer, choices=tuple(kept)) if kept else offer


def resolve(offer: Offer, options: Mapping[str, Any]) -> Request:
    """The job that options, a preset and a run file ask for; earlier named ones win.

    Raises:
        InputError: says which option, file or parameter cannot be used, and why.
    """
    run = _run_file(options)
    method, task = _choose(offer, options, run)
    preset = options.get("preset") or run.get("preset")
    values = dict(run["parameters"])
    if preset:
        # A preset named on the command line is newer than what the run file says.
        chosen = task.preset(preset)
        values = values | chosen if options.get("preset") else chosen | values
    given = {i.name for t in offer.tasks for i in describe(t.params)}
    values |= {n: options[n] for n in sorted(given) if options.get(n) is not None}
    params = task.params.parse(_known(values, task, given, offer))
    paths = _paths(offer, options, run, task)
    inputs, files, notes = _read_inputs(task, paths, options)
    output = paths.get("output") if "output" not in task.inputs else None
    dry = bool(options.get("estimate"))
    job = Job(method.id, task.name, params, inputs, task.title, dry=dry, files=files)
    return Request(job, output, (*notes, *(() if preset else _advice(task, params, values))))


def _advice(task: Task, params: Parameters, given: Mapping[str, Any]) -> tuple[str, ...]:
    """That a checkpoint was measured with a preset, where nothing that it sets was asked for."""
    from engine import library
    from engine.training.checkpoint import read_card

    name = getattr(params, "checkpoint", "")
    if not name or not task.presets:
        return ()
    try:
        advised = read_card(library.find(name)).preset
    except CheckpointError:
        return ()  # the job says what is wrong with it
    if advised not in task.presets or set(task.presets[advised]) & set(given):
        return ()
    return (f"{name} was measured with --preset {advised}; other values may serve it worse.",)


def _run_file(options: Mapping[str, Any]) -> dict[str, Any]:
    """The checked content of the run file; empty where there is none."""
    path = options.get("run_file")
    output = options.get("output")
    if path is None and options.get("resume") and output is not None:
        path = output
    return {"parameters": {}, "inputs": {}} if path is None else read_run_file(path)


def read_run_file(path: Path) -> dict[str, Any]:
    """The checked content of a run file or of a run folder's, with absolute paths.

    Raises:
        InputError: it cannot be read, or holds what no run file has; says what.
    """
    from engine.training.runs import read_request

    run = read_request(path)
    file = path / "run.toml" if path.is_dir() else path
    if unknown := sorted(set(run) - set(RUN_KEYS)):
        raise InputError(
            f"The run file {file} has unknown entries: {', '.join(unknown)}.",
            f"Known are: {', '.join(RUN_KEYS)}.",
        )
    run.setdefault("parameters", {})
    run.setdefault("inputs", {})
    for key in RUN_KEYS:
        wanted = dict if key in ("parameters", "inputs") else str
        if key in run and not isinstance(run[key], wanted):
            what = "a table" if wanted is dict else "a text"
            raise InputError(f"In the run file {file}, {key} is not {what}.", "Correct it.")
    if "output" in run:
        run["inputs"]["output"] = run.pop("output")
    for name, value in run["inputs"].items():
        if not isinstance(value, str):
            raise InputError(f"In the run file {file}, input {name} is no path.", "Correct it.")
    folder = file.resolve().parent
    run["inputs"] = {
        n: v if n in TEXT_INPUTS else folder / Path(v) for n, v in run["inputs"].items()
    }
    return run


def _choose(
    offer: Offer, options: Mapping[str, Any], run: Mapping[str, Any]
) -> tuple[Method, Task]:
    name = options.get("method") or run.get("method")
    stage = options.get("stage") or run.get("task") or (None if offer.staged else offer.command)
    if run.get("task") and run["task"] != stage:
        raise InputError(
            f"The run file asks for the task {run['task']!r}, the command line for {stage!r}.",
            "Leave one of them out.",
        )
    fitting = [c for c in offer.choices if name in (None, c[0].id) and stage in (None, c[1].name)]
    if len(fitting) > 1 and name is None:
        wanted = _method_of_checkpoint(options, run)
        fitting = [choice for choice in fitting if wanted in ("", choice[0].id)]
    if len(fitting) == 1:
        method, task = fitting[0]
        return method, _for_folder(method, task, options, run)
    if offer.staged:
        what = f"{name or 'no method'}, {stage or 'no stage'}"
        choices = ", ".join(f"{m.id} {t.name}" for m, t in offer.choices)
    else:
        # Which of a method's tasks it is, a file or a folder says, or a run file.
        what = ", ".join(filter(None, (name or "no method", run.get("task"))))
        choices = ", ".join(dict.fromkeys(m.id for m, _ in offer.choices))
    raise InputError(
        f"`reverie {offer.command}` cannot tell what to run from: {what}.",
        f"Give --method{' and --stage' if offer.staged else ''}; there are: {choices}.",
    )


def _method_of_checkpoint(options: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """The method of the checkpoint that is named; "" where none is."""
    from engine import library
    from engine.training.checkpoint import read_card

    named = options.get("checkpoint") or run["parameters"].get("checkpoint")
    return read_card(library.find(str(named))).method if named else ""


def _for_folder(
    method: Method, task: Task, options: Mapping[str, Any], run: Mapping[str, Any]
) -> Task:
    """The task for all images of a folder, where a folder is to go into a folder."""
    named = {n: options.get(n) or run["inputs"].get(n) for n in ("input", "output")}
    if not all(named.values()):
        return task
    source, target = (Path(named[n]).expanduser() for n in ("input", "output"))
    if not source.is_dir() or (target.suffix and not target.is_dir()):
        return task
    return next((other for other in method.tasks if other.folder_of == task.name), task)


def _known(values: dict[str, Any], task: Task, all_names: set[str], offer: Offer) -> dict[str, Any]:
    own = {i.name for i in describe(task.params)}
    if foreign := sorted(n for n in values if n in all_names - own):
        flags = ", ".join(f"--{n.replace('_', '-')}" for n in foreign)
        other = "stage" if offer.staged else "method or input"
        raise InputError(
            f"{task.title} has no {flags}.", f"Leave it out, or choose another {other}."
        )
    return values


def _paths(
    offer: Offer, options: Mapping[str, Any], run: Mapping[str, Any], task: Task
) -> dict[str, Path]:
    """The inputs and the output as absolute paths, or text; those that must be there are."""
    names = dict.fromkeys(n for t in offer.tasks for n in (*t.inputs, "output"))
    given = {n: _as_given(n, options[n]) for n in names if options.get(n)}
    own = {*task.inputs, "output"}
    if foreign := sorted(set(given) - own | set(run["inputs"]) - own):
        raise InputError(
            f"{task.title} takes no {', '.join(foreign)}.",
            f"It takes: {', '.join(n for n in names if n in own)}.",
        )
    paths = {**run["inputs"], **given}
    if options.get("estimate"):
        own -= {"output"}  # its run is thrown away
    if missing := [n for n in names if n in own and n not in paths and not _optional(n, task)]:
        if missing == ["masks"] and paths["images"].suffix.lower() in PICKLES:
            return paths  # one file holds both
        raise InputError(
            f"{task.title} needs {' and '.join(missing)}.",
            f"Give {', '.join(f'--{n} PATH' for n in missing)}.",
        )
    return paths


def _as_given(name: str, value: Any) -> Any:
    return value if name in TEXT_INPUTS else Path(value).expanduser().absolute()


def _optional(name: str, task: Task) -> bool:
    known = name == "template" or (name, task.name) == ("mask", "grow")
    return known or name in task.optional


def _read_inputs(
    task: Task, paths: Mapping[str, Path], options: Mapping[str, Any]
) -> tuple[dict[str, InputValue], dict[str, Path], tuple[str, ...]]:
    from engine.data.images import read_image, read_mask

    inputs: dict[str, InputValue] = {}
    files = {n: paths[n] for n in task.inputs if n in IMAGE_INPUTS and n in paths}
    notes: list[str] = []
    for name in task.inputs:
        if name not in paths:
            continue
        if name == "mask":
            mask = read_mask(paths[name])
            inputs[name] = mask.mask
            notes += [f"{paths[name].name}: {note}" for note in mask.notes]
        elif name in IMAGE_INPUTS:
            inputs[name] = read_image(paths[name]).array
        else:
            inputs[name] = paths[name]
    if task.name == "grow" and "mask" not in inputs:
        side = options.get("size") or 384
        inputs["mask"] = np.zeros((side, side), np.uint8)
    return inputs, files, tuple(notes)


def refuse_second_run(job: Job, resume: bool) -> None:
    """A run folder is continued only when that is asked for.

    Raises:
        InputError: the folder holds a run and `--resume` is not given, or the reverse.
    """
    folder = job.inputs.get("output")
    if not isinstance(folder, Path):
        return
    exists = (folder / "run.toml").exists()
    if exists and not resume:
        raise InputError(
            f"{folder} holds a run already.", "Add --resume to continue it, or choose a new folder."
        )
    if resume and not exists:
        raise InputError(f"{folder} holds no run to continue.", "Leave --resume out.")


def offers(methods: Sequence[Method]) -> tuple[Offer, ...]:
    """The commands: one a task, but one for all that is trained."""
    found: dict[str, list[tuple[Method, Task]]] = {}
    for method in methods:
        for task in method.tasks:
            command = "train" if task.workspace == "train" else task.folder_of or task.name
            found.setdefault(command, []).append((method, task))
    return tuple(Offer(command, tuple(choices)) for command, choices in found.items())
