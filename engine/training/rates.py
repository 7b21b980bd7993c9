"""Learning rates that were changed while a run trained: rates.json. Loads no torch.

A change is written before it holds, with the iteration from which on it does. So a run that was
killed comes again to the same rates at the same iterations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.data.atomic import write_atomic
from engine.errors import InputError

FILE = "rates.json"
MOST_BYTES = 10_000_000
BASES = ("lr", "lr_generator")
"""What methods call the learning rate that a run begins with."""


class Change(BaseModel):
    """The rate `lr` holds once `after` iterations are done; the schedule goes on from it."""

    model_config = ConfigDict(frozen=True)

    after: int = Field(ge=0)
    lr: float = Field(gt=0, allow_inf_nan=False)


class Rates(BaseModel):
    """The changes of a run.

    Attributes:
        base: The rate that it was asked to begin with when they were made. Where another one is
            asked for later, they are void.
        changes: The oldest first.
    """

    model_config = ConfigDict(frozen=True)

    base: float
    changes: tuple[Change, ...] = ()

    def changed(self, after: int, lr: float) -> Rates:
        """With one more change."""
        kept = tuple(c for c in self.changes if c.after < after)
        return Rates(base=self.base, changes=(*kept, Change(after=after, lr=lr)))

    def up_to(self, iteration: int) -> Rates:
        """Without what was changed after so many iterations."""
        kept = tuple(c for c in self.changes if c.after <= iteration)
        return Rates(base=self.base, changes=kept)

    def factor(self, iteration: int, rate: Callable[[int], float]) -> tuple[float, float]:
        """The rate at the last change before a 0-based iteration, and the scheduled one there.

        Scheduled rates are taken from the second to the first; (1, 1) without a change.

        Args:
            rate: Of an iteration, by the schedule alone.
        """
        held = [change for change in self.changes if change.after <= iteration]
        return (held[-1].lr, rate(held[-1].after)) if held else (1.0, 1.0)


def read_rates(run: Path, base: float) -> Rates:
    """What the file of a run says; no changes where it is of another rate to begin with.

    Raises:
        InputError: the file cannot be read: the run would not be what it was.
    """
    file = run / FILE
    if not file.exists():
        return Rates(base=base)
    try:
        with file.open("rb") as opened:
            found = Rates.model_validate_json(opened.read(MOST_BYTES))
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{file} cannot be read, which says how the learning rate was changed.",
            "Restore it, or remove it to go on with the rate that the run began with.",
        ) from error
    return found if found.base == base else Rates(base=base)


def change_later(run: Path, parameters: Mapping[str, Any], saved: int, lr: float) -> str:
    """Let a run that stands go on with another rate; returns what is to be told.

    Args:
        parameters: As in its request.
        saved: The iteration that it is continued from.

    Raises:
        InputError: its request names no learning rate, or rates.json cannot be read.
        DiskError: the folder cannot be written.
    """
    base = next((parameters[name] for name in BASES if name in parameters), None)
    if not isinstance(base, int | float):
        raise InputError(
            f"The run in {run} does not say with which learning rate it began.",
            "Begin a new one with the rate that is wanted.",
        )
    write_rates(run, read_rates(run, float(base)).changed(saved, lr))
    return f"The learning rate is {lr:g} once the run goes on, after iteration {saved}."


def write_rates(run: Path, rates: Rates) -> None:
    """Replace the file.

    Raises:
        DiskError: the folder cannot be written.
    """
    write_atomic(run / FILE, rates.model_dump_json(indent=1).encode())
