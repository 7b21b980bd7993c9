"""The cases of a training: which there are, who validates and tests, whose labels are looked at.

Layouts: that of SSL4MIS, a folder with train_slices.list (or train.list), val.list and test.list,
the files in data/slices/ or data/; and all that `engine.data.segmentation` finds, nnU-Net's among
them, of which images without a label are unlabelled cases.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.segmentation.cases import Case, CaseListing, find_cases
from engine.data.segmentation.checking import CheckReport, judge
from engine.data.segmentation.lists import lists_of
from engine.data.segmentation.reading import CaseFacts, inspect_case
from engine.errors import InputError
from engine.methods.diffrect.unlabelled import (
    files_of,
    has_label,
    unlabelled_cases,
    usable_images,
)
from engine.steps import NoteStep, ProgressStep, Step


@dataclass(frozen=True, eq=False)
class Pool:
    """What there is to train on, and what is known of it.

    Attributes:
        report: On the cases with labels.
        train: Those to train on, in the order of the list or of their names.
        unlabelled: Further cases to train on, that have no label.
        lists: Part of the split -> names of its cases, where the set has lists of them.
        facts: Name -> what a case is like, unlabelled ones with their shape alone.
    """

    report: CheckReport
    train: tuple[Case, ...]
    unlabelled: tuple[Case, ...]
    lists: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, CaseFacts]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Those with labels, of all parts."""
        return self.report.cases


def open_pool(
    images: Path,
    masks: Path | None = None,
    unlabelled: Path | None = None,
    *,
    channel: int = 0,
    patient_pattern: str = "",
) -> Generator[Step, None, Pool]:
    """Find, read and check all cases; what is left out is told.

    Args:
        images: Folder or list, see the module.
        masks: Folder of masks, where it is another one.
        unlabelled: Further images without labels: a folder, or a list of h5 files.
        channel, patient_pattern: See `cases.find_cases`.

    Raises:
        InputError: There is nothing, a list names what is not there, or a name occurs twice.
    """
    listings, without = _apart(_listings(images, masks, channel, patient_pattern))
    bare = [path for listing in listings.values() for path in listing.images_without_mask]
    found = [
        *without,
        *(
            replace(case, channel=channel)
            for case in unlabelled_cases(unlabelled, bare, patient_pattern)
        ),
    ]
    cases = [case for listing in listings.values() for case in listing.cases]
    _check_names(cases, listings)
    facts: list[CaseFacts] = []
    for index, case in enumerate(cases):
        facts.append(inspect_case(case))
        yield ProgressStep(index + 1, len(cases) + len(found), f"Checking {case.name}")
    report = judge(_as_one(listings), facts)
    extra, told = yield from usable_images(found, {case.name for case in cases}, len(cases))
    for note in told:
        yield NoteStep(note)
    known = {fact.case.name: fact for fact in facts}
    training = {case.name for case in listings["train"].cases}
    return Pool(
        report,
        tuple(case for case in report.cases if case.name in training),
        tuple(fact.case for fact in extra),
        {
            part: tuple(c.name for c in listing.cases if c.name in {k.name for k in report.cases})
            for part, listing in listings.items()
            if part != "train"
        },
        known | {fact.case.name: fact for fact in extra},
    )


def _listings(
    images: Path, masks: Path | None, channel: int, pattern: str
) -> dict[str, CaseListing]:
    """Part -> its cases; "train" is always among them."""
    lists = {} if masks is not None else lists_of(images)
    if not lists:
        source = images if masks is not None else files_of(images)
        found = find_cases(source, masks, channel=channel, patient_pattern=pattern)
        return {"train": found}
    return {
        part: find_cases(file, channel=channel, patient_pattern=pattern)
        for part, file in lists.items()
    }


def _apart(
    listings: dict[str, CaseListing],
) -> tuple[dict[str, CaseListing], tuple[Case, ...]]:
    """Without those to train on whose h5 files hold no label, and these."""
    train = listings["train"]
    without = {case.name for case in train.cases if case.label_part and _lacks_label(case)}
    if not without:
        return listings, ()
    kept = tuple(case for case in train.cases if case.name not in without)
    taken = tuple(case for case in train.cases if case.name in without)
    return {**listings, "train": replace(train, cases=kept)}, taken


def _lacks_label(case: Case) -> bool:
    try:
        return not has_label(case)
    except InputError:
        return False  # told when its values are read


def _check_names(cases: Sequence[Case], listings: Mapping[str, CaseListing]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            raise InputError(
                f"{case.name} is in two of the lists {', '.join(listings)}.",
                "Take it out of one of them.",
            )
        seen.add(case.name)


def _as_one(listings: Mapping[str, CaseListing]) -> CaseListing:
    """What is judged together: copies of an image may lie in two parts."""
    train = listings["train"]
    return CaseListing(
        tuple(case for listing in listings.values() for case in listing.cases),
        train.rule,
        train.names,
        masks_without_image=train.masks_without_image,
        notes=train.notes,
    )
