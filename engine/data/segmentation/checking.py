"""What is wrong with a data set, told before any time is spent on it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.data.segmentation.cases import Case, CaseListing
from engine.data.segmentation.reading import CaseFacts
from engine.errors import InputError
from engine.wording import counted, listed

Kind = Literal["unpaired", "unusable", "converted", "labels", "duplicate", "empty", "full"]
MAX_CLASSES = 64
SHOWN = 8
_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True)
class Problem:
    """One thing wrong.

    Attributes:
        kind: What sort.
        message: Names the files.
        remedy: What to do.
        leaves_out: Names of cases that are not used because of it.
    """

    kind: Kind
    message: str
    remedy: str
    leaves_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """What can be used, and what is wrong.

    Attributes:
        cases: Usable ones; copies of an image count as one patient's.
        problems: All that was found.
        values: Labels that occur.
        remap: What would make the labels 0 to K-1; empty where they are already.
        names: Class after the remap -> name, with 0.
        rule: How images and masks were matched.
        told: What else there is to say of the set.
    """

    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    values: tuple[int, ...]
    remap: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    rule: str = ""
    told: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """How many there are after the remap, with the background."""
        return len(self.names)

    def accept(self, *, remap: bool = False, least: int = 2) -> tuple[Case, ...]:
        """The usable cases, where there are enough.

        Args:
            remap: Whether the user agreed to renumber the labels.
            least: How many cases are needed.

        Raises:
            InputError: Too few cases, no foreground, too many classes, or labels to renumber.
        """
        if len(self.cases) < least:
            left = [p.message for p in self.problems if p.leaves_out]
            why = f": {' '.join(left[:3])}" if left else "."
            raise InputError(
                f"The set has {counted(len(self.cases), 'usable case')}, at least {least} are "
                f"needed{why}",
                "Add cases: at least one to train on and one to test on, of another patient."
                if least > 1
                else "Add cases, or correct these.",
            )
        if self.classes < 2:
            raise InputError(
                f"All labels are {listed(self.values, SHOWN)}: there is no structure to learn.",
                "Check that these are the masks and not the images.",
            )
        if self.classes > MAX_CLASSES:
            raise InputError(
                f"The masks have {self.classes} different values, so they are no label maps.",
                f"At most {MAX_CLASSES} labels can be learnt; check that these are the masks.",
            )
        if self.remap and not remap:
            raise InputError(
                f"The labels are {listed(self.values, SHOWN)}, not 0 to {self.classes - 1}.",
                f"They can be renumbered: {describe_remap(self.remap)}. "
                "Switch 'Renumber labels' on (--renumber on the command line) to do so.",
            )
        return self.cases

    def notes(self, *, remap: bool = False) -> tuple[str, ...]:
        """What is to be said, a sentence for each problem.

        Args:
            remap: As in `accept`, which refuses labels that are not to be renumbered.
        """
        kept = [f"{p.message} {p.remedy}".strip() for p in self.problems if p.kind != "labels"]
        if self.remap and remap:
            kept.append(f"Labels are renumbered: {describe_remap(self.remap)}.")
        return (*self.told, *kept)


def judge(listing: CaseListing, facts: Sequence[CaseFacts]) -> CheckReport:
    """Draws conclusions from what `inspect_case` told of each case of a listing."""
    problems = [*_unpaired(listing), *_unusable(facts)]
    good = [f for f in facts if not f.unusable]
    cases, told = _without_copies(good)
    problems += told
    values = tuple(sorted({v for f in good for v in f.values}))
    remap, names, told = numbering(values, listing.names)
    problems += told
    problems += [*_converted(good), *_without_contrast(good)]
    return CheckReport(
        cases, tuple(problems), values, remap, names, listing.rule, listing.notes
    )  # fmt: skip


def describe_remap(remap: Mapping[int, int]) -> str:
    """For example "2 becomes 1, 5 becomes 2"."""
    return ", ".join(f"{old} becomes {new}" for old, new in remap.items() if old != new)


def _unpaired(listing: CaseListing) -> list[Problem]:
    found = []
    sides = (
        (listing.images_without_mask, "image", "mask"),
        (listing.masks_without_image, "mask", "image"),
    )
    for paths, what, other in sides:
        if paths:
            has = "has" if len(paths) == 1 else "have"
            found.append(
                Problem(
                    "unpaired",
                    f"{counted(len(paths), what)} {has} no {other}: "
                    f"{listed([p.name for p in paths], SHOWN)}.",
                    f"Files are paired by {listing.rule}, one image with one mask; "
                    "rename those that belong together.",
                    tuple(p.name for p in paths),
                )
            )
    return found


def _unusable(facts: Sequence[CaseFacts]) -> list[Problem]:
    return [Problem("unusable", f.unusable, f.remedy, (f.case.name,)) for f in facts if f.unusable]


def _converted(facts: Sequence[CaseFacts]) -> list[Problem]:
    """Masks that were no label maps, those of one kind together."""
    alike: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fact in facts:
        if told := "; ".join(fact.conversions):
            alike[_NUMBER.sub("#", told)].append((fact.case.label.name, told))
    return [
        Problem(
            "converted",
            f"{counted(len(masks), 'mask')} {'was' if len(masks) == 1 else 'were'} made of "
            f"pictures, {masks[0][1]}: {listed([name for name, _ in masks], SHOWN)}.",
            "Look at some of them.",
        )
        for masks in alike.values()
    ]


def _without_contrast(facts: Sequence[CaseFacts]) -> list[Problem]:
    """Masks that are the same all over."""
    empty = [f.case.name for f in facts if not any(f.values)]
    full = [f.case.name for f in facts if len(f.values) == 1 and f.values[0]]
    found = []
    if empty:
        found.append(
            Problem(
                "empty", f"The masks of {listed(empty, SHOWN)} are empty.",
                "They are used as images in which there is nothing to find.",
            )
        )  # fmt: skip
    if full:
        found.append(
            Problem(
                "full", f"The masks of {listed(full, SHOWN)} are one label from edge to edge.",
                "Check that these are the masks.",
            )
        )  # fmt: skip
    return found


def _without_copies(facts: Sequence[CaseFacts]) -> tuple[tuple[Case, ...], list[Problem]]:
    """Copies of an image get one patient, so that no split takes them apart."""
    by_digest: dict[str, list[Case]] = defaultdict(list)
    for fact in facts:
        by_digest[fact.digest].append(fact.case)
    owner: dict[str, str] = {}
    problems = []
    for same in by_digest.values():
        if len(same) == 1:
            continue
        problems.append(
            Problem(
                "duplicate", f"{listed([c.name for c in same], SHOWN)} are the same image.",
                "They count as one patient's; take the copies away.",
            )
        )  # fmt: skip
        first = _owner(owner, same[0].patient)
        for case in same[1:]:
            if (other := _owner(owner, case.patient)) != first:
                owner[other] = first
    cases = tuple(replace(f.case, patient=_owner(owner, f.case.patient)) for f in facts)
    return cases, problems


def _owner(owner: Mapping[str, str], patient: str) -> str:
    """The patient that stands for all who share an image with this one."""
    while patient in owner:
        patient = owner[patient]
    return patient


def numbering(
    values: Sequence[int], names: Mapping[int, str]
) -> tuple[dict[int, int], dict[int, str], list[Problem]]:
    """The remap (empty if none is needed), the classes' names, and the problem to tell."""
    if names and set(values) <= set(names) and sorted(names) == list(range(len(names))):
        return {}, dict(sorted(names.items())), []
    wanted = sorted({0, *values})
    called = {new: names.get(old, _usual(old, new)) for new, old in enumerate(wanted)}
    if wanted == list(range(len(wanted))):
        return {}, called, []
    remap = {old: new for new, old in enumerate(wanted)}
    if len(wanted) > MAX_CLASSES:
        return remap, called, []  # refused whole
    problem = Problem(
        "labels",
        f"The labels are {listed(values, SHOWN)}, not 0 to {len(wanted) - 1}.",
        f"They can be renumbered: {describe_remap(remap)}.",
    )
    return remap, called, [problem]


def _usual(old: int, new: int) -> str:
    return "background" if new == 0 else f"label {old}"
