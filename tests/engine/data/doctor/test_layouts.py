"""Layouts are told apart, and say what a training would take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.doctor.layouts import recognise
from engine.errors import InputError
from tests.engine.data.doctor.sets import brains
from tests.engine.data.segmentation.sets import decathlon_set, folder_set, h5_file


def test_the_decathlons_and_nnunets(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a", "b"], "_0000")
    for given in (root, root / "imagesTr"):
        found = recognise(given)
        assert (found.kind, found.source, len(found.items)) == ("decathlon", root, 2)


def test_two_folders_and_one_with_both(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["a", "b"])
    (root / "masks" / "b.png").unlink()
    found = recognise(root / "images", root / "masks")
    assert found.kind == recognise(root).kind == "pairs"
    assert found.masks == root / "masks"
    alone = [item for item in found.items if item.mask is None]
    assert [item.name for item in alone] == ["b"]


def test_folders_for_training_and_validation(tmp_path: Path) -> None:
    folder_set(tmp_path / "training", ["a", "b"])
    folder_set(tmp_path / "validation", ["c"])
    found = recognise(tmp_path)
    assert {item.role for item in found.items} == {"train", "validation"}
    assert found.source == tmp_path / "training"


def test_lists_of_h5_files(tmp_path: Path) -> None:
    for seed in range(3):
        h5_file(tmp_path / "data" / "slices" / f"patient{seed}_slice_1.h5", seed)
    (tmp_path / "train_slices.list").write_text("patient0_slice_1\npatient1_slice_1\n")
    (tmp_path / "val.list").write_text("patient2_slice_1\n")
    found = recognise(tmp_path)
    assert found.kind == "ssl4mis"
    assert sorted(item.role for item in found.items) == ["train", "train", "validation"]
    assert recognise(tmp_path / "data" / "slices").kind == "h5"


def test_images_that_are_labelled_as_a_whole(tmp_path: Path) -> None:
    for kind in ("normal", "tumor"):
        folder = tmp_path / "training" / kind
        folder.mkdir(parents=True)
        Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(folder / "p1.png")
    found = recognise(tmp_path)
    assert found.kind == "weak"
    assert {label for item in found.items for label in item.labels or ()} == {"tumor"}
    table = tmp_path / "table.csv"
    table.write_text("file,label\ntraining/normal/p1.png,normal\ntraining/tumor/p1.png,tumor\n")
    assert recognise(table).kind == "table"


def test_patients_with_several_kinds_of_image(tmp_path: Path) -> None:
    found = recognise(brains(tmp_path))
    assert found.kind == "modalities"
    assert found.modalities == {"t1": "*/*_t1.nii.gz", "t2": "*/*_t2.nii.gz"}
    assert {item.patient for item in found.items} == {"subject0", "subject1", "subject2"}
    assert all(item.mask is not None for item in found.items)


def test_what_nobody_knows_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("nothing")
    with pytest.raises(InputError, match="no set of images") as refusal:
        recognise(tmp_path)
    assert "nnU-Net" in refusal.value.hint
    with pytest.raises(InputError, match="not there"):
        recognise(tmp_path / "gone")
