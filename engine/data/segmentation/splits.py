"""Parting cases into training, validation and test so that no patient is in two of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import numpy as np

from engine.data.atomic import write_atomic
from engine.errors import InputError

Role = Literal["train", "validation", "test"]
ROLES: tuple[Role, ...] = ("train", "validation", "test")
FILE = "split.json"


class Owned(Protocol):
    """What is parted: something with a name that is some patient's."""

    @property
    def name(self) -> str: ...

    @property
    def patient(self) -> str: ...


C = TypeVar("C", bound=Owned)


@dataclass(frozen=True)
class Split:
    """Names of the cases of each part.

    Attributes:
        seed: What the draw followed from.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    seed: int = 0

    def part(self, role: Role) -> tuple[str, ...]:
        """The names of one part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[role]

    def of(self, cases: Sequence[C], role: Role) -> tuple[C, ...]:
        """The cases of one part, in the order in which they are given."""
        names = set(self.part(role))
        return tuple(case for case in cases if case.name in names)

    def save(self, folder: Path, cases: Sequence[Owned] = ()) -> Path:
        """Writes split.json into a folder, with the patients of the cases.

        Raises:
            DiskError: The disk refuses.
        """
        patients = {case.name: case.patient for case in cases}
        content: dict[str, object] = {"seed": self.seed}
        content.update((role, list(self.part(role))) for role in ROLES)
        if patients:
            content["patients"] = patients
        target = folder / FILE
        write_atomic(target, json.dumps(content, indent=1, ensure_ascii=False).encode())
        return target


def _known(wanted: Sequence[str], patients: Collection[str]) -> list[str]:
    """The patients that are meant, each once; capital letters count only where names differ by
    nothing else.

    Raises:
        InputError: there is no such patient.
    """
    found: list[str] = []
    for name in wanted:
        alike = [name] if name in patients else [p for p in patients if p.lower() == name.lower()]
        if len(alike) != 1:
            raise InputError(
                f"There is no patient {name} to hold out.",
                f"Those there are: {', '.join(sorted(patients))}.",
            )
        found += alike
    return list(dict.fromkeys(found))


def sizes_of(patients: int, *shares: float) -> tuple[int, ...]:
    """Patients of the parts that shares ask for: at least one of each, also of few."""
    return tuple(max(1, round(patients * share)) if share > 0 else 0 for share in shares)


def make_split(
    cases: Sequence[Owned],
    seed: int,
    validation: float = 0.1,
    test: float = 0.2,
    held_out: Sequence[str] = (),
    folds: int = 0,
    fold: int = 1,
) -> Split:
    """Draws patients for validation and test; follows from seed and names alone.

    A part that is asked for gets at least one patient, also of few.

    Args:
        validation, test: Shares of the patients, together below 1.
        held_out: Patients to test on; with any of them `test` counts for nothing.
        folds, fold: With folds, the patients who are not tested on are cut into so many parts
            that differ by one at most; the 1-based fold validates, and `validation` counts for
            nothing. All folds test on the same patients.

    Raises:
        InputError: Fewer patients than parts, a patient held out that there is not, or a fold
            that there is not.
    """
    _check_folds(folds, fold)
    of_patient: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        of_patient[case.patient].append(case.name)
    held_out = _known(held_out, of_patient)
    patients = sorted(set(of_patient) - set(held_out))
    counts = sizes_of(len(patients), 0.0 if held_out else test, 0.0 if folds else validation)
    if folds:
        _check_patients(len(patients) - counts[0], folds)
    if len(patients) <= sum(counts):
        whose = "1 patient" if len(of_patient) == 1 else f"{len(of_patient)} patients"
        uses = ["train", *["validate"] * bool(counts[1]), *["test"] * bool(counts[0] or held_out)]
        raise InputError(
            f"The {len(cases)} cases are of {whose}, too few to {' and to '.join(uses)} on "
            "different ones.",
            "Add patients, or do without a part by a share of 0; if the file names hide who is "
            "who, give a patient pattern.",
        )
    order = np.random.default_rng(seed).permutation(len(patients))
    drawn = [patients[i] for i in order]
    tested, checked = drawn[: counts[0]], drawn[counts[0] : sum(counts)]
    trained = drawn[sum(counts) :]
    if folds:
        checked = trained[fold - 1 :: folds]
        trained = [patient for patient in trained if patient not in set(checked)]
    tested += held_out
    chosen = {"test": tested, "validation": checked, "train": trained}
    parts = {
        role: tuple(sorted(name for patient in chosen[role] for name in of_patient[patient]))
        for role in ROLES
    }
    return Split(parts["train"], parts["validation"], parts["test"], seed)


def _check_folds(folds: int, fold: int) -> None:
    if folds == 1:
        raise InputError("One fold leaves nobody to train on.", "Take two or more, or 0 for none.")
    if folds and not 1 <= fold <= folds:
        raise InputError(f"There is no fold {fold} of {folds}.", f"Choose 1 to {folds}.")


def _check_patients(there: int, folds: int) -> None:
    if there < folds:
        raise InputError(
            f"{there} patients cannot be cut into {folds} folds.",
            f"Take at most {there} folds, or keep fewer patients for testing.",
        )


def read_split(path: Path) -> Split:
    """Reads a split.json, or that of a folder.

    Raises:
        InputError: Not there, or not of this form.
    """
    file = path / FILE if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        train, validation, test = (tuple(found.get(role, ())) for role in ROLES)
        seed = int(found.get("seed", 0))
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise InputError(
            f"The split {file} cannot be read: {error}.", "Choose another, or draw a new one."
        ) from error
    if not all(isinstance(name, str) for name in train + validation + test):
        raise InputError(f"The split {file} does not list names.", "Draw a new one.")
    return Split(train, validation, test, seed)


def continued_split(folder: Path, cases: Sequence[Owned]) -> Split | None:
    """The split of the run that lies in a folder, None where there is none.

    Raises:
        InputError: It cannot be read, is of other cases, has a patient in two parts, or nobody
            to train on.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    split = read_split(file)
    names = {case.name for case in cases}
    if gone := sorted(set(split.train + split.validation + split.test) - names):
        raise InputError(
            f"{folder} holds a run on other cases: {gone[0]} is not in this set.",
            "Choose another folder for this one.",
        )
    check_split(split, cases, file)
    if not split.train:
        raise InputError(f"{file} leaves no case to train on.", "Correct it, or take it away.")
    return split


def check_split(split: Split, cases: Sequence[Owned], file: Path | None = None) -> None:
    """Refuses a split that does not fit the cases, or that has a patient on both sides.

    Args:
        file: Where it was read from, for the message.

    Raises:
        InputError: Names the cases or patients.
    """
    what = "the split" if file is None else f"the split {file}"
    patient = {case.name: case.patient for case in cases}
    parts: dict[str, set[Role]] = defaultdict(set)
    unknown = []
    for role in ROLES:
        for name in split.part(role):
            if name in patient:
                parts[patient[name]].add(role)
            else:
                unknown.append(name)
    if unknown:
        raise InputError(
            f"In {what}, {len(unknown)} cases are not in the set, such as {unknown[0]}.",
            "Choose the split of this set, or draw a new one.",
        )
    shared = sorted(name for name, roles in parts.items() if len(roles) > 1)
    if shared:
        raise InputError(
            f"In {what}, {len(shared)} patients are in two parts: {', '.join(shared[:5])}.",
            "Move all cases of a patient to one part, or correct the patient pattern.",
        )
