"""Parameters of a training that judges itself as it goes; every method asks for them alike."""

from __future__ import annotations

from typing import Any

from engine.parameters import parameter

MOST_VALIDATIONS = 10_000


def patience() -> Any:
    """When it ends early."""
    return parameter(
        0, "Patience", "Validations without a better one after which the training ends early; 0 "
        "never.", ge=0, le=MOST_VALIDATIONS, advanced=True,
    )  # fmt: skip


def best_by_structure() -> Any:
    """Whose Dice tells the best weights; see `engine.training.figures.best_dice`."""
    return parameter(
        "", "Best by", "The structure whose Dice on held-out cases tells which weights are best, "
        "by its name; lowest for that of the worst one; the mean of all where empty.",
        advanced=True,
    )  # fmt: skip


def best_by(figures: tuple[str, ...]) -> Any:
    """Which figure tells the best weights.

    Args:
        figures: Those that there are, the usual one first; higher is better for all.
    """
    shown = {name: name.capitalize() for name in figures}
    return parameter(
        figures[0], "Best by", "The figure on held-out cases that tells which weights are best.",
        choices=shown, advanced=True,
    )  # fmt: skip
