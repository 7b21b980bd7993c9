"""From sets of files to scans without masks."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from engine.data.png import write_png
from engine.data.weak.frames import Framing
from engine.data.weak.listing import list_entries, numbered
from engine.data.weak.opening import ScanReport, Wanted, open_scans
from engine.data.weak.scans import Scan
from engine.data.weak.store import SliceStore
from engine.data.weak.truth import Truths
from engine.errors import InputError
from engine.steps import ProgressStep
from tests.helpers.cdm_models import layout, slice_of, volumes


def opened(source: Path, masks: Path | None = None, **wanted: Any) -> ScanReport:
    steps = open_scans(source, masks, Wanted(**wanted))
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            assert all(isinstance(step, ProgressStep) for step in told)
            found: ScanReport = end.value
            return found


def test_the_published_layout(tmp_path: Path) -> None:
    report = opened(layout(tmp_path / "flair"))
    assert report.names == {0: "normal", 1: "tumor"}
    assert report.range == "bytes"
    assert report.counts() == {0: 8, 1: 8}
    roles = {scan.role for scan in report.scans}
    assert roles == {"train", "test"}
    one = next(s for s in report.scans if s.name == "training/tumor/patient2_slice_1")
    assert (one.patient, one.labels) == ("patient2", (frozenset({1}),))
    # The release nests it as modality/modality; a folder above is as good.
    assert opened(tmp_path).counts() == report.counts()
    assert opened(tmp_path / "flair" / "training").counts() == {0: 4, 1: 4}


def test_several_modalities_are_to_be_chosen_from(tmp_path: Path) -> None:
    layout(tmp_path / "flair", 1)
    layout(tmp_path / "t2", 1)
    with pytest.raises(InputError, match="several sets") as caught:
        opened(tmp_path)
    assert "t2" in caught.value.hint


def test_several_kinds_of_findings(tmp_path: Path) -> None:
    for number, kind in enumerate(("healthy", "oedema", "bleeding")):
        (tmp_path / kind).mkdir()
        image, _ = slice_of(np.random.default_rng(number), (16, 16), spot=number > 0)
        write_png(tmp_path / kind / "a.png", image, {})
    report = opened(tmp_path)
    assert report.names == {0: "normal", 1: "bleeding", 2: "oedema"}
    assert report.counts() == {0: 1, 1: 1, 2: 1}


def test_volumes_with_masks_give_labels_of_slices(tmp_path: Path) -> None:
    report = opened(volumes(tmp_path), finding="spot")
    assert report.names == {0: "normal", 1: "spot"}
    assert report.counts() == {0: 20, 1: 10}
    spot = frozenset({1})
    assert report.scans[0].labels == ((frozenset(),) * 2 + (spot,) * 2 + (frozenset(),) * 2)
    assert 15 < report.fov_mm < 26


def test_masks_lead_nowhere_once_labels_are_made(tmp_path: Path) -> None:
    report = opened(volumes(tmp_path))
    for mask in (tmp_path / "labelsTr").iterdir():
        mask.unlink()
    store = SliceStore(report.scans, Framing(16, fov_mm=report.fov_mm))
    assert all(np.isfinite(store.picture(i)).all() for i in range(len(store)))
    names = {field.name for field in fields(Scan)}
    assert not [name for name in names if "mask" in name or "truth" in name]


def test_each_label_may_be_a_finding(tmp_path: Path) -> None:
    volumes(tmp_path, 4, labels=2)
    (tmp_path / "dataset.json").write_text('{"labels": {"0": "nothing", "1": "core", "2": "rim"}}')
    report = opened(tmp_path, each=True)
    assert report.names == {0: "normal", 1: "core", 2: "rim"}
    assert report.counts() == {0: 16, 1: 4, 2: 4}
    assert opened(tmp_path, each=False).counts() == {0: 16, 1: 8}


def test_other_planes_cut_the_spot_elsewhere(tmp_path: Path) -> None:
    report = opened(volumes(tmp_path, 1), plane="coronal")
    labels = report.scans[0].labels
    assert len(labels) == 24
    showing = [i for i, seen in enumerate(labels) if seen]
    assert 3 < len(showing) < 12
    assert showing == list(range(showing[0], showing[-1] + 1))


def test_doubtful_and_empty_slices_are_left_out_and_told(tmp_path: Path) -> None:
    volumes(tmp_path, 1)
    path = tmp_path / "imagesTr" / "patient0.nii.gz"
    image = nibabel.load(path)
    array = np.asarray(image.dataobj).copy()
    array[:, :, 0] = 0
    nibabel.save(nibabel.Nifti1Image(array, image.affine), path)
    mask_path = tmp_path / "labelsTr" / "patient0.nii.gz"
    mask = nibabel.load(mask_path)
    marked = np.asarray(mask.dataobj).copy()
    marked[5, 5, 5] = 1
    nibabel.save(nibabel.Nifti1Image(marked, mask.affine), mask_path)
    report = opened(tmp_path, smallest=5)
    scan = report.scans[0]
    assert scan.unused == {0, 5}
    assert scan.used == (1, 2, 3, 4)
    assert not scan.labels[5]
    told = " ".join(report.told)
    assert "1 slices with fewer than 5 marked pixels" in told
    assert "1 slices that show nothing" in told


def test_volumes_of_other_spacing(tmp_path: Path) -> None:
    report = opened(volumes(tmp_path, spacings=(1.0, 2.0)))
    assert report.pixel_mm == (1.0, 2.0)
    store = SliceStore(report.scans, Framing(16, "axial", fov_mm=report.fov_mm))
    widths = [(store.picture(i)[0, 8] > -0.6).sum() for i in (1, 7)]
    assert abs(int(widths[0]) - int(widths[1])) <= 2


def test_copies_are_one_patients(tmp_path: Path) -> None:
    volumes(tmp_path, 3)
    for folder in ("imagesTr", "labelsTr"):
        copy = (tmp_path / folder / "patient0.nii.gz").read_bytes()
        (tmp_path / folder / "patient9.nii.gz").write_bytes(copy)
    report = opened(tmp_path)
    owners = {scan.name: scan.patient for scan in report.scans}
    assert owners["patient0"] == owners["patient9"]
    assert len(set(owners.values())) == 3
    assert any("same image" in sentence for sentence in report.told)


def test_unusable_images_are_told_and_left_out(tmp_path: Path) -> None:
    volumes(tmp_path, 2)
    array = np.full((24, 24, 6), np.nan, np.float32)
    nibabel.save(
        nibabel.Nifti1Image(array, np.diag([-1.0, -1.0, 3.0, 1.0])),
        tmp_path / "imagesTr" / "patient0.nii.gz",
    )
    report = opened(tmp_path)
    assert [scan.name for scan in report.scans] == ["patient1"]
    assert any("NaN" in sentence for sentence in report.told)


@pytest.mark.parametrize("kind", ["normal", "tumor"])
def test_only_one_class_cannot_be_learnt_from(tmp_path: Path, kind: str) -> None:
    layout(tmp_path, 1)
    for part in ("training", "validate"):
        for file in (tmp_path / part / kind).iterdir():
            file.unlink()
    with pytest.raises(InputError, match="All 2 slices are labelled") as caught:
        opened(tmp_path).accept()
    assert caught.value.hint


def test_nothing_usable(tmp_path: Path) -> None:
    layout(tmp_path, 1)
    for file in tmp_path.rglob("*.png"):
        file.write_bytes(b"no image")
    with pytest.raises(InputError, match="no image that can be learnt from"):
        opened(tmp_path).accept()


# --- tables


def table(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_slices(tmp_path: Path) -> None:
    volumes(tmp_path, 2)
    rows = ["file,slice,label,patient"]
    rows += [
        f"imagesTr/patient0.nii.gz,{z},{'spot' if z in (2, 3) else 'normal'},A" for z in range(6)
    ]
    rows += ["imagesTr/patient1.nii.gz,,healthy,B"]
    report = opened(table(tmp_path, "\n".join(rows)))
    assert report.names == {0: "normal", 1: "spot"}
    assert report.counts() == {0: 10, 1: 2}
    assert [s.patient for s in report.scans] == ["A", "B"]
    # What no row names is not known, unless one row speaks of the rest.
    fewer = table(tmp_path, "\n".join([rows[0], *rows[3:7], rows[-1]]), "fewer.csv")
    report = opened(fewer)
    assert report.counts() == {0: 8, 1: 2}
    assert report.scans[0].used == (2, 3, 4, 5)
    assert any(s.startswith("2 slices that the table does not name") for s in report.told)
    rest = table(tmp_path, "\n".join([rows[0], *rows[3:5], rows[1].replace(",0,", ",,")]), "r.csv")
    assert opened(rest).counts() == {0: 4, 1: 2}
    # The table's slices are the file's; another plane cuts across them.
    told = opened(tmp_path / "table.csv", plane="coronal").told
    assert any("cuts across" in sentence and "'stored'" in sentence for sentence in told)


def test_a_table_of_volumes_with_several_labels_and_a_split(tmp_path: Path) -> None:
    volumes(tmp_path, 2)
    text = (
        "image;class;split\nimagesTr/patient0.nii.gz;2,;train\nimagesTr/patient1.nii.gz;10;test\n"
    )
    text = text.replace("2,", "2")
    report = opened(table(tmp_path, text))
    assert report.names == {0: "normal", 1: "label 2", 2: "label 10"}
    assert {s.role for s in report.scans} == {"train", "test"}
    both = table(tmp_path, "file,label\nimagesTr/patient0.nii.gz,rim; core\n", "both.csv")
    assert opened(both).scans[0].labels[0] == {1, 2}


def test_a_table_with_masks_alone(tmp_path: Path) -> None:
    volumes(tmp_path, 1)
    text = "file\tmask\nimagesTr/patient0.nii.gz\tlabelsTr/patient0.nii.gz\n"
    assert opened(table(tmp_path, text, "t.tsv"), finding="spot").counts() == {0: 4, 1: 2}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "columns"),
        ("name,thing\na,b\n", "columns name, thing"),
        ("file,label\n", "no rows"),
        ("file,label\nnowhere.nii,1\n", "not there: nowhere.nii"),
        ("file,label\n,1\n", "Line 2 .* names no file"),
        ("file,slice,label\nFILE,one,1\n", "slice 'one'"),
        ("file,label,split\nFILE,1,perhaps\n", "split 'perhaps'"),
        ("file,label,patient\nFILE,1,A\nFILE,1,B\n", "several patients: A, B"),
        ("file,label\nFILE,\n", "neither a label nor a mask"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, problem: str) -> None:
    volumes(tmp_path, 1)
    path = table(tmp_path, text.replace("FILE", "imagesTr/patient0.nii.gz"))
    with pytest.raises(InputError, match=problem) as caught:
        list_entries(path)
    assert caught.value.hint


def test_a_slice_that_is_not_there(tmp_path: Path) -> None:
    volumes(tmp_path, 1)
    path = table(tmp_path, "file,slice,label\nimagesTr/patient0.nii.gz,6,1\n")
    assert any("no slice 6" in sentence for sentence in opened(path).told)


def test_words_and_numbers() -> None:
    assert numbered(["10", "2", "normal", "0"]) == {"normal": 0, "0": 0, "2": 1, "10": 2}
    assert numbered(["rim", "Healthy", "core"]) == {"Healthy": 0, "core": 1, "rim": 2}


# --- the truth, for judging


def test_the_truth_is_read_to_judge_by(tmp_path: Path) -> None:
    report = opened(volumes(tmp_path, 2, labels=2))
    truths = Truths(tmp_path, None, Wanted(), report.names)
    judged = truths.read("patient1")
    assert judged.labels.shape == judged.volume.geometry.shape
    assert set(np.unique(judged.labels)) == {0, 1}, "all labels are one finding"
    assert judged.labels[2].any()
    assert not judged.labels[0].any()
    each = opened(tmp_path, each=True)
    truths = Truths(tmp_path, None, Wanted(each=True), each.names)
    assert set(np.unique(truths.read("patient1").labels)) == {0, 2}
    with pytest.raises(InputError, match="no class here"):
        Truths(tmp_path, None, Wanted(each=True), {0: "normal", 1: "other"}).read("patient1")


def test_normal_images_need_no_mask_to_be_judged(tmp_path: Path) -> None:
    layout(tmp_path, 2)
    (tmp_path / "validate" / "seg" / "patient101_slice_1.png").unlink()
    report = opened(tmp_path)
    truths = Truths(tmp_path, None, Wanted(), report.names)
    assert truths.has("validate/normal/patient100_slice_0")
    assert not truths.read("validate/normal/patient100_slice_0").labels.any()
    assert truths.read("validate/tumor/patient100_slice_1").labels.any()
    assert not truths.has("validate/tumor/patient101_slice_1")
    assert not truths.has("nowhere")
    assert any("1 images" in sentence and "mask" in sentence for sentence in report.told)


# --- the store


def test_scans_that_were_not_used_for_longest_are_forgotten(tmp_path: Path) -> None:
    report = opened(volumes(tmp_path, 3))
    framing = Framing(16, fov_mm=report.fov_mm)
    one = SliceStore(report.scans[:1], framing)
    one.picture(0)
    store = SliceStore(report.scans, framing, limit_bytes=2 * 6 * 16 * 16 * 2)
    again = [store.picture(i) for i in range(len(store))]
    assert store.kept == 2
    assert all((store.picture(i) == picture).all() for i, picture in enumerate(again))
    assert store.of_class(1) == (2, 3, 8, 9, 14, 15)
    assert len(store.of_class(0)) == 12
