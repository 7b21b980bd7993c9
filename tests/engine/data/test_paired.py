"""Which mask belongs to which image."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.paired import PairListing, find_pairs
from engine.errors import InputError


def folders(tmp_path: Path, images: list[str], masks: list[str]) -> PairListing:
    for folder, names in (("images", images), ("masks", masks)):
        (tmp_path / folder).mkdir(exist_ok=True)
        for name in names:
            (tmp_path / folder / name).touch()
    return find_pairs(tmp_path / "images", tmp_path / "masks")


@pytest.mark.parametrize(
    ("image", "mask", "case"),
    [
        ("a.png", "a.gif", "a"),
        ("A.PNG", "a.Tif", "a"),
        ("case1.png", "case1_mask.png", "case1"),
        ("case1.png", "case1_gt.bmp", "case1"),
        ("case1.jpg", "case1-label.png", "case1"),
        ("case1.jpg", "case1_seg.png", "case1"),
        ("Image_01L.jpg", "Image_01L_1stHO.png", None),
        ("im0001.tif", "im0001_manual1.gif", "im0001"),
        ("21_training.tif", "21_manual1.gif", "21"),
        ("021_a.tif", "21_b.gif", "21"),
        ("brain.nii.gz", "brain_seg.nii", "brain"),
        ("scan.v2.png", "scan.v2.png", "scan.v2"),
    ],
)
def test_names_that_match(image: str, mask: str, case: str | None, tmp_path: Path) -> None:
    if case is None:
        with pytest.raises(InputError, match="do not match"):
            folders(tmp_path, [image], [mask])
        return
    found = folders(tmp_path, [image], [mask])
    assert [(i.name, m.name, c) for i, m, c in found.pairs] == [(image, mask, case)]
    assert found.images_without_mask == found.masks_without_image == ()


def test_leftovers_are_listed_and_cases_sorted_as_numbers(tmp_path: Path) -> None:
    found = folders(tmp_path, ["c10.png", "c9.png", "c1.png"], ["c9.png", "c10.png", "c2.png"])
    assert [case for *_, case in found.pairs] == ["c9", "c10"]
    assert [p.name for p in found.images_without_mask] == ["c1.png"]
    assert [p.name for p in found.masks_without_image] == ["c2.png"]
    assert found.rule == "the same name"


def test_the_strictest_rule_that_pairs_most_wins(tmp_path: Path) -> None:
    images = ["1_left.png", "1_right.png"]
    found = folders(tmp_path, images, ["1_left.png", "1_right_mask.png"])
    assert len(found.pairs) == 2
    assert [m.name for _, m, _ in found.pairs] == ["1_left.png", "1_right_mask.png"]


def test_ambiguous_numbers_are_not_paired(tmp_path: Path) -> None:
    found = folders(tmp_path, ["1_x.png", "1_y.png", "2_x.png"], ["1_m.png", "2_m.png"])
    assert [case for *_, case in found.pairs] == ["2"]


def test_other_files_are_ignored(tmp_path: Path) -> None:
    found = folders(tmp_path, ["a.png", ".a.png", "a.txt", "Thumbs.db"], ["a.png", "readme.md"])
    assert len(found.pairs) == 1
    assert found.images_without_mask == ()


def test_one_folder_for_both(tmp_path: Path) -> None:
    for name in ("1.png", "1_mask.png", "2.png"):
        (tmp_path / name).touch()
    found = find_pairs(tmp_path, tmp_path)
    assert [(i.name, m.name) for i, m, _ in found.pairs] == [("1.png", "1_mask.png")]
    assert [p.name for p in found.images_without_mask] == ["2.png"]


def test_errors_name_the_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.png").touch()
    for folder, reason in (("none", "does not exist"), ("empty", "no images"), ("file.png", "not")):
        with pytest.raises(InputError, match=reason) as caught:
            find_pairs(tmp_path / folder, tmp_path)
        assert folder in caught.value.message
        assert caught.value.hint
