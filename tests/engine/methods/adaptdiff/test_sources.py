from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from engine.data.array_pickle import write_array_dict
from engine.data.png import write_png
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.adaptdiff.params import SegmenterParams
from engine.methods.adaptdiff.sources import labelled_cases, unlabelled_cases
from tests.helpers.adaptdiff_models import phantom_folders


def job(images: Path, masks: Path | None = None) -> Job:
    return Job(
        "adaptdiff", "train-segmenter", SegmenterParams(), {"images": images, "masks": masks}
    )


def write_pickle(
    path: Path, count: int = 3, masks: int = 3, names: tuple[str, ...] = ("a",)
) -> Path:
    rng = np.random.default_rng(0)
    arrays: dict[str, list[np.ndarray]] = {}
    for name in names:
        arrays[f"{name}_im"] = [rng.integers(0, 255, (32, 40), np.uint8) for _ in range(count)]
        arrays[f"{name}_gt"] = [rng.integers(0, 2, (32, 40)) * 255 for _ in range(masks)]
    write_array_dict(path, arrays)
    return path


def test_folders_are_paired_by_name(tmp_path: Path) -> None:
    phantom_folders(tmp_path, side=64)
    (tmp_path / "images" / "notes.txt").touch()
    cases = labelled_cases(job(tmp_path / "images", tmp_path / "masks"), "octa", "")
    assert [c.name for c in cases] == ["case_0", "case_1", "case_2"]
    for case in cases:
        assert case.mask is not None
        assert case.image.shape == case.mask.shape == (64, 64)
        assert case.mask.dtype == np.uint8
        assert set(np.unique(case.mask)) == {0, 1}
        assert case.image[case.mask == 1].mean() > case.image[case.mask == 0].mean()


def test_unlabelled_folders_need_no_masks(tmp_path: Path) -> None:
    phantom_folders(tmp_path, side=64)
    cases = unlabelled_cases(job(tmp_path / "images"), "octa", "")
    assert [c.name for c in cases] == ["case_0", "case_1", "case_2"]
    assert all(c.mask is None for c in cases)


def test_folder_errors(tmp_path: Path) -> None:
    phantom_folders(tmp_path, side=64)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="absent"):
        unlabelled_cases(job(tmp_path / "absent"), "octa", "")
    with pytest.raises(InputError, match="empty holds no images"):
        unlabelled_cases(job(tmp_path / "empty"), "octa", "")
    write_png(tmp_path / "masks" / "case_1.png", np.zeros((64, 70), np.uint8), {})
    with pytest.raises(InputError, match="mask of case_1 is 70 x 64, its image 64 x 64"):
        labelled_cases(job(tmp_path / "images", tmp_path / "masks"), "octa", "")
    (tmp_path / "images" / "case_2.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"case_2\.png"):
        unlabelled_cases(job(tmp_path / "images"), "octa", "")
    write_png(tmp_path / "images" / "case_2.png", np.full((64, 64), 9, np.uint8), {})
    with pytest.raises(InputError, match="case_2 is constant"):
        unlabelled_cases(job(tmp_path / "images"), "octa", "")


def test_labels_that_are_asked_for_but_not_given(tmp_path: Path) -> None:
    phantom_folders(tmp_path, side=64)
    with pytest.raises(InputError, match="masks"):
        labelled_cases(job(tmp_path / "images"), "octa", "")


@pytest.mark.parametrize("suffix", [".pkl", ".PICKLE"])
def test_published_pickles(tmp_path: Path, suffix: str) -> None:
    path = write_pickle(tmp_path / f"set{suffix}", names=("a", "b"))
    for cases in (labelled_cases(job(path), "grey", "b"), unlabelled_cases(job(path), "grey", "b")):
        assert [c.name for c in cases] == ["b_0000", "b_0001", "b_0002"]
        assert cases[0].image.shape == (32, 40)
        assert (cases[0].image.min(), cases[0].image.max()) == (0, 1)
    mask = labelled_cases(job(path), "grey", "b")[0].mask
    assert mask is not None
    assert set(np.unique(mask)) == {0, 1}
    with pytest.raises(InputError, match="no data set named ''") as caught:
        labelled_cases(job(path), "grey", "")
    assert "a, b" in caught.value.hint


def test_a_single_data_set_needs_no_name_and_its_masks_are_not_looked_at(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "set.pkl", masks=2)
    assert len(unlabelled_cases(job(path), "grey", "")) == 3


def test_pickle_errors(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "uneven.pkl", masks=2)
    with pytest.raises(InputError, match="3 images and 2 masks of 'a'"):
        labelled_cases(job(path), "grey", "")
    write_array_dict(tmp_path / "other.pkl", {"x": [np.zeros((3, 3))]})
    with pytest.raises(InputError, match=r"other\.pkl") as caught:
        unlabelled_cases(job(tmp_path / "other.pkl"), "grey", "")
    assert "_im" in caught.value.hint
    (tmp_path / "objects.pkl").write_bytes(pickle.dumps({"a_im": ["text"]}))
    with pytest.raises(InputError, match=r"objects\.pkl"):
        unlabelled_cases(job(tmp_path / "objects.pkl"), "grey", "")
    write_array_dict(tmp_path / "blank.pkl", {"a_im": [np.arange(64.0).reshape(8, 8)]})
    with pytest.raises(InputError, match="a_0000 has no mask"):
        labelled_cases(job(tmp_path / "blank.pkl"), "grey", "")


@pytest.mark.parametrize("shape", [(8,), (2, 8, 8, 3), (8, 8, 2)])
def test_pickled_arrays_that_are_no_images(tmp_path: Path, shape: tuple[int, ...]) -> None:
    write_array_dict(
        tmp_path / "odd.pkl", {"a_im": [np.arange(float(np.prod(shape))).reshape(shape)]}
    )
    with pytest.raises(InputError, match="a_0000"):
        unlabelled_cases(job(tmp_path / "odd.pkl"), "fundus", "")
