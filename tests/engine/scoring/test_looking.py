"""What is seen of a case: errors of one label and of all, images, copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.scoring.errors import CONFUSED, MISSED, RIGHT, SPURIOUS, error_map, worst_place
from engine.scoring.looking import DIFFERENCE, look_at_images, look_at_labels
from engine.scoring.pairing import ScoredCase
from engine.scoring.params import ImageScoreParams
from tests.engine.scoring.maps import save, truth, without


def test_every_voxel_is_one_kind() -> None:
    true = np.array([[0, 1, 1, 2, 2, 0]])
    found = np.array([[0, 1, 0, 1, 2, 2]])
    assert error_map(found, true).tolist() == [[0, RIGHT, MISSED, CONFUSED, RIGHT, SPURIOUS]]
    assert error_map(found, true, 1).tolist() == [[0, RIGHT, MISSED, SPURIOUS, 0, 0]]
    assert error_map(found, true, 2).tolist() == [[0, 0, 0, MISSED, RIGHT, SPURIOUS]]
    with pytest.raises(ValueError, match="against"):
        error_map(found, true[0])


def test_the_first_look_goes_to_the_slice_with_most_errors() -> None:
    kinds = np.zeros((4, 6, 6), np.uint8)
    kinds[1, :4, :4] = RIGHT
    kinds[2, 1:4, 1:4] = MISSED
    kinds[3, 0, 0] = SPURIOUS
    assert worst_place(kinds, 0) == (2, 2, 2)
    kinds[kinds != RIGHT] = 0
    assert worst_place(kinds, 0)[0] == 1
    assert worst_place(np.zeros((4, 6, 6), np.uint8), 0) == (2, 3, 3)


def test_errors_on_the_image_of_either_model(tmp_path: Path) -> None:
    values = np.arange(truth().size, dtype=np.int16).reshape(truth().shape)
    case = ScoredCase(
        "a", "a", save(tmp_path / "t.nii.gz", truth()),
        save(tmp_path / "p.nii.gz", without(truth(), 2)), save(tmp_path / "o.nii.gz", truth()),
        save(tmp_path / "i.nii.gz", values),
    )  # fmt: skip
    look = look_at_labels(case, 2)
    assert look.counts == {RIGHT: 0, SPURIOUS: 0, MISSED: 8, CONFUSED: 0}
    assert look.kinds[look.place] == MISSED
    assert look.image is not None
    assert look_at_labels(case, 2, other=True).counts[RIGHT] == 8
    assert look_at_labels(case).counts[RIGHT] == 64
    save(tmp_path / "i.nii.gz", values[1:])
    with pytest.raises(InputError, match="the images that the references were drawn on"):
        look_at_labels(case)


def test_images_and_where_they_differ_most(tmp_path: Path) -> None:
    values = np.linspace(0, 1, truth().size, dtype=np.float32).reshape(truth().shape)
    found = values.copy()
    found[3, 2, 5] += 0.8
    case = ScoredCase(
        "a", "a", save(tmp_path / "t.nii.gz", values), save(tmp_path / "p.nii.gz", found)
    )
    look = look_at_images(case, ImageScoreParams(scale="reference"))
    assert look.place == (5, 2, 3)  # arrays are (D, H, W), files (i, j, k)
    assert look.images[DIFFERENCE][look.place] == pytest.approx(0.8, abs=1e-5)
    assert set(look.images) == {"reference", "prediction", DIFFERENCE}
