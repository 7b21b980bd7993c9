"""A data set from its folder to checked cases, told step by step."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.checking import CheckReport, judge
from engine.data.segmentation.reading import CaseFacts, inspect_case
from engine.errors import InputError
from engine.steps import NoteStep, ProgressStep, Step


def open_cases(
    images: Path,
    masks: Path | None = None,
    *,
    channel: int = 0,
    patient_pattern: str = "",
    remap: bool = False,
    least: int = 2,
) -> Generator[Step, None, CheckReport]:
    """Finds, reads and checks all cases; what is wrong with some comes as notes.

    Args:
        images, masks, channel, patient_pattern: See `cases.find_cases`.
        remap, least: See `CheckReport.accept`; use `CheckReport.remap` where it was agreed to.

    Raises:
        InputError: Nothing there, or what is there cannot be used; says why.
    """
    listing = find_cases(images, masks, channel=channel, patient_pattern=patient_pattern)
    if not listing.cases:
        raise InputError(f"{images} holds no labelled images.", "Choose another folder.")
    facts: list[CaseFacts] = []
    for index, case in enumerate(listing.cases):
        facts.append(inspect_case(case))
        yield ProgressStep(index + 1, len(listing.cases), f"Checking {case.name}")
    report = judge(listing, facts)
    for note in (*listing.notes, *report.notes()):
        yield NoteStep(note)
    report.accept(remap=remap, least=least)
    return report
