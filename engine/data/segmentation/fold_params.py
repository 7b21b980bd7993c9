"""Parameters of a training that validates in folds; every method asks for them alike."""

from __future__ import annotations

from typing import Any

from engine.parameters import parameter

MOST_FOLDS = 20


def folds() -> Any:
    """How many folds there are."""
    return parameter(
        0, "Folds", "Parts that the patients who are not tested on are cut into, one of which "
        "validates in place of a share; 0 none.", ge=0, le=MOST_FOLDS, group="Cases", advanced=True,
    )  # fmt: skip


def fold() -> Any:
    """Which of them validates."""
    return parameter(
        1, "Fold", "Which of the folds validates; with all of them every patient does once.",
        ge=1, le=MOST_FOLDS, group="Cases", advanced=True,
    )  # fmt: skip
