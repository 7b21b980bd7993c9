"""What came of making an output again: plain values, a text for people, and JSON. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.wording import counted, listed

Verdict = Literal["equal", "close", "different"]
VERDICTS: tuple[Verdict, ...] = ("equal", "close", "different")
TOLD: Mapping[Verdict, str] = {
    "equal": "bit-equal", "close": "within epsilon", "different": "different",
}  # fmt: skip
SHOWN = 12
CHANGED, BY_HAND = "was changed after it was written", "was edited by hand before it was saved"


@dataclass(frozen=True)
class Condition:
    """Something that the values follow from, as recorded and as it is now.

    Attributes:
        what: "Weights", "torch", "Threads" and so on.
        recorded, now: For people; "" where it is not known.
        same: None where it was not recorded.
    """

    what: str
    recorded: str
    now: str
    same: bool | None


@dataclass(frozen=True)
class Comparison:
    """Values of one array as they are in the output, and made again.

    Attributes:
        name: Of the file, or of the pair in a set.
        verdict: See `ReproduceParams`.
        voxels, changed: How many there are, and how many of them differ.
        largest, mean: Of the absolute difference, in the values' own unit.
        span: Largest less smallest value of the output, or of its type for pixels.
        dice: Label -> overlap, of labels alone.
        note: What keeps them from being compared, such as another shape.
    """

    name: str
    verdict: Verdict
    voxels: int
    changed: int
    largest: float = 0.0
    mean: float = 0.0
    span: float = 0.0
    dice: Mapping[int, float] = field(default_factory=dict)
    note: str = ""

    @property
    def told(self) -> str:
        """How far apart, for people."""
        if self.note:
            return self.note
        if not self.changed:
            return f"all {self.voxels:,} values are the same"
        share = f"{self.changed:,} of {self.voxels:,} values differ"
        if self.dice:
            worst = min(self.dice, key=lambda label: self.dice[label])
            return f"{share}; least Dice {self.dice[worst]:.5f} (label {worst})"
        return (
            f"{share}; largest difference {self.largest:.4g}, mean {self.mean:.3g}, of a range of "
            f"{self.span:.4g}"
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one output.

    Attributes:
        path: The output.
        verdict: The worst of all that it holds.
        comparisons: One, or one a pair of a set.
        conditions: All that is known of how it was made.
        reasons: Why it differs, as far as is known; sentences.
        edited: How it was changed by hand, where what was there before is made again: a phrase
            with a verb.
        notes: What else there is to say.
        kept: Where what was made again lies, if anywhere.
        problem, remedy: Why it could not be made again; of folders, whose other outputs can.
    """

    path: Path
    verdict: Verdict
    comparisons: tuple[Comparison, ...] = ()
    conditions: tuple[Condition, ...] = ()
    reasons: tuple[str, ...] = ()
    edited: str = ""
    notes: tuple[str, ...] = ()
    kept: Path | None = None
    problem: str = ""
    remedy: str = ""

    @property
    def summary(self) -> str:
        """A sentence."""
        if self.problem:
            return f"{self.path.name} cannot be made again: {self.problem}"
        if self.edited:
            return (
                f"{self.path.name} {self.edited}; what was there before is made again, bit-equal."
            )
        far = ""
        if self.verdict != "equal" and len(self.comparisons) == 1:
            far = f": {self.comparisons[0].told}"
        elif self.verdict != "equal":
            equal = sum(c.verdict == "equal" for c in self.comparisons)
            far = f": {equal} of {len(self.comparisons)} pairs are the same"
        return f"{self.path.name} is made again {TOLD[self.verdict]}{far}."

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "file": str(self.path), "verdict": "failed" if self.problem else self.verdict,
            "edited": bool(self.edited), "reasons": list(self.reasons), "notes": list(self.notes),
            "values": [
                {
                    "name": c.name, "verdict": c.verdict, "voxels": c.voxels, "changed": c.changed,
                    "largest": c.largest, "mean": c.mean, "range": c.span,
                    "dice": {str(k): v for k, v in c.dice.items()}, "note": c.note,
                }
                for c in self.comparisons
            ],
            "conditions": [
                {"what": c.what, "recorded": c.recorded, "now": c.now, "same": c.same}
                for c in self.conditions
            ],
            "kept": None if self.kept is None else str(self.kept),
            "problem": self.problem, "remedy": self.remedy,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """A plain report."""
        told = [self.summary]
        told += [f"  {reason}" for reason in (*self.reasons, *self.notes)]
        if self.problem:
            return [*told, f"  {self.remedy}"] if self.remedy else told
        if len(self.comparisons) > 1:
            told += [f"  {c.name}: {TOLD[c.verdict]}, {c.told}" for c in self.comparisons[:SHOWN]]
            if len(self.comparisons) > SHOWN:
                told.append(f"  and {len(self.comparisons) - SHOWN} more")
        elif self.edited:
            told += [f"  As it is now, {c.told}." for c in self.comparisons]
        told += [
            f"  {c.what}: {c.recorded} then, {c.now} now"
            for c in self.conditions
            if c.same is False and not self.reasons
        ]
        told += _joined("Same", [c for c in self.conditions if c.same])
        told += _joined("Not recorded", [c for c in self.conditions if c.same is None])
        if self.kept is not None:
            told.append(f"  Made again: {self.kept}")
        return told


@dataclass(frozen=True, eq=False)
class Reproduction:
    """What came of all outputs that were asked about.

    Attributes:
        path: As it was asked for.
        outcomes: One an output.
    """

    path: Path
    outcomes: tuple[Outcome, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return max((o.verdict for o in self.outcomes), key=VERDICTS.index)

    @property
    def same(self) -> bool:
        """Whether all are made again, bit-equal or within epsilon."""
        return self.verdict != "different"

    @property
    def summary(self) -> str:
        """A sentence."""
        if len(self.outcomes) == 1:
            return self.outcomes[0].summary
        parts = [
            f"{count} {TOLD[verdict]}"
            for verdict in VERDICTS
            if (count := sum(o.verdict == verdict and not o.problem for o in self.outcomes))
        ]
        if failed := [o.path.name for o in self.outcomes if o.problem]:
            parts.append(f"{len(failed)} cannot be made again ({listed(failed)})")
        return f"Of {counted(len(self.outcomes), 'output')}: {', '.join(parts)}."

    def text(self) -> str:
        """A plain report of all."""
        lines = [line for outcome in self.outcomes for line in outcome.lines()]
        if len(self.outcomes) > 1:
            lines.insert(0, self.summary)
        return "\n".join(lines)


def _joined(title: str, rows: list[Condition]) -> list[str]:
    """Conditions in a line, for those that need no line each."""
    return [f"  {title}: " + ", ".join(f"{c.what} {c.now}" for c in rows)] if rows else []
