"""Images found by patterns of their names, and those that belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.gathering import Found, find_images, pair_images
from engine.errors import InputError


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def names(found: tuple[Found, ...]) -> list[str]:
    return [image.name for image in found]


def test_the_images_of_a_folder_in_the_order_of_people(tmp_path: Path) -> None:
    made(tmp_path, "case10.nii.gz", "case9.nii.gz", "notes.txt", ".hidden.png", "sub/x.nii.gz")
    assert names(find_images(tmp_path)) == ["case9", "case10"]


def test_those_below_where_a_folder_has_none_itself(tmp_path: Path) -> None:
    made(tmp_path, "b/t1.nii.gz", "a/deep/t1.mha", "a/readme.txt")
    assert names(find_images(tmp_path)) == ["a/deep/t1", "b/t1"]


def test_patterns(tmp_path: Path) -> None:
    made(tmp_path, "p1/p1_t1.nii.gz", "p1/p1_t2.nii.gz", "p2/p2_t1.nii.gz", "p2/more/p2_T1.nii.gz")
    assert names(find_images(tmp_path, "*/*_t1.nii.gz")) == ["p1/p1_t1", "p2/p2_t1"]
    assert len(find_images(tmp_path, "**/*_t1.nii.gz")) >= 2
    both = find_images(tmp_path, "*/*_t1.nii.gz, */*_t2.nii.gz")
    assert names(both) == ["p1/p1_t1", "p1/p1_t2", "p2/p2_t1"]
    assert both[0].stars == ("0", "p1", "p1")
    assert both[1].stars == ("1", "p1", "p1")
    some = find_images(tmp_path, "p[!2]/p?_t[12].nii.gz")
    assert [image.stars for image in some] == [("0", "1", "1", "1"), ("0", "1", "1", "2")]


def test_a_single_image(tmp_path: Path) -> None:
    (found,) = find_images(made(tmp_path, "patient3_t1.nii.gz") / "patient3_t1.nii.gz")
    assert (found.name, found.patient) == ("patient3_t1", "patient3")


def test_a_series_is_one_image(tmp_path: Path) -> None:
    made(tmp_path, "p1/1.dcm", "p1/2.dcm", "p2/1.dcm")
    assert [image.path.name for image in find_images(tmp_path, "*/*.dcm")] == ["p1", "p2"]
    assert [image.path.name for image in find_images(tmp_path)] == ["p1", "p2"]


def test_whose_an_image_is(tmp_path: Path) -> None:
    made(tmp_path, "BraTS-1/t1.nii.gz", "BraTS-2/t1.nii.gz", "BraTS-2/BraTS-2_flair.nii.gz")
    patients = [image.patient for image in find_images(tmp_path, "**/*.nii.gz")]
    assert len(set(patients)) == 3 or patients[0] != patients[1]
    given = find_images(tmp_path, "**/*.nii.gz", r"BraTS-(\d)")
    assert [image.patient for image in given] == ["1", "2", "2"]


def test_pairs_by_what_stars_stand_for(tmp_path: Path) -> None:
    made(tmp_path, *(f"p{i}/p{i}_{kind}.nii.gz" for i in (1, 2) for kind in ("t1", "t2")))
    made(tmp_path, "p3/p3_t2.nii.gz")
    pairs = pair_images(
        find_images(tmp_path, "*/*_t2.nii.gz"), find_images(tmp_path, "*/*_t1.nii.gz")
    )
    assert [(a.name, b.name) for a, b in pairs] == [
        ("p1/p1_t2", "p1/p1_t1"), ("p2/p2_t2", "p2/p2_t1"),
    ]  # fmt: skip


def test_pairs_by_name_in_two_folders(tmp_path: Path) -> None:
    made(tmp_path, "t1/a.nii.gz", "t1/b.nii.gz", "t2/B.mha", "t2/a.nii.gz")
    pairs = pair_images(find_images(tmp_path / "t2"), find_images(tmp_path / "t1"))
    assert [(a.path.name, b.path.name) for a, b in pairs] == [
        ("a.nii.gz", "a.nii.gz"), ("B.mha", "b.nii.gz"),
    ]  # fmt: skip


def test_nothing_fits_or_something_twice(tmp_path: Path) -> None:
    made(tmp_path, "t1/a.nii.gz", "t2/b.nii.gz", "t3/a.nii.gz", "t3/a.mha")
    t1 = find_images(tmp_path / "t1")
    with pytest.raises(InputError, match="None of the 1 sources"):
        pair_images(t1, find_images(tmp_path / "t2"))
    with pytest.raises(InputError, match="would belong to one case"):
        pair_images(t1, find_images(tmp_path / "t3", "*.*"))


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("*_pd.nii.gz", r"matches \*_pd"), ("/etc/*", "no pattern of paths"), ("", "is an image")],
)
def test_nothing_there(tmp_path: Path, pattern: str, problem: str) -> None:
    made(tmp_path, "readme.txt")
    with pytest.raises(InputError, match=problem) as caught:
        find_images(tmp_path, pattern)
    assert caught.value.hint
    with pytest.raises(InputError, match="does not exist"):
        find_images(tmp_path / "none")
