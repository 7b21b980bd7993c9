"""Corrected copies: sound, recorded, whole or not there; originals stay as they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from engine.data.doctor.examining import Examination
from engine.data.doctor.repairing import RECORD, repair
from engine.data.doctor.report import report, write_report
from engine.errors import DiskError, InputError
from tests.engine.data.doctor.sets import broken, end_of, examined
from tests.engine.data.segmentation.sets import folder_set, h5_file


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Examination, Path]:
    """A broken set, and the folder of its copy."""
    home = tmp_path_factory.mktemp("mended")
    root = broken(home / "set")
    before = digests(root)
    found = examined(root)
    copy = end_of(repair(found, found.findings, home / "copy"))
    assert digests(root) == before
    assert copy.source == copy.path == home / "copy"
    assert sorted(path.name for path in home.iterdir()) == ["copy", "set"]
    return found, copy.path


def test_the_copy_has_no_errors_left(mended: tuple[Examination, Path]) -> None:
    found = examined(mended[1])
    assert not found.of("error")
    assert [look.item.name for look in found.looks] == [
        f"case_{i:02d}" for i in (1, 3, 4, 5, 7, 8, 9, 11)
    ]
    assert {look.image.axes for look in found.looks if look.image} == {"RAS"}


def test_values_are_those_that_were_meant(mended: tuple[Examination, Path]) -> None:
    source, copy = mended[0].source, mended[1]

    def both(part: str, case: str) -> tuple[np.ndarray, np.ndarray]:
        first, second = (
            np.asarray(nib.load(root / part / f"{case}.nii.gz").dataobj) for root in (source, copy)
        )
        return first, second

    before, after = both("imagesTr", "case_01")
    good = np.isfinite(before)
    np.testing.assert_array_equal(after[good], before[good])
    assert (after[~good] == before[good].min()).all()
    before, after = both("labelsTr", "case_03")
    np.testing.assert_array_equal(after, before)
    before, after = both("labelsTr", "case_04")
    np.testing.assert_array_equal(after[2:-2, 2:-2, 1:-1], before)
    assert after[:2].max() == 0
    before, after = both("labelsTr", "case_07")
    np.testing.assert_array_equal(after, np.where(before == 5, 3, before))
    turned = nib.as_closest_canonical(nib.load(source / "imagesTr" / "case_08.nii.gz"))
    _, after = both("imagesTr", "case_08")
    np.testing.assert_array_equal(after, np.asarray(turned.dataobj))
    assert nib.load(copy / "imagesTr" / "case_09.nii.gz").header.get_zooms() == (1, 1, 1)


def test_every_change_is_recorded(mended: tuple[Examination, Path]) -> None:
    told = json.loads((mended[1] / RECORD).read_text())
    fixes = {change["fix"] for change in told["changes"]}
    assert fixes == {finding.fix for finding in mended[0].findings if finding.fix}
    assert {"file": "labelsTr/case_07.nii.gz", "fix": "renumber"}.items() <= next(
        change.items() for change in told["changes"] if change["fix"] == "renumber"
    )


def test_a_copy_that_is_left_half_way_leaves_nothing(tmp_path: Path) -> None:
    found = examined(broken(tmp_path / "set"))
    steps = repair(found, found.findings, tmp_path / "copy")
    for _ in range(5):
        next(steps)
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_copy_never_lies_in_the_set_or_on_other_files(tmp_path: Path) -> None:
    found = examined(broken(tmp_path / "set"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "other.txt").touch()
    for output, error in (
        (tmp_path / "set" / "copy", InputError),
        (tmp_path, InputError),
        (tmp_path / "full", InputError),
        (tmp_path / "no" / "folder", DiskError),
    ):
        with pytest.raises(error):
            end_of(repair(found, found.findings, output))
    with pytest.raises(InputError, match="mended"):
        end_of(repair(found, (), tmp_path / "copy"))


def test_a_mask_of_another_picture_is_left_out_with_its_image(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "pictures", list("uvwxyz"), side=64)
    mask = root / "masks" / "w.png"
    Image.open(mask).resize((40, 64), Image.Resampling.NEAREST).save(mask)
    found = examined(root / "images", root / "masks")
    (finding,) = found.of("error")
    assert (finding.check, finding.cases, finding.fix) == ("shape", ("w",), "drop-misfit")
    copy = end_of(repair(found, [finding], tmp_path / "copy"))
    assert [look.item.name for look in examined(copy.source, copy.masks).looks] == list("uvxyz")
    assert not examined(copy.source, copy.masks).of("error")


def test_pictures_and_lists(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "pictures", list("uvwxyz"), side=64)
    grey = np.asarray(Image.open(root / "images" / "u.png"))
    Image.fromarray(np.stack([grey, grey // 2, grey], -1)).save(root / "images" / "u.png")
    Image.fromarray(grey.astype(np.uint16) * 200).save(root / "images" / "v.png")
    mask = Image.open(root / "masks" / "x.png")
    (root / "masks" / "x.png").unlink()
    mask.save(root / "masks" / "x.jpg", quality=60)
    found = examined(root / "images", root / "masks")
    copy = end_of(repair(found, found.findings, tmp_path / "copy"))
    assert (copy.source, copy.masks) == (tmp_path / "copy/images", tmp_path / "copy/masks")
    again = examined(copy.source, copy.masks)
    assert not [finding for finding in again.findings if finding.fix]
    assert np.asarray(Image.open(copy.source / "v.png")).max() == 255
    assert set(np.unique(np.asarray(Image.open(copy.path / "masks" / "x.png")))) == {0, 255}


def test_patients_get_one_part_and_h5_files_good_values(tmp_path: Path) -> None:
    root = tmp_path / "set"
    names = ["patient1_slice_1", "patient1_slice_2", "patient2_slice_1", "patient1_slice_3"]
    for seed, name in enumerate(names):
        h5_file(root / "data" / f"{name}.h5", seed)
    (root / "train.list").write_text("\n".join(names[:3]))
    (root / "val.list").write_text(names[3])
    with h5py.File(root / "data" / f"{names[2]}.h5", "r+") as file:
        file["image"][0, 0] = np.nan
        file["label"][...] = file["label"][...] * 3
    found = examined(root)
    copy = end_of(repair(found, found.findings, tmp_path / "copy"))
    assert (copy.path / "train.list").read_text().split() == [*names[:3], names[3]]
    with h5py.File(copy.path / "data" / f"{names[2]}.h5") as file:
        assert np.isfinite(file["image"][...]).all()
        assert set(np.unique(file["label"])) <= {0, 2}


def test_the_report_needs_no_other_file_and_runs_nothing(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "<script>alert(1)</script>", list("uvw"))
    (root / "masks" / "w.png").unlink()
    found = examined(root)
    text = report(found)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "data:image/png;base64," in text
    assert "http" not in text
    assert all(finding.message.split(".png")[0] in text for finding in found.of("error"))
    write_report(tmp_path / "report.html", found)
    assert (tmp_path / "report.html").read_text() == text
