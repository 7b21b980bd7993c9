"""A set from its folder to what is to be said of it, told step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from engine.data.doctor.checks import of_cases
from engine.data.doctor.findings import CHECKS, Finding, Severity
from engine.data.doctor.layouts import Layout, recognise
from engine.data.doctor.looking import Look, look_at
from engine.data.doctor.params import ExamineParams
from engine.data.doctor.set_checks import of_set
from engine.steps import ProgressStep, Step

_GRAVITY: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Examination:
    """All that was found.

    Attributes:
        source, masks: What was asked about.
        layout: How it is laid out.
        looks: One a case, in the layout's order.
        findings: The gravest first.
    """

    source: Path
    masks: Path | None
    layout: Layout
    looks: tuple[Look, ...]
    findings: tuple[Finding, ...]

    @property
    def patients(self) -> tuple[str, ...]:
        """All there are, a guess by names."""
        return tuple(sorted({look.item.patient for look in self.looks if look.item.patient}))

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one gravity."""
        return tuple(f for f in self.findings if f.severity == severity)

    def picture(self, finding: Finding) -> bytes:
        """A small PNG of what a finding is about, b"" without any."""
        names = set(finding.cases)
        found = (look.picture for look in self.looks if look.item.name in names and look.picture)
        return next(found, b"")

    def summary(self) -> str:
        """A sentence for people."""
        counts = Counter(f.severity for f in self.findings)
        told = ", ".join(
            f"{counts[s]} {s}{'s' if counts[s] != 1 else ''}" for s in _GRAVITY if counts[s]
        )
        cases = f"{len(self.looks)} case{'s' if len(self.looks) != 1 else ''}"
        patients = f"{len(self.patients)} patient{'s' if len(self.patients) != 1 else ''}"
        return f"{cases} of {patients}: {told or 'nothing is wrong'}."


def examine(
    source: Path, masks: Path | None = None, params: ExamineParams | None = None
) -> Generator[Step, None, Examination]:
    """Recognise a set, look at every case, and check them.

    Args:
        source, masks: See `layouts.recognise`.

    Raises:
        InputError: There is nothing that is known.
    """
    asked = params or ExamineParams()
    layout = recognise(source, masks, channel=asked.channel, patient_pattern=asked.patient_pattern)
    looks: list[Look] = []
    for index, item in enumerate(layout.items):
        looks.append(look_at(item))
        yield ProgressStep(index + 1, len(layout.items), f"Looking at {item.name}")
    order = list(CHECKS)
    findings = sorted(
        (*of_cases(layout, looks), *of_set(layout, looks)),
        key=lambda f: (_GRAVITY[f.severity], order.index(f.check)),
    )
    return Examination(source, masks, layout, tuple(looks), tuple(findings))
