"""Who validates and tests, and whose labels are looked at."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from engine.data.segmentation.splits import Split
from engine.errors import InputError
from engine.methods.diffrect.cases import Pool, open_pool
from engine.methods.diffrect.choosing import choose, names_in
from engine.methods.diffrect.parting import split_of
from tests.engine.data.segmentation.sets import decathlon_set, disc, nifti
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import slices_set


def pool_of(root: Path) -> Pool:
    pool: Pool = run(open_pool(root))[0]
    return pool


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Four patients to train on, two slices each; two that validate."""
    return pool_of(slices_set(tmp_path, patients=4, slices=2))


def test_the_first_patients_of_the_list(pool: Pool) -> None:
    split = split_of(pool, 0, 0.1, 0.0)
    assert len(split.validation) == 2
    assert not split.test
    chosen = choose(pool, split, 1, ())
    assert [case.patient for case in chosen.labelled] == ["patient001"] * 2
    assert len(chosen.unlabelled) == 6
    assert "2 labelled cases of 1 patients (patient001), 6 unlabelled ones of 3" in chosen.notes[0]


def test_some_patients_of_the_validation_list_can_be_kept_for_testing(pool: Pool) -> None:
    split = split_of(pool, 0, 0.1, 0.2)
    assert len(split.validation) == len(split.test) == 1
    assert split_of(pool, 0, 0.1, 0.2) == split


def test_a_test_list_of_its_own(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=3, slices=1)
    (root / "test.list").write_text("patient005_frame01\n")
    (root / "val.list").write_text("patient004_frame01\n")
    split = split_of(pool_of(root), 0, 0.5, 0.5)
    assert (split.validation, split.test) == (("patient004_frame01",), ("patient005_frame01",))
    (root / "val.list").unlink()
    drawn = split_of(pool_of(root), 0, 0.4, 0.5)
    assert drawn.test == split.test
    assert len(drawn.validation) == 1


def test_without_lists_patients_are_drawn(tmp_path: Path) -> None:
    found = pool_of(decathlon_set(tmp_path, ["a1", "b2", "c3", "d4"]))
    split = split_of(found, 3, 0.25, 0.25)
    assert [len(split.part(role)) for role in ("train", "validation", "test")] == [2, 1, 1]


def test_by_name_of_cases_and_patients(pool: Pool) -> None:
    split = split_of(pool, 0, 0.1, 0.0)
    names = ("patient003", "patient001_frame01_slice_1.h5")
    chosen = choose(pool, split, 9, names)
    assert [case.name for case in chosen.labelled] == [
        "patient001_frame01_slice_1", "patient003_frame01_slice_0", "patient003_frame01_slice_1",
    ]  # fmt: skip
    told = "\n".join(chosen.notes)
    assert "1 patients have labelled and unlabelled cases: patient001" in told


def test_a_list_of_names(tmp_path: Path) -> None:
    file = tmp_path / "labelled.list"
    file.write_text("a.h5\nb\n\na\n")
    assert names_in(file) == ("a", "b")
    file.write_text(" \n")
    with pytest.raises(InputError, match="names no case"):
        names_in(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        names_in(file)
    with pytest.raises(InputError, match="cannot be read"):
        names_in(tmp_path / "none.list")


def test_more_patients_than_there_are(pool: Pool) -> None:
    with pytest.raises(InputError, match="5 labelled patients are asked for; there are 4"):
        choose(pool, split_of(pool, 0, 0.1, 0.0), 5, ())


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("patient005", "patient005 is to be labelled, but is kept for validation or test"),
        ("patient042", "no case or patient patient042"),
    ],
)
def test_names_that_cannot_be_labelled(pool: Pool, name: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        choose(pool, split_of(pool, 0, 0.1, 0.0), 1, (name,))


def test_a_case_without_a_label_cannot_be_labelled(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=3, slices=1)
    with h5py.File(root / "data" / "slices" / "patient003_frame01_slice_0.h5", "a") as file:
        del file["label"]
    found = pool_of(root)
    split = split_of(found, 0, 0.1, 0.0)
    for name in ("patient003", "patient003_frame01_slice_0"):
        with pytest.raises(InputError, match=f"{name} is to be labelled, but has no label"):
            choose(found, split, 1, (name,))
    assert len(choose(found, split, 1, ()).unlabelled) == 2


def test_a_structure_that_no_labelled_case_has(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=3, slices=1)
    with h5py.File(root / "data" / "slices" / "patient001_frame01_slice_0.h5", "a") as file:
        file["label"][...] = np.minimum(file["label"][...], 1)
    found = pool_of(root)
    split = split_of(found, 0, 0.1, 0.0)
    with pytest.raises(InputError, match="No labelled case has label 2"):
        choose(found, split, 1, ())
    assert choose(found, split, 2, ()).labelled


def test_a_patient_on_both_sides(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=3, slices=1)
    (root / "val.list").write_text("patient003_frame01_slice_0\npatient004_frame01\n")
    (root / "train_slices.list").write_text(
        "patient001_frame01_slice_0\npatient002_frame01_slice_0\n"
    )
    assert split_of(pool_of(root), 0, 0.1, 0.0).validation
    slices_of = root / "data" / "slices"
    (slices_of / "patient003_frame01_slice_0.h5").rename(slices_of / "patient002_frame02.h5")
    (root / "val.list").write_text("patient002_frame02\npatient004_frame01\n")
    with pytest.raises(InputError, match="1 patients are in two parts: patient002"):
        split_of(pool_of(root), 0, 0.1, 0.0)


def test_unlabelled_images_of_held_out_patients_are_not_used(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["patient1_a", "patient2_a", "patient3_a"])
    nifti(root / "imagesTr" / "patient3_b.nii.gz", disc((6, 20, 18), 9)[0])
    nifti(root / "imagesTr" / "patient1_b.nii.gz", disc((6, 20, 18), 8)[0])
    found = pool_of(root)
    chosen = choose(found, Split(("patient1_a", "patient2_a"), ("patient3_a",), ()), 1, ())
    assert {case.patient for case in chosen.unlabelled} == {"patient1", "patient2"}
    assert "1 unlabelled cases are of patients kept" in chosen.notes[-1]
