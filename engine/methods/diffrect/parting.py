"""Who trains, validates and tests: by the lists of the set, drawn, or by names."""

from __future__ import annotations

from collections.abc import Sequence

from engine.data.segmentation.cases import Case
from engine.data.segmentation.lists import plain_name
from engine.data.segmentation.splits import Split, check_split, make_split
from engine.errors import InputError
from engine.methods.diffrect.cases import Pool
from engine.methods.diffrect.params import TrainParams, names_of


def split_for(pool: Pool, params: TrainParams) -> Split:
    """The split that the parameters ask for.

    Raises:
        InputError: A patient in two parts, too few, or a name that is not in the set.
    """
    checked, tested = names_of(params.validation_cases), names_of(params.test_cases)
    if checked:
        return split_by_hand(pool, checked, tested, params.seed)
    if tested:
        raise InputError(
            "Cases are named to test on, but none to validate on.",
            "Name those too (--validation-cases), or leave both to lists and shares.",
        )
    return split_of(pool, params.seed, params.validation, params.test, params.folds, params.fold)


def split_by_hand(
    pool: Pool, checked: Sequence[str], tested: Sequence[str], seed: int = 0
) -> Split:
    """By names of cases or patients; whoever is not named is trained on.

    Raises:
        InputError: A patient in two parts, nobody left to train on, or a name that is not in the
            set or has no label.
    """
    validation, test = _named(pool, checked, "validate"), _named(pool, tested, "test")
    taken = {*validation, *test}
    train = tuple(case.name for case in pool.cases if case.name not in taken)
    if not train:
        raise InputError("All cases validate or test.", "Leave some to train on.")
    found = Split(train, validation, test, seed)
    check_split(found, pool.cases)
    return found


def split_of(
    pool: Pool, seed: int, validation: float, test: float, folds: int = 0, fold: int = 1
) -> Split:
    """By the lists of the set, else drawn by patient.

    Without a test.list, `test` is the share of the patients of val.list that are kept apart; at
    least one of them validates.

    Args:
        folds, fold: See `splits.make_split`; of sets without a val.list.

    Raises:
        InputError: A patient in two parts, too few, or folds of a set that has a val.list.
    """
    if "validation" not in pool.lists:
        if "test" in pool.lists:
            drawn = make_split(pool.train, seed, validation, 0.0, folds=folds, fold=fold)
            return _with_test_list(pool, drawn)
        return make_split(pool.train, seed, validation, test, folds=folds, fold=fold)
    if folds:
        raise InputError(
            "The set has a val.list, which says who validates: it cannot be cut into folds.",
            "Take that list away, or set the folds to 0.",
        )
    train = tuple(case.name for case in pool.train)
    listed = pool.lists["validation"]
    checked, tested = listed, pool.lists.get("test", ())
    if "test" not in pool.lists and test > 0:
        cases = [case for case in pool.cases if case.name in set(listed)]
        if len({case.patient for case in cases}) > 1:
            parted = make_split(cases, seed, 0.0, test)
            checked, tested = parted.train, parted.test
    found = Split(train, checked, tested, seed)
    check_split(found, pool.cases)
    return found


def _with_test_list(pool: Pool, drawn: Split) -> Split:
    found = Split(drawn.train, drawn.validation, pool.lists["test"], drawn.seed)
    check_split(found, pool.cases)
    return found


def _named(pool: Pool, names: Sequence[str], what: str) -> tuple[str, ...]:
    """The cases that names of cases or patients stand for, in the order of the set."""
    chosen: set[str] = set()
    bare = {case.name for case in pool.unlabelled} | {case.patient for case in pool.unlabelled}
    for name in map(plain_name, names):
        found = _called(pool.cases, name)
        if not found:
            without = name in bare or name.lower() in bare
            raise InputError(
                f"{name} is to {what}, but has no label."
                if without
                else f"There is no case or patient {name} to {what}.",
                "Write the names as the files have them, or as the lists do.",
            )
        chosen.update(found)
    return tuple(case.name for case in pool.cases if case.name in chosen)


def _called(cases: Sequence[Case], name: str) -> tuple[str, ...]:
    """The names of a case, or of those of a patient."""
    exact = tuple(case.name for case in cases if case.name == name)
    return exact or tuple(case.name for case in cases if case.patient.lower() == name.lower())
