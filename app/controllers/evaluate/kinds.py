"""What can be evaluated: results of any program, and checkpoints of the methods."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from engine import library
from engine.library import Entry
from engine.method import Method, Task
from engine.methods import METHODS
from engine.parameters import describe
from engine.scoring import tasks as scoring

CHECKPOINT, OUTPUT, REPORT = "checkpoint", "output", "report"
WORKSPACE = "evaluate"
LABELS = {
    "against": "Other model", "features": "FID weights", "synthetic": "Synthetic images",
    "training": "Training images", "masks": "Labels",
}  # fmt: skip
"""Input -> its title, where that is not its name."""


@dataclass(frozen=True, eq=False)
class Kind:
    """A task that evaluates."""

    method: Method
    task: Task

    @property
    def key(self) -> str:
        """For settings."""
        return f"{self.method.id}/{self.task.name}"

    @property
    def scores(self) -> bool:
        """Whether it judges results of any program."""
        return self.method is scoring.METHOD

    @property
    def title(self) -> str:
        if self.scores:
            return self.task.title
        return f"{self.method.title} checkpoint"

    def inputs(self) -> dict[str, str]:
        """Those that the user gives: name -> what it is."""
        return {n: about for n, about in self.task.inputs.items() if n not in (OUTPUT, REPORT)}

    def checkpoints(self) -> dict[str, Sequence[Entry]]:
        """Parameter -> the checkpoints that it may name."""
        known = {
            info.name for info in describe(self.task.params)
            if info.kind == "choice" and not info.choices
        }  # fmt: skip
        own = self.task.role or next(
            (
                task.role
                for task in self.method.tasks
                if task.role and task.workspace in ("segment", "translate")
            ),
            "segmenter",
        )
        return {
            name: library.entries(self.method.id, own if name == CHECKPOINT else name)
            for name in sorted(known)
        }


def kinds() -> tuple[Kind, ...]:
    """All there are, those of any program's results first."""
    return tuple(
        Kind(method, task)
        for method in (scoring.METHOD, *METHODS)
        for task in method.tasks
        if task.workspace == WORKSPACE
    )


def evaluations_folder() -> Path:
    """Where evaluations are kept; not made here."""
    return user_data_path("reverie") / "evaluations"


def new_file(title: str) -> Path:
    """A name for an evaluation that is not taken."""
    stem = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:80] or WORKSPACE
    wanted = evaluations_folder() / f"{stem}.json"
    number = 2
    while wanted.exists():
        wanted = wanted.with_name(f"{stem}-{number}.json")
        number += 1
    return wanted
