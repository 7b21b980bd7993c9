"""The command line that asks for the same as a job of the window."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    words = [PROGRAM, "train", "--method", method.id, "--stage", task.name]
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
    return shlex.join(words)


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{'' if value else 'no-'}{_flag(name)}"]
    return [f"--{_flag(name)}", f"{value}"]


def _flag(name: str) -> str:
    return name.replace("_", "-")
