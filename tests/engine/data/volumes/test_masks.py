"""Label maps from any file, and what is said of a grid that is not the image's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.volumes.masks import differences, looks_like_labels, read_labels
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, plain_affine
from engine.errors import InputError
from tests.engine.data.volumes.small_files import ramp, write_nifti

LABELS = (ramp((5, 4, 3)) % 4).astype(np.uint8)
GRID = Geometry((3, 4, 5), np.diag([2.0, 3, 4, 1]))


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8", "i8"])
def test_whole_numbers_of_any_type(tmp_path: Path, dtype: str) -> None:
    read = read_labels(write_nifti(tmp_path / "a.nii", LABELS.astype(dtype), GRID.affine), GRID)
    assert (read.labels.dtype, read.matches, read.differences) == (np.uint8, True, ())
    np.testing.assert_array_equal(read.labels, LABELS.T)
    assert read.labels.flags.writeable
    assert read.labels.flags.c_contiguous


def test_large_labels(tmp_path: Path) -> None:
    read = read_labels(write_nifti(tmp_path / "a.nii", LABELS.astype("i4") * 300), GRID)
    assert (read.labels.dtype, read.labels.max()) == (np.uint16, 900)


@pytest.mark.parametrize(
    ("change", "words"),
    [(0.5, "fractions"), (-9, "from -9 to"), (70000, "to 7000"), (np.nan, "NaN"), (np.inf, "NaN")],
)
def test_what_is_no_label_map(tmp_path: Path, change: float, words: str) -> None:
    array = LABELS.astype("f8")
    array[0, 0, 0] = change
    with pytest.raises(InputError, match=words):
        read_labels(write_nifti(tmp_path / "a.nii", array), GRID)


def test_several_maps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 maps"):
        read_labels(write_nifti(tmp_path / "a.nii", ramp((5, 4, 3, 2))), GRID)


@pytest.mark.parametrize(
    ("affine", "words"),
    [
        (np.diag([2.0, 3, 5, 1]), "voxels of 2 x 3 x 5 mm, the image's are 2 x 3 x 4 mm"),
        (np.diag([-2.0, 3, 4, 1]), "axes turned against the image's by 180°, 0°, 0°"),
        ([[2, 0, 0, 9], [0, 3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]], "9 mm apart"),
    ],
)
def test_other_grids_are_told_with_numbers(tmp_path: Path, affine: np.ndarray, words: str) -> None:
    read = read_labels(write_nifti(tmp_path / "a.nii", LABELS, np.asarray(affine, float)), GRID)
    assert not read.matches
    assert len(read.differences) == 1
    assert words in read.differences[0]


def test_other_sizes_are_told() -> None:
    other = Geometry((3, 4, 6), GRID.affine)
    assert differences(other, GRID) == ("6 x 4 x 3 voxels, the image has 5 x 4 x 3",)


def test_a_picture_is_laid_on_an_image_of_its_size(tmp_path: Path) -> None:
    plane = np.zeros((20, 24), np.uint8)
    plane[3:9] = 255
    Image.fromarray(plane).save(tmp_path / "a.png")
    affine = np.diag([0.5, 0.5, 2, 1])
    read = read_labels(tmp_path / "a.png", Geometry((1, 20, 24), affine))
    assert read.matches
    np.testing.assert_array_equal(read.geometry.affine, affine)
    np.testing.assert_array_equal(read.labels[0], plane // 255)
    other = read_labels(tmp_path / "a.png", Geometry((1, 24, 20), plain_affine()))
    assert not other.matches


def test_a_jpeg_mask_is_cut(tmp_path: Path) -> None:
    plane = np.zeros((40, 40), np.uint8)
    plane[8:24, 8:30] = 255
    Image.fromarray(plane).convert("RGB").save(tmp_path / "a.jpg")
    read = read_labels(tmp_path / "a.jpg", Geometry((1, 40, 40), plain_affine()))
    np.testing.assert_array_equal(read.labels[0], plane // 255)
    assert any("cut" in note for note in read.notes)


def test_looks_like_labels(tmp_path: Path) -> None:
    few = write_nifti(tmp_path / "few.nii", LABELS)
    assert looks_like_labels(read_volume(few))
    assert looks_like_labels(read_volume(write_nifti(tmp_path / "f.nii", LABELS.astype("f4"))))
    for name, array in {
        "many.nii": ramp((5, 5, 5)) - 1,
        "negative.nii": LABELS.astype("i2") - 1,
        "fractions.nii": LABELS / np.float32(2),
        "nan.nii": np.where(LABELS == 1, np.float32(np.nan), LABELS).astype("f4"),
        "empty.nii": LABELS * 0,
    }.items():
        assert not looks_like_labels(read_volume(write_nifti(tmp_path / name, array))), name
