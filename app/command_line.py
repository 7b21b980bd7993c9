"""The command line that asks for the same as a job of the window."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import methods
from engine.device import DeviceSettings
from engine.jobs import Job
from engine.method import Method, Task
from engine.parameters import describe

PROGRAM = "reverie"


def training_command(
    method: Method, task: Task, params: Any, inputs: Mapping[str, Path], preset: str = ""
) -> str:
    """`reverie train ...`, with what differs from the preset, or from the defaults.

    Args:
        params: Of the task's type.
        preset: One of the task's; "" for none.
    """
    return shlex.join([PROGRAM, *training_words(method, task, params, inputs, preset)])


def training_words(
    method: Method, task: Task, params: Any, inputs: Mapping[str, Path], preset: str = ""
) -> list[str]:
    """As `training_command`, without the program's name."""
    words = ["train", "--method", method.id, "--stage", task.name]
    base = {i.name: i.default for i in describe(task.params)}
    if preset:
        words += ["--preset", preset]
        base |= task.preset(preset)
    for name, path in inputs.items():
        words += [f"--{_flag(name)}", str(path)]
    values = params.model_dump()
    for name, usual in base.items():
        if values[name] != usual:
            words += _option(name, values[name])
    return words


def words_of(job: Job, *, resume: bool, device: DeviceSettings | None = None) -> list[str]:
    """As `training_words`, of a job.

    Args:
        resume: Whether it continues the run that its output holds.
        device: Where it runs, where that is not left to the program.
    """
    method = methods.method(job.method)
    inputs = {n: value for n, value in job.inputs.items() if isinstance(value, Path)}
    words = training_words(method, method.task(job.task), job.params, inputs)
    if resume:
        words.append("--resume")
    usual = DeviceSettings()
    for name in ("device", "precision", "threads"):
        if device is not None and getattr(device, name) != getattr(usual, name):
            words += [f"--{name}", f"{getattr(device, name)}"]
    return words


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{'' if value else 'no-'}{_flag(name)}"]
    return [f"--{_flag(name)}", f"{value}"]


def _flag(name: str) -> str:
    return name.replace("_", "-")
