"""Whose image a file is, told from its name."""

from __future__ import annotations

import re

from engine.errors import InputError

_TCGA = re.compile(r"^(TCGA-[0-9A-Za-z]{2}-[0-9A-Za-z]{4})", re.IGNORECASE)
_WORD = re.compile(r"^((?:patient|subject|sub|case|pat|subj)[ _-]?[0-9A-Za-z]+)", re.IGNORECASE)
# What tells apart images of one patient, at the end of a name; taken off again and again.
_TAIL = re.compile(
    r"[ _.\-]+(?:"
    r"(?:day|days|week|month|hour|hours|visit|scan|ses|session|run|frame|slice|time|view|z|t)"
    r"[ _\-]?\d+|"
    r"\d+[ _\-]?(?:hours?|days?|weeks?|months?)|"
    r"\d{1,2}-\d{1,2}-\d{4}|\d{4}-\d{1,2}-\d{1,2}|"
    r"admission|follow[ _\-]?up|baseline|"
    r"ap|pa|lateral|left|right|l|r|"
    r"fig(?:ure)?\d+[a-z]?|[a-h]"
    r")$",
    re.IGNORECASE,
)
_LAST_LETTER = re.compile(r"(?<=\d)[a-h]$", re.IGNORECASE)
_LEAD_LETTER = re.compile(r"^([A-Za-z]+)-[a-h]-(?=.*\d)")


def patient_of(name: str, pattern: str = "") -> str:
    """The patient that a case belongs to.

    The names of TCGA and those that begin with patient, subject, sub or case and a number tell it.
    Else words like day3, frame01, slice_7, PA, left or a single letter are taken off the end. A
    guess by names alone: where it is wrong, give a pattern.

    Args:
        name: The case's name without ending.
        pattern: A regular expression whose first group (or whole match) is the patient.

    Raises:
        InputError: The pattern is none, or the name does not match it.
    """
    if pattern:
        return _by_pattern(name, pattern)
    for rule in (_TCGA, _WORD):
        if found := rule.match(name):
            return found.group(1).lower()
    stem = _LEAD_LETTER.sub(r"\1-", name)
    while (shorter := _TAIL.sub("", stem)) != stem and shorter:
        stem = shorter
    return _LAST_LETTER.sub("", stem).lower()


def _by_pattern(name: str, pattern: str) -> str:
    try:
        found = re.search(pattern, name)
    except re.error as error:
        raise InputError(
            f"{pattern!r} is no regular expression: {error}.",
            r"Write for example ^(patient\d+)_ for names like patient001_frame01.",
        ) from error
    if found is None or not (patient := found.group(1) if found.re.groups else found.group()):
        raise InputError(
            f"The pattern {pattern!r} finds no patient in the name {name}.",
            "Correct the pattern, or leave it empty.",
        )
    return patient
