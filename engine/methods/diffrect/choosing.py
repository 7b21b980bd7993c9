"""Which cases of a training are labelled: the first patients, a list, or names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.data.segmentation.cases import Case
from engine.data.segmentation.lists import plain_name
from engine.data.segmentation.reading import CaseFacts
from engine.data.segmentation.splits import Split
from engine.errors import InputError
from engine.methods.diffrect.cases import Pool

SHOWN = 5


@dataclass(frozen=True)
class Chosen:
    """The cases to train on.

    Attributes:
        labelled: Whose labels are looked at.
        unlabelled: All others, those without a label among them.
        notes: What is to be told of the choice.
    """

    labelled: tuple[Case, ...]
    unlabelled: tuple[Case, ...]
    notes: tuple[str, ...] = ()


def choose(pool: Pool, split: Split, number: int, names: Sequence[str]) -> Chosen:
    """The labelled cases, and with them the unlabelled ones.

    Args:
        number: Of patients, counted in the order of the training cases; where there are no names.
        names: Of cases or patients.

    Raises:
        InputError: More patients than there are, a name that is not in the set or has no label, or
            a structure that no labelled case has.
    """
    train = split.of(pool.cases, "train")
    labelled = _named(pool, train, names) if names else _first(train, number)
    _check_classes(pool, labelled)
    taken = {case.name for case in labelled}
    held_out = {
        case.patient for role in ("validation", "test") for case in _part(pool, split, role)
    }
    extra = [case for case in pool.unlabelled if case.patient not in held_out]
    unlabelled = tuple(case for case in (*train, *extra) if case.name not in taken)
    return Chosen(labelled, unlabelled, _notes(pool, labelled, unlabelled, len(extra)))


def names_in(file: Path) -> tuple[str, ...]:
    """The names of a list, one a line, with or without .h5.

    Raises:
        InputError: It cannot be read, or is empty.
    """
    try:
        lines = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The list {file} cannot be read: {error}.", "Check it.") from error
    if not lines:
        raise InputError(
            f"The list {file} names no case.", "Write one name a line, or leave the list out."
        )
    return tuple(dict.fromkeys(plain_name(line) for line in lines))


def _part(pool: Pool, split: Split, role: str) -> tuple[Case, ...]:
    names = set(split.validation if role == "validation" else split.test)
    return tuple(case for case in pool.cases if case.name in names)


def _first(train: Sequence[Case], number: int) -> tuple[Case, ...]:
    patients = list(dict.fromkeys(case.patient for case in train))
    if number > len(patients):
        raise InputError(
            f"{number} labelled patients are asked for; there are {len(patients)} to train on.",
            f"Ask for at most {len(patients)}, or keep fewer for validation and test.",
        )
    kept = set(patients[:number])
    return tuple(case for case in train if case.patient in kept)


def _named(pool: Pool, train: Sequence[Case], names: Sequence[str]) -> tuple[Case, ...]:
    by_name = {case.name: [case] for case in train}
    by_patient: dict[str, list[Case]] = {}
    for case in train:
        by_patient.setdefault(case.patient.lower(), []).append(case)
    bare = {case.name for case in pool.unlabelled} | {case.patient for case in pool.unlabelled}
    others = {case.name for case in pool.cases} | {case.patient for case in pool.cases}
    chosen: dict[str, Case] = {}
    for name in map(plain_name, names):
        found = by_name.get(name) or by_patient.get(name.lower())
        if found is None:
            raise _unusable(name, name in bare, name in others or name.lower() in others)
        chosen.update((case.name, case) for case in found)
    return tuple(case for case in train if case.name in chosen)


def _unusable(name: str, bare: bool, elsewhere: bool) -> InputError:
    if bare:
        return InputError(
            f"{name} is to be labelled, but has no label.",
            "Add its mask, or take it out of the labelled cases.",
        )
    if elsewhere:
        return InputError(
            f"{name} is to be labelled, but is kept for validation or test.",
            "Take it out of the labelled cases.",
        )
    return InputError(
        f"There is no case or patient {name} to be labelled.",
        "Write the names as the files have them, or as the training list does.",
    )


def _values(facts: Mapping[str, CaseFacts], cases: Sequence[Case]) -> set[int]:
    return {value for case in cases for value in facts[case.name].values}


def _check_classes(pool: Pool, labelled: Sequence[Case]) -> None:
    values = _values(pool.facts, labelled)
    remap = pool.report.remap
    found = {remap.get(value, value) for value in values}
    absent = [name for value, name in pool.report.names.items() if value and value not in found]
    if absent:
        raise InputError(
            f"No labelled case has {', '.join(absent)}: that cannot be learnt.",
            "Choose labelled cases in which every structure is, or take it out of the labels.",
        )


def _notes(
    pool: Pool, labelled: Sequence[Case], unlabelled: Sequence[Case], extra: int
) -> tuple[str, ...]:
    patients = list(dict.fromkeys(case.patient for case in labelled))
    others = {case.patient for case in unlabelled}
    shown = ", ".join(patients[:SHOWN]) + (", ..." if len(patients) > SHOWN else "")
    told = [
        f"{len(labelled)} labelled cases of {len(patients)} patients ({shown}), {len(unlabelled)} "
        f"unlabelled ones of {len(others)}."
    ]
    if both := sorted(others & set(patients)):
        told.append(
            f"{len(both)} patients have labelled and unlabelled cases: {', '.join(both[:SHOWN])}."
        )
    if left := len(pool.unlabelled) - extra:
        told.append(f"{left} unlabelled cases are of patients kept for validation or test: unused.")
    return tuple(told)
