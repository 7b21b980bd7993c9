"""Names that results cannot be written under are refused before the work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.atomic import check_writable
from engine.data.volumes.read import read_volume
from engine.data.volumes.targets import check_targets
from engine.data.volumes.volume import Geometry, Volume, plain_affine
from engine.errors import DiskError, InputError
from tests.engine.data.volumes.dicoms import slices, stack

DEEP = Volume(np.zeros((1, 3, 4, 5), np.uint8), Geometry((3, 4, 5), plain_affine()))
FLAT = Volume(np.zeros((1, 1, 4, 5), np.uint8), Geometry((1, 4, 5), plain_affine()))


def test_names_that_can_be_written(tmp_path: Path) -> None:
    check_targets(tmp_path / "a.NII.GZ", {"entropy": tmp_path / "b.tif"}, DEEP)
    check_targets(tmp_path / "a.png", {}, FLAT)
    check_targets(None, {}, DEEP)
    check_targets(None, {"spread": tmp_path / "b.nii"}, DEEP, image=tmp_path / "a.nii.gz")
    check_targets(None, {}, FLAT, image=tmp_path / "a.png")
    stack(tmp_path / "series", slices(3))
    check_targets(tmp_path / "a.dcm", {}, read_volume(tmp_path / "series"))
    assert [p.name for p in tmp_path.iterdir()] == ["series"]


@pytest.mark.parametrize(
    ("labels", "entropy", "problem"),
    [
        ("a.xyz", "b.tif", r"a\.xyz has no ending"),
        ("a", "b.tif", "has no ending"),
        (".nii.gz", "b.tif", "has no ending"),
        ("a.nii.gz", "b.png", r"b\.png has no ending"),
        ("a.png", "b.tif", "PNG cannot hold 3 slices"),
        ("a.dcm", "b.tif", "only a mask of a DICOM series"),
        ("a.nii", "../x/a.nii", "to hold both labels and entropy"),
    ],
)
def test_names_that_cannot(tmp_path: Path, labels: str, entropy: str, problem: str) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    with pytest.raises(InputError, match=problem) as caught:
        check_targets(folder / labels, {"entropy": folder / entropy}, DEEP)
    assert caught.value.hint
    assert list(folder.iterdir()) == []


def test_names_that_no_image_can_have(tmp_path: Path) -> None:
    for name, problem in (("a.dcm", "has no ending"), ("a.png", "PNG cannot hold 3 slices")):
        with pytest.raises(InputError, match=problem):
            check_targets(None, {}, DEEP, image=tmp_path / name)
    with pytest.raises(InputError, match="to hold both image and spread"):
        check_targets(None, {"spread": tmp_path / "a.nii"}, DEEP, image=tmp_path / "a.nii")


def test_the_image_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "image.npy"
    np.save(path, np.arange(20, dtype=np.uint8).reshape(4, 5))
    (tmp_path / "link.npy").symlink_to(path)
    for name in ("image.npy", "link.npy"):
        with pytest.raises(InputError, match="is the image itself"):
            check_targets(tmp_path / name, {}, read_volume(path))


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    for name, why in (("none/a.nii", "does not exist"), ("file/a.nii", "not a folder")):
        (tmp_path / "file").touch()
        with pytest.raises(DiskError, match=why):
            check_targets(tmp_path / name, {}, DEEP)
    (tmp_path / "dir.nii").mkdir()
    with pytest.raises(DiskError, match="a folder of that name"):
        check_writable(tmp_path / "dir.nii")
