"""From a form, or from a run that is to go on, to the job that trains."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from engine import methods
from engine.errors import InputError
from engine.jobs import InputValue, Job
from engine.method import Method, Task
from engine.methods import METHODS
from engine.training.facts import holds_run, is_held

OUTPUT, CHECKPOINT, ITERATIONS = "output", "checkpoint", "iterations"
LABELLED = "labelled_cases"
WORKSPACE = "train"


@dataclass(frozen=True, eq=False)
class Trainer:
    """A method with one of its tasks that train, or that prepare a training."""

    method: Method
    task: Task

    @property
    def key(self) -> str:
        """For settings."""
        return f"{self.method.id}/{self.task.name}"

    @property
    def title(self) -> str:
        return f"{self.method.title} · {self.task.title}"

    @property
    def segments(self) -> bool:
        """Whether images can be segmented with what comes of it."""
        return any(task.workspace == "segment" for task in self.method.tasks)

    @property
    def makes_run(self) -> bool:
        """Whether its output is a run, to be continued and looked at."""
        return ITERATIONS in self.task.params.model_fields

    @property
    def parts_patients(self) -> bool:
        """Whether its parameters name those that are labelled."""
        return LABELLED in self.task.params.model_fields


class WrongInputs(InputError):
    """Inputs that cannot be used.

    Attributes:
        found: Input -> what is wrong with it.
    """

    def __init__(self, found: Mapping[str, str]) -> None:
        super().__init__("Some inputs cannot be used.", "Correct what is marked.")
        self.found = dict(found)


def trainers(known: Sequence[Method] = METHODS) -> tuple[Trainer, ...]:
    """Those that there are, in the order of the methods."""
    return tuple(
        Trainer(method, task)
        for method in known
        for task in method.tasks
        if task.workspace == WORKSPACE
    )


def runs_folder() -> Path:
    """Where runs go unless the user says otherwise; not made here."""
    return user_data_path("reverie") / "runs"


def suggested_folder(trainer: Trainer, images: Path | None) -> Path:
    """A folder that is not there yet, named after the method and the images."""
    parts = [trainer.method.id]
    if trainer.task.name != WORKSPACE:
        parts.append(trainer.task.name.removeprefix("train-"))
    if images is not None:
        parts.append(re.sub(r"[^\w.-]+", "-", images.stem or images.name).strip("-."))
    wanted = runs_folder() / "-".join(part for part in parts if part)
    candidate, number = wanted, 1
    while candidate.exists():
        number += 1
        candidate = wanted.with_name(f"{wanted.name}-{number}")
    return candidate


def check_inputs(trainer: Trainer, inputs: Mapping[str, Path | None]) -> dict[str, Path]:
    """The inputs as absolute paths; looks at the disk.

    Raises:
        WrongInputs: what is missing, is not there, or would be written over.
    """
    found: dict[str, Path] = {}
    wrong: dict[str, str] = {}
    for name in trainer.task.inputs:
        path = inputs.get(name)
        if path is None:
            if name not in trainer.task.optional and not _holds_masks(name, inputs):
                wrong[name] = "Choose a folder."
            continue
        found[name] = path.expanduser().absolute()
        reason = _output_trouble(found[name]) if name == OUTPUT else _input_trouble(found[name])
        if reason:
            wrong[name] = reason
    if wrong:
        raise WrongInputs(wrong)
    return found


def new_job(trainer: Trainer, params: Any, inputs: Mapping[str, Path]) -> Job:
    """A training from its start."""
    given: dict[str, InputValue] = dict(inputs)
    title = f"{trainer.method.title}: {inputs[OUTPUT].name}"
    return Job(trainer.method.id, trainer.task.name, params, given, title)


def job_of_run(folder: Path, iterations: int | None = None) -> Job:
    """The job that continues the run in a folder, as `reverie train --resume` makes it.

    Args:
        iterations: Of the whole run, where they are to be others.

    Raises:
        InputError: there is no run, another process trains in it, or it asks for what is not known.
    """
    from app.cli_request import read_run_file

    run = read_run_file(folder)
    if is_held(folder):
        raise InputError(f"Another process trains in {folder}.", "Wait for it, or stop it first.")
    method = methods.method(str(run.get("method", "")))
    task = method.task(str(run.get("task", "")))
    values = dict(run["parameters"])
    if iterations is not None:
        values[ITERATIONS] = iterations
    inputs: dict[str, InputValue] = {n: p for n, p in run["inputs"].items() if n in task.inputs}
    # Where the run lies now, whatever its folder was called when it began.
    inputs[OUTPUT] = folder.absolute()
    return Job(
        method.id, task.name, task.params.parse(values), inputs, f"{method.title}: {folder.name}"
    )


def _holds_masks(name: str, inputs: Mapping[str, Path | None]) -> bool:
    images = inputs.get("images")
    return name == "masks" and images is not None and images.suffix.lower() in (".pkl", ".pickle")


def _input_trouble(path: Path) -> str:
    try:
        if not path.exists():
            return f"{path.name or path} is not there."
        if path.is_dir() and not any(path.iterdir()):
            return f"{path.name} is empty."
    except OSError as error:
        return f"{path.name} cannot be read: {error.strerror}."
    return ""


def _output_trouble(path: Path) -> str:
    if path.exists() and not path.is_dir():
        return f"{path.name} is a file."
    if holds_run(path):
        return "This folder holds a run already. Open it to continue it, or choose another name."
    return ""
