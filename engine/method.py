"""What a method is: an identity, its tasks, and for each task its parameters and its generator."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import InputError
from engine.jobs import Job
from engine.parameters import Parameters
from engine.steps import Step

if TYPE_CHECKING:
    from engine.data.doctor.need import Need
    from engine.device import Context

Run = Callable[[Job, "Context"], Generator[Step, None, Any]]
Workspace = Literal["synthesize", "segment", "translate", "train", "evaluate", "models"]


@dataclass(frozen=True)
class Task:
    """One thing that a method can do.

    Attributes:
        name: As on the command line and in run files.
        title: As on screen.
        workspace: Where the window offers it.
        params: Its parameters.
        run: A generator function: yields steps, returns the result, cleans up when closed.
        inputs: Name -> one line of what the input is.
        optional: Names of inputs that may be left out.
        role: Of the checkpoints that it runs with, as their cards have it; "" where it needs none
            or finds them by itself.
        presets: Name -> the parameters that differ from the defaults.
        folder_of: The task of one image that this one does for all images of a folder; on the
            command line both are one command.
        denoises: Whether it shows the states between noise and one result on its way.
    """

    name: str
    title: str
    workspace: Workspace
    params: type[Parameters]
    run: Run
    inputs: Mapping[str, str] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    role: str = ""
    folder_of: str = ""
    denoises: bool = False

    def preset(self, name: str) -> dict[str, Any]:
        """The values of a preset.

        Raises:
            InputError: there is no such preset.
        """
        if name not in self.presets:
            raise InputError(
                f"{self.title} has no preset named {name!r}.",
                f"Choose one of: {', '.join(self.presets)}.",
            )
        return dict(self.presets[name])


@dataclass(frozen=True)
class Suggestion:
    """What a method says of a need.

    Attributes:
        fit: How well it fits, 0 (not at all) to 1.
        why: The reason, sentences for people.
        task: What to train.
        preset: What to begin with.
        inputs: Inputs of the task, but for its output.
        values: Parameters that follow from the data.
        after: What comes after this training, where one is not enough.
    """

    fit: float
    why: str
    task: str = ""
    preset: str = ""
    inputs: Mapping[str, Path] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""


@dataclass(frozen=True)
class Method:
    """A published method: identity and tasks.

    Attributes:
        fitting: What it says of somebody's data; None where it trains nothing.
    """

    id: str
    title: str
    summary: str
    paper: str
    tasks: tuple[Task, ...]
    fitting: Callable[[Need], Suggestion] | None = None

    def task(self, name: str) -> Task:
        """The task of that name.

        Raises:
            InputError: the method has no such task.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        raise InputError(
            f"{self.title} has no task named {name!r}.",
            f"Choose one of: {', '.join(t.name for t in self.tasks)}.",
        )
