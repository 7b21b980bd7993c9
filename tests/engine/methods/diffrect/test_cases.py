"""The layouts that DiffRect is trained on, and what is wrong with sets in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine.errors import InputError
from engine.methods.diffrect.cases import Pool, open_pool
from engine.steps import NoteStep
from tests.engine.data.segmentation.sets import decathlon_set, disc, nifti
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import slices_set


def opened(images: Path, *given: Path | None, **more: Any) -> tuple[Pool, str]:
    """The pool, and all that was told."""
    pool, steps = run(open_pool(images, *given, **more))
    return pool, "\n".join(step.message for step in steps if isinstance(step, NoteStep))


def without_label(file: Path) -> None:
    with h5py.File(file, "a") as held:
        del held["label"]


@pytest.mark.parametrize("flat", [False, True])
def test_the_layout_of_ssl4mis(tmp_path: Path, flat: bool) -> None:
    root = slices_set(tmp_path, patients=3, slices=2, flat=flat)
    pool, _ = opened(root)
    assert [case.name for case in pool.train][:3] == [
        "patient001_frame01_slice_0", "patient001_frame01_slice_1", "patient002_frame01_slice_0",
    ]  # fmt: skip
    assert pool.lists == {"validation": ("patient004_frame01", "patient005_frame01")}
    assert {case.patient for case in pool.cases} == {f"patient00{i}" for i in range(1, 6)}
    assert pool.facts["patient004_frame01"].shape == (2, 40, 36)
    assert pool.report.classes == 3
    assert not pool.unlabelled
    listed, _ = opened(root / "train_slices.list")
    assert [case.name for case in listed.train] == [case.name for case in pool.train]
    assert listed.lists == pool.lists


def test_h5_files_without_a_list(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=2, slices=2, validate=0)
    (root / "train_slices.list").unlink()
    pool, _ = opened(root)
    assert len(pool.train) == 4
    assert not pool.lists


def test_slices_of_the_list_without_a_label_are_unlabelled(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=3, slices=2)
    for z in range(2):
        without_label(root / "data" / "slices" / f"patient003_frame01_slice_{z}.h5")
    pool, told = opened(root)
    assert len(pool.train) == 4
    assert [case.patient for case in pool.unlabelled] == ["patient003"] * 2
    assert "2 images without a label are unlabelled cases" in told


def test_nnunet_with_images_that_have_no_label(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a1", "b2", "c3"], "_0000")
    image, _ = disc((6, 20, 18), 9)
    nifti(root / "imagesTr" / "d4_0000.nii.gz", image)
    pool, told = opened(root)
    assert [case.name for case in pool.train] == ["a1", "b2", "c3"]
    assert len(pool.unlabelled) == 1
    assert pool.facts[pool.unlabelled[0].name].shape == (6, 20, 18)
    assert "1 images without a label" in told


def test_further_images_of_which_some_have_a_label_or_cannot_be_read(tmp_path: Path) -> None:
    root = slices_set(tmp_path / "set", patients=2, slices=1)
    more = slices_set(tmp_path / "more", patients=4, slices=1, validate=0)
    slices = more / "data" / "slices"
    without_label(slices / "patient003_frame01_slice_0.h5")
    (slices / "patient009_cut.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with h5py.File(slices / "patient008_nan.h5", "w") as file:
        file["image"] = np.full((4, 4), np.nan, np.float32)
    pool, told = opened(root, None, more)
    assert sorted(case.patient for case in pool.unlabelled) == ["patient003", "patient004"]
    assert "3 unlabelled cases have a label, which is not looked at" in told
    assert "patient009_cut.h5" in told
    assert "NaN" in told
    listed, _ = opened(root, None, more / "train_slices.list")
    assert len(listed.unlabelled) == 2


def test_lists_that_name_what_is_not_there(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=2, slices=1)
    with (root / "train_slices.list").open("a") as file:
        file.write("patient077_frame01_slice_3\n")
    with pytest.raises(InputError, match=r"names 1 files that are not there: patient077") as caught:
        opened(root)
    assert "slices" in caught.value.hint


def test_a_case_in_two_lists(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=2, slices=1)
    (root / "test.list").write_text("patient003_frame01\n")
    with pytest.raises(InputError, match="patient003_frame01 is in two of the lists"):
        opened(root)


def test_volumes_of_one_slice(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=2, slices=1, validate=1)
    pool, _ = opened(root)
    assert pool.facts["patient003_frame01"].shape == (1, 40, 36)


def test_damaged_ones_are_left_out_and_told(tmp_path: Path) -> None:
    root = slices_set(tmp_path, patients=3, slices=1)
    file = root / "data" / "slices" / "patient002_frame01_slice_0.h5"
    file.write_bytes(file.read_bytes()[:200])
    pool, _ = opened(root)
    assert len(pool.train) == 2
    assert any(file.name in note for note in pool.report.notes())


@pytest.mark.parametrize("name", ["empty", "none", "file.txt"])
def test_places_without_cases(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").touch()
    with pytest.raises(InputError) as caught:
        opened(tmp_path / name)
    assert caught.value.hint
    root = slices_set(tmp_path / "set", patients=2, slices=1)
    with pytest.raises(InputError):
        opened(root, None, tmp_path / name)
