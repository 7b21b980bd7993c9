"""Sets as people have them: what is odd is used where it can be, told, and never silent."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from engine.data.segmentation.cases import find_cases
from engine.data.segmentation.checking import CheckReport, judge
from engine.data.segmentation.reading import inspect_case, read_case
from engine.data.segmentation.splits import FILE, continued_split, make_split
from engine.errors import InputError
from tests.engine.data.segmentation.sets import decathlon_set, disc, folder_set, nifti

NAMES = ["a", "b", "c", "d"]


def check(root: Path, masks: Path | None = None) -> CheckReport:
    listing = find_cases(root, masks)
    return judge(listing, [inspect_case(case) for case in listing.cases])


def remade(root: Path, name: str, ending: str = ".png") -> Path:
    """Where a mask goes in place of the old one."""
    (root / "masks" / f"{name}.png").unlink()
    return root / "masks" / f"{name}{ending}"


def test_masks_made_of_pictures_are_told_together(tmp_path: Path) -> None:
    root = folder_set(tmp_path, NAMES, side=64)
    for seed, name in enumerate(NAMES[:3]):
        picture = Image.fromarray(disc((64, 68), seed)[1] * 255)
        picture.save(remade(root, name, ".JPG"), "jpeg", quality=70)
    grey = disc((64, 68), 3)[0]
    grey[0, 0] = 255
    Image.fromarray(grey).save(remade(root, "d"))
    report = check(root)
    assert len(report.accept()) == 4
    blurred, cut = (p.message for p in report.problems if p.kind == "converted")
    assert blurred.startswith("3 masks were made of pictures, values near black and white cut")
    assert "a.JPG, b.JPG, c.JPG" in blurred
    assert cut.startswith("1 mask was made of pictures, grey values cut at ")
    assert not [n for n in report.notes() if "label 1" in n]


@pytest.mark.parametrize("shape", ["white", "red"])
def test_a_mask_in_the_transparency_of_one_colour(tmp_path: Path, shape: str) -> None:
    root = folder_set(tmp_path, ["a"], side=32)
    mask = disc((32, 36), 0)[1]
    colours = np.full((*mask.shape, 4), 255, np.uint8)
    if shape == "red":
        colours[..., 1:3] = 0
    colours[..., 3] = mask * 255
    Image.fromarray(colours).save(remade(root, "a"))
    found = inspect_case(find_cases(root).cases[0])
    assert np.array_equal(read_case(found.case).labels[0], mask)
    assert "taken from the transparency channel" in found.conversions


def test_a_mask_from_edge_to_edge_is_told(tmp_path: Path) -> None:
    root = folder_set(tmp_path, NAMES)
    Image.new("L", (28, 24), 255).save(remade(root, "b"))
    told = [p.message for p in check(root).problems]
    assert told == ["The masks of b are one label from edge to edge."]


def test_links_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    root = folder_set(tmp_path, NAMES)
    (root / "images" / "a.png").rename(tmp_path / "real.png")
    (root / "images" / "a.png").symlink_to(tmp_path / "real.png")
    (root / "images" / "b.png").unlink()
    (root / "images" / "b.png").symlink_to(tmp_path / "gone.png")
    report = check(root)
    assert [c.name for c in report.cases] == ["a", "c", "d"]
    assert "b.png does not exist" in report.problems[0].message


def test_names_with_umlauts_spaces_and_capital_endings(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["Fäll 1 (ü)", "b"])
    (root / "masks" / "Fäll 1 (ü).png").rename(
        root / "masks" / unicodedata.normalize("NFD", "Fäll 1 (ü)_Mask.PNG")
    )
    assert [c.name for c in check(root).cases] == ["b", "fäll 1 (ü)"]


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_folders_of_volumes_in_formats_of_itk(tmp_path: Path, ending: str) -> None:
    for part, which in (("images", 0), ("masks", 1)):
        (tmp_path / part).mkdir()
        for seed in range(2):
            image = sitk.GetImageFromArray(disc((6, 18, 20), seed)[which])
            sitk.WriteImage(image, str(tmp_path / part / f"c{seed}{ending}"))
    assert [c.name for c in check(tmp_path).accept()] == ["c0", "c1"]


def test_who_has_no_partner_is_counted_and_two_of_a_name_are_not_guessed(tmp_path: Path) -> None:
    root = folder_set(tmp_path, NAMES)
    Image.fromarray(disc((24, 28), 9)[0]).save(root / "images" / "a.bmp")
    (root / "masks" / "b.png").unlink()
    images, masks = (p for p in check(root).problems if p.kind == "unpaired")
    assert images.message == "3 images have no mask: a.bmp, a.png, b.png."
    assert masks.message == "1 mask has no image: a.png."
    assert "one image with one mask" in images.remedy


def test_the_option_that_renumbers_is_named_and_what_it_did_is_told(tmp_path: Path) -> None:
    root = folder_set(tmp_path, NAMES, white=3)
    report = check(root)
    with pytest.raises(InputError, match="0, 3, not 0 to 1") as caught:
        report.accept()
    assert "--renumber" in caught.value.hint
    assert report.notes() == ()
    assert report.notes(remap=True) == ("Labels are renumbered: 3 becomes 1.",)


def test_images_taken_for_masks_are_not_offered_a_remap(tmp_path: Path) -> None:
    root = folder_set(tmp_path, NAMES)
    noise = np.random.default_rng(0).permutation(24 * 28).reshape(24, 28).astype(np.uint16)
    for name in NAMES:
        Image.fromarray(noise).save(remade(root, name))
    report = check(root)
    assert not report.problems
    with pytest.raises(InputError, match="672 different values"):
        report.accept(remap=True)


def test_values_that_arithmetic_cannot_hold(tmp_path: Path) -> None:
    root = decathlon_set(tmp_path, ["a", "b", "c"])
    huge = disc((6, 20, 18), 0)[0].astype(np.float64)
    huge[0, 0, 0] = 1e35
    nifti(root / "imagesTr" / "a.nii.gz", huge)
    assert "values beyond 1e+30" in check(root).problems[0].message


def test_too_few_cases_say_what_is_wrong_with_the_others(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 usable case, at least 2 are needed\."):
        check(folder_set(tmp_path / "one", ["a"])).accept()
    root = folder_set(tmp_path / "two", ["a", "b"])
    (root / "images" / "b.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"are needed: .*b\.png is empty \(0 bytes\)\. "):
        check(root).accept()


def test_a_split_that_was_edited_by_hand(tmp_path: Path) -> None:
    root = folder_set(tmp_path / "set", ["p1_slice1", "p1_slice2", "p2_slice1", "p3_slice1"])
    cases = find_cases(root).cases
    assert continued_split(tmp_path, cases) is None
    split = make_split(cases, 0, 0.0, 0.3)
    file = split.save(tmp_path, cases)
    assert continued_split(tmp_path, cases) == split
    edited = {"train": ["p1_slice1", "p2_slice1"], "test": ["p1_slice2"]}
    for content, problem in (
        (edited, r"split\.json, 1 patients are in two parts: p1"),
        ({"test": ["p1_slice1"]}, "no case to train on"),
        ({"train": ["p9_slice1"]}, "a run on other cases: p9_slice1 is not in this set"),
    ):
        file.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(InputError, match=problem) as caught:
            continued_split(tmp_path, cases)
        assert FILE in str(caught.value) or "other cases" in str(caught.value)
        assert caught.value.hint
