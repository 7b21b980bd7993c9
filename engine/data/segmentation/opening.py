"""A data set from its folder to checked cases, told step by step."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.checking import CheckReport, judge
from engine.data.segmentation.reading import CaseFacts, inspect_case
from engine.errors import InputError
from engine.steps import ProgressStep, Step


def open_cases(
    images: Path,
    masks: Path | None = None,
    *,
    channel: int = 0,
    patient_pattern: str = "",
) -> Generator[Step, None, CheckReport]:
    """Finds, reads and checks all cases.

    Returns:
        What to show (`CheckReport.notes`) and then to accept (`CheckReport.accept`).

    Args:
        images, masks, channel, patient_pattern: See `cases.find_cases`.

    Raises:
        InputError: There is nothing.
    """
    listing = find_cases(images, masks, channel=channel, patient_pattern=patient_pattern)
    if not listing.cases:
        raise InputError(f"{images} holds no labelled images.", "Choose another folder.")
    facts: list[CaseFacts] = []
    for index, case in enumerate(listing.cases):
        facts.append(inspect_case(case))
        yield ProgressStep(index + 1, len(listing.cases), f"Checking {case.name}")
    return judge(listing, facts)
