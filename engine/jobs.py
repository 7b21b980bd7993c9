"""What is asked of the engine: one frozen object with everything in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.parameters import Parameters


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


InputValue = np.ndarray | Path | str | int | float | bool | None


@dataclass(frozen=True, eq=False)
class Job:
    """A request. Arrays are copied and made read-only, so what runs is what was asked for.

    Attributes:
        method: Identifier of a method, such as "adaptdiff".
        task: Name of one of the method's tasks, such as "synthesize".
        params: The task's parameters, the seed among them.
        inputs: Named inputs of the task: arrays, paths, plain values.
        title: One line for the jobs list.
        live: Made by drawing; a newer one makes it worthless.
    """

    method: str
    task: str
    params: Parameters
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    title: str = ""
    live: bool = False

    def __post_init__(self) -> None:
        frozen = {name: _freeze(value) for name, value in self.inputs.items()}
        object.__setattr__(self, "inputs", MappingProxyType(frozen))
        if not self.title:
            object.__setattr__(self, "title", f"{self.method} {self.task}")

    def array(self, name: str) -> np.ndarray:
        """A required array input; a missing one is a programming error."""
        value = self.inputs[name]
        assert isinstance(value, np.ndarray), f"input {name!r} of {self.title} is no array"
        return value

    def path(self, name: str) -> Path:
        """A required path input; a missing one is a programming error."""
        value = self.inputs[name]
        assert isinstance(value, Path), f"input {name!r} of {self.title} is no path"
        return value


def _freeze(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    copy = np.array(value, copy=True)
    copy.setflags(write=False)
    return copy
