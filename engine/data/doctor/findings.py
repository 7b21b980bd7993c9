"""What a check of a set can say, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Severity = Literal["error", "warning", "note"]
Check = Literal[
    "pairs", "files", "shape", "place", "spacing", "orientation", "labels", "balance", "values",
    "constant", "copies", "colour", "depth", "patients", "number",
]  # fmt: skip
CHECKS: Mapping[Check, str] = {
    "pairs": "Images and masks",
    "files": "Files that cannot be read",
    "shape": "Sizes",
    "place": "Place of masks (affine, origin)",
    "spacing": "Voxel size",
    "orientation": "Orientation",
    "labels": "Label values",
    "balance": "Balance of classes",
    "values": "NaN and infinity",
    "constant": "Constant images",
    "copies": "Copies",
    "colour": "Colour and grey",
    "depth": "Bit depth and range",
    "patients": "Patients across parts",
    "number": "Number of cases",
}
"""All that is looked at, in the order in which it is told."""

Fix = Literal[
    "drop-unpaired", "drop-unreadable", "drop-misfit", "drop-constant", "drop-copies",
    "resample-mask", "take-place", "clean-mask", "renumber", "fill-values", "to-grey", "to-8-bit",
    "resample-spacing", "to-ras", "one-part",
]  # fmt: skip
FIXES: Mapping[Fix, str] = {
    "drop-unpaired": "Leave out",
    "drop-unreadable": "Leave out",
    "drop-misfit": "Leave out",
    "drop-constant": "Leave out",
    "drop-copies": "Keep the first",
    "resample-mask": "Resample mask",
    "take-place": "Take image's place",
    "clean-mask": "Save as labels",
    "renumber": "Renumber",
    "fill-values": "Fill values",
    "to-grey": "Make grey",
    "to-8-bit": "Make 8 bit",
    "resample-spacing": "Resample",
    "to-ras": "Turn to RAS",
    "one-part": "Keep in one part",
}
"""Names for buttons; what a fix does in full is in `repairing`."""
DROPS: tuple[Fix, ...] = (
    "drop-unpaired", "drop-unreadable", "drop-misfit", "drop-constant", "drop-copies",
)  # fmt: skip
"""Fixes that leave cases out."""


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Attributes:
        severity: An error keeps cases from being used, a warning may spoil the result.
        cases: Names of the cases it is about; the first is shown.
        files: Of these.
        message: What is wrong and where, a sentence.
        remedy: What to do, and what the fix would do.
        fix: What can be done in a copy; "" where only a person can.
    """

    check: Check
    severity: Severity
    cases: tuple[str, ...]
    files: tuple[Path, ...]
    message: str
    remedy: str
    fix: Fix | Literal[""] = ""


def known_fixes() -> tuple[Fix, ...]:
    """All there are, in the order in which they are told."""
    return get_args(Fix)
