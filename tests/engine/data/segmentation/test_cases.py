"""Layouts, patients, and what is told of a set that has something wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.checking import CheckReport, judge
from engine.data.segmentation.patients import patient_of
from engine.data.segmentation.reading import inspect_case, read_case, renumbered
from engine.errors import InputError
from tests.engine.data.segmentation.sets import decathlon_set, disc, folder_set, h5_file, nifti


def check(root: Path, masks: Path | None = None) -> CheckReport:
    listing = find_cases(root, masks)
    return judge(listing, [inspect_case(case) for case in listing.cases])


def test_two_folders_and_one_with_both_inside(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["a", "b_1", "b_2"])
    inside, apart = find_cases(root), find_cases(root / "images", root / "masks")
    assert inside.cases == apart.cases
    assert [c.name for c in inside.cases] == ["a", "b_1", "b_2"]
    assert inside.rule == "the same name"


def test_vessels_are_not_taken_for_the_field_of_view(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["a", "b"])
    (root / "masks").rename(root / "1st_manual")
    folder_set(tmp_path / "other", ["a", "b"])
    (tmp_path / "other" / "masks").rename(root / "mask")
    listing = find_cases(root)
    assert {c.label.parent.name for c in listing.cases} == {"1st_manual"}
    assert listing.notes == ("Labels are those of 1st_manual, not of mask.",)


@pytest.mark.parametrize("suffix", ["", "_0000"])
def test_decathlon_and_nnunet(tmp_path: Path, suffix: str) -> None:
    root = decathlon_set(tmp_path, ["hip_001", "hip_002"], suffix)
    labels = {"background": 0, "front": 1, "back": 2} if suffix else {
        "0": "background", "1": "front", "2": "back",
    }  # fmt: skip
    (root / "dataset.json").write_text(json.dumps({"labels": labels}), encoding="utf-8")
    for images, masks in (
        (root, None), (root / "dataset.json", None), (root / "imagesTr", None),
        (root / "imagesTr", root / "labelsTr"),
    ):  # fmt: skip
        listing = find_cases(images, masks)
        assert [c.name for c in listing.cases] == ["hip_001", "hip_002"]
        assert listing.names == {0: "background", 1: "front", 2: "back"}
    assert check(root).accept()


def test_nnunet_channels(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a", "b"], "_0000")
    for name in ("a", "b"):
        nifti(root / "imagesTr" / f"{name}_0001.nii.gz", disc((6, 20, 18), 9)[0])
    listing = find_cases(root, channel=1)
    assert [c.image.name for c in listing.cases] == ["a_0001.nii.gz", "b_0001.nii.gz"]
    assert listing.notes == ("Channel 1 of 2 is used.",)
    with pytest.raises(InputError, match="no channel 2"):
        find_cases(root, channel=2)


def test_a_channel_of_files_with_several(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a", "b"])
    both = np.stack([disc((6, 20, 18), seed)[0].transpose(2, 1, 0) for seed in (5, 6)], -1)
    nib.save(nib.Nifti1Image(both, np.eye(4)), root / "imagesTr" / "a.nii.gz")
    case = find_cases(root, channel=1).cases[0]
    volume = read_case(case).volume
    assert volume.channels == "single"
    assert np.array_equal(volume.array[0], disc((6, 20, 18), 6)[0])
    listing = find_cases(root, channel=1)
    report = judge(listing, [inspect_case(c) for c in listing.cases])
    assert [c.name for c in report.cases] == ["a"]
    assert "b.nii.gz has no channel 1" in report.problems[0].message
    nnunet = decathlon_set(tmp_path / "n", ["a"], "_0001")
    case = find_cases(nnunet, channel=1).cases[0]
    assert read_case(case).volume.array.shape == (1, 6, 20, 18)


def test_h5_folder_and_list(tmp_path: Path) -> None:
    names = ["patient001_slice_1", "patient001_slice_2", "patient002_slice_1"]
    for seed, name in enumerate(names):
        h5_file(tmp_path / "data" / "slices" / f"{name}.h5", seed)
    (tmp_path / "train.list").write_text("\n".join(names[:2]), encoding="utf-8")
    assert len(find_cases(tmp_path / "data" / "slices").cases) == 3
    listed = find_cases(tmp_path / "train.list")
    assert [c.patient for c in listed.cases] == ["patient001"] * 2
    read = read_case(listed.cases[0])
    assert read.labels.shape == (1, 20, 20)
    assert set(np.unique(read.labels)) == {0, 1}
    (tmp_path / "bad.list").write_text("patient009_slice_1", encoding="utf-8")
    with pytest.raises(InputError, match="patient009_slice_1"):
        find_cases(tmp_path / "bad.list")


def test_a_description_that_is_none(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a"])
    for text, why in (("{", "JSON"), ("[]", "describe"), ('{"labels": {"x": [1, 2]}}', "number")):
        (root / "dataset.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=why):
            find_cases(root)


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("TCGA-18-5592-01Z-00-DX1", "tcga-18-5592"),
        ("patient019_frame01", "patient019"),
        ("patient004_frame01_slice_10", "patient004"),
        ("hippocampus_001", "hippocampus_001"),
        ("scan7-day3-PA", "scan7"),
        ("pneumonia-rapidly-12-hours", "pneumonia-rapidly"),
        ("SARS-mr34g04a-Fig4a-day7", "sars-mr34g04"),
        ("aunt-b-2020_01_28", "aunt-2020_01_28"),
        ("21", "21"),
        ("left", "left"),
    ],
)
def test_patients_from_names(name: str, patient: str) -> None:
    assert patient_of(name) == patient


def test_patients_by_pattern() -> None:
    assert patient_of("s12_x", r"s(\d+)") == "12"
    with pytest.raises(InputError, match="no patient"):
        patient_of("t12", r"s(\d+)")
    with pytest.raises(InputError, match="regular expression"):
        patient_of("t12", "(")


def test_what_has_no_partner_is_listed_with_the_rule(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["a", "b", "c"])
    (root / "masks" / "b.png").rename(root / "masks" / "z.png")
    report = check(root)
    told = [p for p in report.problems if p.kind == "unpaired"]
    assert ["b.png" in told[0].message, "z.png" in told[1].message] == [True, True]
    assert "the same name" in told[0].remedy
    assert [c.name for c in report.cases] == ["a", "c"]


def test_sizes_that_differ(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["a", "b", "c"])
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(root / "masks" / "b.png")
    report = check(root)
    assert [c.name for c in report.cases] == ["a", "c"]
    assert "6 x 5" in report.problems[0].message
    assert report.problems[0].remedy


def test_a_mask_that_lies_elsewhere(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a", "b"])
    mask = disc((6, 20, 18), 0)[1]
    nifti(root / "labelsTr" / "a.nii.gz", mask, np.diag([-1.0, 1, 1, 1]))
    nifti(root / "labelsTr" / "b.nii.gz", mask, np.diag([1.01, 1, 1, 1]))
    report = check(root)
    assert [c.name for c in report.cases] == ["b"]
    assert "does not lie on" in report.problems[0].message


def test_labels_with_gaps_are_offered_a_remap(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a", "b"])
    mask = disc((6, 20, 18), 1)[1]
    nifti(root / "labelsTr" / "b.nii.gz", mask * np.uint8(7))
    report = check(root)
    assert report.remap == {0: 0, 1: 1, 2: 2, 7: 3}
    assert report.classes == 4
    with pytest.raises(InputError, match="0, 1, 2, 7") as caught:
        report.accept()
    assert "7 becomes 3" in caught.value.hint
    assert len(report.accept(remap=True)) == 2
    assert set(np.unique(read_case(report.cases[1], {}).labels)) == {0, 7}
    labels = read_case(report.cases[1], report.remap).labels
    assert set(np.unique(labels)) == {0, 3}


def test_renumbering_drops_what_is_not_named() -> None:
    labels = np.array([[0, 1, 5], [9, 5, 1]], np.uint8)
    assert renumbered(labels, {0: 0, 5: 1}).tolist() == [[0, 0, 1], [0, 1, 0]]
    with pytest.raises(InputError, match="255"):
        renumbered(labels, {1: 300})


def test_constant_images_and_nan_are_left_out(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a", "b", "c", "d"])
    broken = disc((6, 20, 18), 0)[0].astype(np.float32)
    broken[1, 2, 3] = np.nan
    nifti(root / "imagesTr" / "a.nii.gz", broken)
    nifti(root / "imagesTr" / "b.nii.gz", np.full((6, 20, 18), 7, np.uint8))
    report = check(root)
    assert [c.name for c in report.cases] == ["c", "d"]
    first, second = (p.message for p in report.problems)
    assert "1 of 2160 values are NaN" in first
    assert "all values are 7" in second


def test_one_case_only_and_no_structure(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 usable"):
        check(folder_set(tmp_path / "one", ["a"])).accept()
    root = folder_set(tmp_path / "two", ["a", "b"], white=0)
    with pytest.raises(InputError, match="no structure"):
        check(root).accept()


def test_copies_of_an_image_are_one_patients(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["anna", "bert", "carl", "dora"])
    for name in ("bert", "dora"):
        (root / "images" / f"{name}.png").write_bytes((root / "images" / "anna.png").read_bytes())
    report = check(root)
    assert len({c.patient for c in report.cases}) == 2
    assert "same image" in report.problems[0].message


@pytest.mark.parametrize("form", ["one", "white", "jpeg", "rgba", "palette"])
def test_masks_of_every_kind(tmp_path: Path, form: str) -> None:
    root = folder_set(tmp_path, ["a"], side=64)
    mask = disc((64, 68), 0)[1]
    (root / "masks" / "a.png").unlink()
    white = Image.fromarray(mask * 255)
    if form == "one":
        Image.fromarray(mask).save(root / "masks" / "a_mask.png")
    elif form == "white":
        white.save(root / "masks" / "a_mask.png")
    elif form == "jpeg":
        white.save(root / "masks" / "a_mask.jpg", quality=70)
    elif form == "rgba":
        white.convert("RGBA").save(root / "masks" / "a_mask.png")
    else:
        white.convert("P").save(root / "masks" / "a_mask.png")
    read = read_case(find_cases(root).cases[0]).labels[0]
    assert set(np.unique(read)) == {0, 1}
    assert (read != mask).mean() < (0.01 if form == "jpeg" else 1e-9)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        find_cases(tmp_path / "none")
