"""Who trains, validates and tests where somebody names them; lists and draws: test_choosing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.methods.diffrect.cases import Pool, open_pool
from engine.methods.diffrect.choosing import choose
from engine.methods.diffrect.params import TrainParams
from engine.methods.diffrect.parting import split_for
from tests.engine.data.segmentation.sets import decathlon_set, disc, nifti
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import slices_set


def pool_of(root: Path) -> Pool:
    pool: Pool = run(open_pool(root))[0]
    return pool


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Three patients to train on, two slices each; 004 and 005 validate by a list."""
    return pool_of(slices_set(tmp_path, patients=3, slices=2))


def test_named_patients_go_before_lists_and_shares(pool: Pool) -> None:
    params = TrainParams(validation_cases="patient004, Patient002", test_cases="patient001")
    split = split_for(pool, params)
    assert split.validation == (
        "patient002_frame01_slice_0", "patient002_frame01_slice_1", "patient004_frame01",
    )  # fmt: skip
    assert {case.patient for case in split.of(pool.cases, "test")} == {"patient001"}
    chosen = choose(pool, split, 1, ())
    assert [case.patient for case in chosen.labelled] == ["patient003"] * 2
    assert [case.name for case in chosen.unlabelled] == ["patient005_frame01"], "no list holds it"


def test_without_names_it_is_as_the_set_says(pool: Pool) -> None:
    split = split_for(pool, TrainParams(test=0.0))
    assert split.validation == ("patient004_frame01", "patient005_frame01")


@pytest.mark.parametrize(
    ("validation", "test", "problem"),
    [
        ("patient009", "", "no case or patient patient009 to validate"),
        ("patient001", "patient042", "no case or patient patient042 to test"),
        ("patient001_frame01_slice_0", "", "1 patients are in two parts: patient001"),
        ("patient001", "patient001", "1 patients are in two parts: patient001"),
        ("", "patient001", "named to test on, but none to validate on"),
        (
            "patient001 patient002 patient003 patient004 patient005", "",
            "All cases validate or test",
        ),
    ],
)  # fmt: skip
def test_names_that_part_nobody(pool: Pool, validation: str, test: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        split_for(pool, TrainParams(validation_cases=validation, test_cases=test))


def test_a_case_without_a_label_cannot_validate(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["patient1_a", "patient2_a"])
    nifti(root / "imagesTr" / "patient3_a.nii.gz", disc((6, 20, 18), 9)[0])
    with pytest.raises(InputError, match="patient3 is to validate, but has no label"):
        split_for(pool_of(root), TrainParams(validation_cases="patient3"))
