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


@dataclass(frozen=True, eq=False)
class Constant:
    """An array that nobody writes to any more: a job takes it without a copy."""

    array: np.ndarray


InputValue = np.ndarray | Constant | Path | str | int | float | bool | None


@dataclass(frozen=True, eq=False)
class Job:
    """A request. Arrays are copied and made read-only, so what runs is what was asked for.

    A `Constant` given as an input becomes its array, read-only and not copied.

    Attributes:
        method: Identifier of a method, such as "adaptdiff".
        task: Name of one of the method's tasks, such as "synthesize".
        params: The task's parameters, the seed among them.
        inputs: Named inputs of the task: arrays, paths, plain values.
        title: One line for the jobs list.
        live: Made by drawing; a newer one makes it worthless.
        dry: Of a training, only a few iterations, whose run is thrown away: the result is an
            `engine.results.Estimate` of all of them.
        files: Of inputs that are arrays, the files that they were read from, for records.
    """

    method: str
    task: str
    params: Parameters
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    title: str = ""
    live: bool = False
    dry: bool = False
    files: Mapping[str, Path] = field(default_factory=dict)

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

    def bytes(self) -> dict[int, int]:
        """Memory that its arrays hold: bytes of each, by what names the memory."""
        roots = [_root(v) for v in self.inputs.values() if isinstance(v, np.ndarray)]
        return {id(root): root.nbytes for root in roots}

    def path(self, name: str) -> Path:
        """A required path input; a missing one is a programming error."""
        value = self.inputs[name]
        assert isinstance(value, Path), f"input {name!r} of {self.title} is no path"
        return value


def _freeze(value: Any) -> Any:
    if isinstance(value, Constant):
        shared = value.array.view()
        shared.setflags(write=False)
        return shared
    if not isinstance(value, np.ndarray):
        return value
    copy = np.array(value, copy=True)
    copy.setflags(write=False)
    return copy


def _root(array: np.ndarray) -> np.ndarray:
    """The array that a view looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
