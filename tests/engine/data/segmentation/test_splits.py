"""No patient is in two parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.segmentation.cases import Case
from engine.data.segmentation.splits import ROLES, Split, check_split, make_split, read_split
from engine.errors import InputError


def cases(count: int, patients: int) -> list[Case]:
    return [Case(f"c{i}", f"p{i % patients}", Path("i"), Path("m")) for i in range(count)]


def test_chosen_patients_are_tested() -> None:
    all_cases = cases(12, 4)
    patients = sorted({case.patient for case in all_cases})
    split = make_split(all_cases, 0, 0.25, 0.5, held_out=[patients[2]])
    assert {c.patient for c in split.of(all_cases, "test")} == {patients[2]}
    assert len({c.patient for c in split.of(all_cases, "train")}) == 2
    assert make_split(all_cases, 0, held_out=[patients[2].upper()]).test == split.test
    twice = make_split(all_cases, 0, held_out=[patients[2], patients[2].upper()])
    assert twice.test == split.test, "named twice, tested once"
    with pytest.raises(InputError, match="no patient nobody"):
        make_split(all_cases, 0, held_out=["nobody"])


@given(st.integers(3, 30), st.integers(1, 4), st.integers(0, 2**31))
def test_patients_are_never_shared(patients: int, each: int, seed: int) -> None:
    all_cases = cases(patients * each, patients)
    split = make_split(all_cases, seed)
    check_split(split, all_cases)
    parts = [set(split.part(role)) for role in ROLES]
    assert set.union(*parts) == {c.name for c in all_cases}
    assert sum(map(len, parts)) == len(all_cases)
    assert all(parts)


def test_the_seed_decides_and_the_order_of_cases_does_not() -> None:
    all_cases = cases(40, 20)
    assert make_split(all_cases, 5) == make_split(all_cases[::-1], 5)
    assert make_split(all_cases, 5).test != make_split(all_cases, 6).test


def test_shares_and_too_few_patients() -> None:
    split = make_split(cases(100, 100), 0, validation=0.1, test=0.3)
    assert (len(split.train), len(split.validation), len(split.test)) == (60, 10, 30)
    assert make_split(cases(5, 1), 0, validation=0.0, test=0.0).train == tuple(
        f"c{i}" for i in range(5)
    )
    with pytest.raises(InputError, match=r"2 patients.* to train and to validate and to test on"):
        make_split(cases(10, 2), 0)
    with pytest.raises(InputError, match="1 patient, too few to train and to test on") as caught:
        make_split(cases(4, 1), 0, validation=0.0)
    assert "a share of 0" in caught.value.hint
    assert len(make_split(cases(10, 2), 0, validation=0.0).test) == 5


def test_in_folds_everybody_validates_once_and_nobody_is_tested_on_what_was_learnt() -> None:
    all_cases = cases(22, 11)
    parts = [make_split(all_cases, 4, folds=3, fold=fold) for fold in (1, 2, 3)]
    assert len({part.test for part in parts}) == 1
    for part in parts:
        check_split(part, all_cases)
    validated = sorted(name for part in parts for name in part.validation)
    assert validated == sorted({case.name for case in all_cases} - set(parts[0].test))
    sizes = [len(part.validation) for part in parts]
    assert max(sizes) - min(sizes) <= 2, "a patient has two cases"
    for folds, fold, reason in ((1, 1, "One fold"), (3, 4, "no fold 4"), (12, 1, "cannot be cut")):
        with pytest.raises(InputError, match=reason):
            make_split(all_cases, 4, folds=folds, fold=fold)


def test_a_split_is_kept_and_read_back(tmp_path: Path) -> None:
    all_cases = cases(12, 6)
    split = make_split(all_cases, 3)
    file = split.save(tmp_path, all_cases)
    assert read_split(tmp_path) == read_split(file) == split
    assert '"c0": "p0"' in file.read_text(encoding="utf-8")
    assert [c.name for c in split.of(all_cases, "test")] == [
        c.name for c in all_cases if c.name in split.test
    ]


def test_a_patient_on_both_sides_and_unknown_cases_are_refused() -> None:
    all_cases = cases(6, 3)
    with pytest.raises(InputError, match="p0"):
        check_split(Split(("c0",), (), ("c3",)), all_cases)
    with pytest.raises(InputError, match="c99"):
        check_split(Split(("c0", "c99"), (), ()), all_cases)


@pytest.mark.parametrize("text", ["", "[]", '{"train": 5}', '{"train": [1]}', '{"seed": "x"}'])
def test_damaged_splits(tmp_path: Path, text: str) -> None:
    (tmp_path / "split.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"split\.json"):
        read_split(tmp_path)
