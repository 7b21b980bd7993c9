"""Which images a folder holds, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.data.segmentation.unlabelled import find_images
from engine.errors import InputError
from tests.engine.data.segmentation.sets import decathlon_set, disc, folder_set, h5_file, nifti
from tests.engine.data.volumes.dicoms import slices, stack

DISC = disc((6, 20, 18), 0)[0]


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(DISC[3]).save(path)


def names(folder: Path, **more: int) -> list[str]:
    return [image.name for image in find_images(folder, **more).images]


def test_pictures_and_volumes_in_natural_order(tmp_path: Path) -> None:
    for name in ("c10.PNG", "c2.jpg", "é (1).bmp", ".hidden.png"):
        picture(tmp_path / name)
    nifti(tmp_path / "c1.nii.gz", DISC)
    h5_file(tmp_path / "c3.h5", 0)
    (tmp_path / "notes.txt").write_text("none")
    found = find_images(tmp_path)
    assert [image.name for image in found.images] == ["c1", "c2", "c3", "c10", "é (1)"]
    assert found.images[0].files == (tmp_path / "c1.nii.gz",)
    assert found.notes == ()


def test_published_sets_are_entered(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path / "set", ["a", "b"])
    assert names(root) == ["a", "b"]
    nifti(root / "imagesTs" / "t_0000.nii.gz", DISC)
    nifti(root / "imagesTs" / "t_0001.nii.gz", DISC)
    nifti(root / "imagesTs" / "u_0000.nii.gz", DISC)
    found = find_images(root, channel=1)
    assert [(i.name, i.path.name, i.channel) for i in found.images] == [("t", "t_0001.nii.gz", 0)]
    assert found.notes[:3] == (
        "The images are those of imagesTs.",
        "Channel 1 of 2 (0-based) is used.",
        "1 have no channel 1: u.",
    )
    assert names(folder_set(tmp_path / "pictures", ["x"])) == ["x"]


def test_years_are_no_channels(tmp_path: Path) -> None:
    for name in ("anna_2019", "anna_2020", "bert_2020"):
        nifti(tmp_path / f"{name}.nii.gz", DISC)
    assert names(tmp_path, channel=1) == ["anna_2019", "anna_2020", "bert_2020"]
    assert {image.channel for image in find_images(tmp_path, channel=1).images} == {1}


def test_masks_beside_their_images_are_left_out(tmp_path: Path) -> None:
    for name in ("a.png", "a_mask.png", "b.png", "b-seg.PNG", "lone_mask.png"):
        picture(tmp_path / name)
    found = find_images(tmp_path)
    assert [image.name for image in found.images] == ["a", "b", "lone_mask"]
    assert found.notes == ("2 left out as masks of others: a_mask.png, b-seg.PNG.",)


def test_names_that_would_write_one_file_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "A.bmp", "a_png.gif"):
        picture(tmp_path / name)
    assert sorted(names(tmp_path)) == ["A_bmp", "a_jpg", "a_png", "a_png_2"]


def test_dicom_series_in_folders_and_side_by_side(tmp_path: Path) -> None:
    stack(tmp_path / "p1" / "t1", slices(3), SeriesInstanceUID="1.2.1")
    for uid, title in (("1.2.2", "T1 axial"), ("1.2.3", "T2: axial")):
        place = tmp_path / "p2"
        files = stack(tmp_path / uid, slices(3), SeriesInstanceUID=uid, SeriesDescription=title)
        place.mkdir(exist_ok=True)
        for file in files:
            file.rename(place / f"{uid}-{file.name}")
        (tmp_path / uid).rmdir()
    picture(tmp_path / "shot.png")
    picture(tmp_path / "others" / "x.png")
    found = find_images(tmp_path)
    assert [image.name for image in found.images] == [
        "p1_t1",
        "p2_T1 axial",
        "p2_T2_ axial",
        "shot",
    ]
    assert [bool(image.part) for image in found.images] == [False, True, True, False]
    assert found.notes == (
        "Only DICOM series are looked for in folders, and there are none in others.",
    )
    assert names(tmp_path / "p1") == ["t1"]
    assert names(tmp_path / "p1" / "t1") == ["t1"]


def test_outputs_are_no_inputs_and_links_in_circles_end(tmp_path: Path) -> None:
    stack(tmp_path / "in" / "p1", slices(3), SeriesInstanceUID="1.2.1")
    stack(tmp_path / "in" / "out" / "made", slices(3), SeriesInstanceUID="1.2.9")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    found = find_images(tmp_path / "in", outputs=(tmp_path / "in" / "out",))
    assert [image.name for image in found.images] == ["p1"]


def test_headers_bring_their_values(tmp_path: Path) -> None:
    (tmp_path / "v.mhd").write_text("x")
    (tmp_path / "v.raw").write_bytes(b"x")
    (tmp_path / "v.json").write_text("x")
    image = find_images(tmp_path).images[0]
    assert [path.name for path in image.files] == ["v.mhd", "v.raw"]


def test_folders_without_images(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        find_images(tmp_path / "none")
    picture(tmp_path / "a" / "x.png")
    with pytest.raises(InputError, match="holds no images") as caught:
        find_images(tmp_path)
    assert "give the one that they lie in" in caught.value.hint
    with pytest.raises(InputError, match="cannot be read"):
        find_images(tmp_path / "a" / "x.png")
    assert names(tmp_path / "a") == ["x"]
