"""Parameters of the evaluation; loads no torch."""

from __future__ import annotations

from typing import Literal

from engine.parameters import MAX_SEED, Parameters, parameter
from engine.scoring.params import keeping

Part = Literal["test", "validation", "train", "all"]
PARTS = {
    "test": "Test cases of the split", "validation": "Validation cases of the split",
    "train": "Training cases of the split", "all": "All cases: none was trained on",
}  # fmt: skip


class EvaluateParams(Parameters):
    """Compare what a checkpoint finds with labels: Dice, IoU, HD95, and what its doubt is worth."""

    checkpoint: str = parameter(
        "hippocampus", "Checkpoint", "A bundled, trained or imported model, or a .safetensors "
        "file.", kind="choice",
    )  # fmt: skip
    part: Part = parameter(
        "test", "Cases", "Which part of the run's split; all where there is no split.",
        choices=PARTS,
    )  # fmt: skip
    votes: int = parameter(
        0, "Votes", "Runs that vote on every voxel; 0 takes as many as the paper does.",
        ge=0, le=1000,
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", "The same seed gives the same figures.", kind="seed", ge=0, le=MAX_SEED
    )
    thorough: bool = parameter(
        False, "Thorough", "Windows of a volume overlap from slice to slice too, as in the paper.",
        advanced=True,
    )  # fmt: skip
    turn: bool = parameter(
        False, "Turn votes", "Each vote sees the image turned or mirrored another way: errs less "
        "where no side is up, such as under a microscope; not for organs that have a side.",
        advanced=True,
    )  # fmt: skip
    renumber: bool = parameter(
        False, "Renumber labels", "Where they are not 0 to K-1: give them these numbers in order.",
        advanced=True,
    )  # fmt: skip
    keep_labels: bool = keeping()
    channel: int = parameter(
        0, "Channel", "Which of several that a case has.", ge=0, le=63, advanced=True
    )
    patient_pattern: str = parameter(
        "", "Patient pattern", "Regular expression whose first group names the patient; a guess "
        "by usual names where empty.", advanced=True,
    )  # fmt: skip
