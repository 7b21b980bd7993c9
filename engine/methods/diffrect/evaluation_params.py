"""Parameters of DiffRect's evaluation; loads no torch."""

from __future__ import annotations

from typing import Literal

from engine.parameters import Parameters, parameter
from engine.scoring.params import keeping

Part = Literal["test", "validation", "train", "all"]
PARTS = {
    "test": "Test cases of the split", "validation": "Validation cases of the split",
    "train": "Training cases of the split, with a label or without",
    "all": "All cases: none was trained on",
}  # fmt: skip


class EvaluateParams(Parameters):
    """Compare what a checkpoint finds with labels: Dice, IoU, HD95, ASD, and its doubt's worth."""

    checkpoint: str = parameter(
        "", "Checkpoint", "A trained or imported model, or a .safetensors file.",
        kind="choice",
    )  # fmt: skip
    part: Part = parameter(
        "test", "Cases", "Which part of the run's split; all where there is no split.",
        choices=PARTS,
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
