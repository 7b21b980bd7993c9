"""Words and findings about several cases, for the checks of sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from engine.data.doctor.checks import files_of
from engine.data.doctor.findings import Check, Finding, Fix, Severity
from engine.data.doctor.looking import Look


def about(
    check: Check, severity: Severity, looks: Sequence[Look], message: str, remedy: str,
    fix: Fix | Literal[""] = "",
) -> Finding:  # fmt: skip
    """A finding about these cases."""
    files: list[Path] = []
    for look in looks:
        files += files_of(look.item)
    names = tuple(look.item.name for look in looks)
    return Finding(check, severity, names, tuple(dict.fromkeys(files)), message, remedy, fix)
