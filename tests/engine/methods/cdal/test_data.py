"""What cDAL sees in training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data.segmentation.cases import Case, find_cases
from engine.data.segmentation.opening import open_cases
from engine.data.segmentation.store import CaseStore
from engine.errors import CheckpointError, InputError
from engine.methods.cdal.data import Recipe, TrainingData, label_channels, one_hot, recipe
from engine.methods.cdal.params import KINDS, DataKind
from engine.steps import ProgressStep
from tests.engine.data.segmentation.sets import decathlon_set, folder_set


def data(cases: Sequence[Case], kind: DataKind, size: int, classes: int) -> TrainingData:
    how = recipe(kind, size)
    return TrainingData(CaseStore(cases, how.preparation), how, classes)


@pytest.mark.parametrize("kind", ["grey", "rgb", "cxr", "monuseg"])
def test_batches_of_images(tmp_path: Path, kind: DataKind) -> None:
    cases = find_cases(folder_set(tmp_path, ["a", "b"], side=40)).cases
    made = data(cases, kind, 32, 2)
    images, labels = made.batch(np.random.default_rng([0, 1]), 5)
    channels = 3 if kind in ("rgb", "monuseg") else 1
    assert images.shape == (5, channels, 32, 32)
    assert labels.shape == (5, 1, 32, 32)
    assert images.dtype == labels.dtype == torch.float32
    assert set(labels.unique().tolist()) <= {-1.0, 1.0}
    assert images.isfinite().all()
    again = made.batch(np.random.default_rng([0, 1]), 5)
    assert torch.equal(images, again[0])
    assert torch.equal(labels, again[1])
    assert not torch.equal(images, made.batch(np.random.default_rng([0, 2]), 5)[0])


@pytest.mark.parametrize("size", [3, 16, 21])
def test_batches_of_volumes_are_slices(tmp_path: Path, size: int) -> None:
    cases = find_cases(decathlon_set(tmp_path, ["a", "b"])).cases
    made = data(cases, "hippocampus", 8, 3)
    images, labels = made.batch(np.random.default_rng(0), size)
    assert images.shape == (size, 1, 8, 8)
    assert labels.shape == (size, 3, 8, 8)
    assert torch.equal(labels.sum(dim=1), torch.full((size, 8, 8), -1.0))
    assert 0 <= images.min() < images.max() <= 1


def test_boxes_near_the_structure_meet_it_more_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = find_cases(decathlon_set(tmp_path, ["a", "b"])).cases
    made = data(cases, "hippocampus", 4, 3)
    met = []
    for share in (0.0, 1.0):
        monkeypatch.setattr("engine.methods.cdal.data.FOREGROUND_SHARE", share)
        labels = made.batch(np.random.default_rng(0), 400)[1]
        met.append(float((labels[:, 1:] > 0).flatten(1).any(dim=1).float().mean()))
    assert met[1] > 2 * met[0]
    assert met[1] > 0.4


def test_image_and_label_agree(tmp_path: Path) -> None:
    cases = find_cases(folder_set(tmp_path, ["a", "b"], side=64)).cases
    images, labels = data(cases, "grey", 48, 2).batch(np.random.default_rng(1), 12)
    inside, outside = images[labels > 0].mean(), images[labels < 0].mean()
    assert inside - outside > 0.5


def test_monuseg_is_normalised_by_its_own_figures() -> None:
    how = recipe("monuseg", 256).preparation
    mean = np.array([142.07, 98.48, 132.96], np.float32).reshape(3, 1, 1) / 255
    assert how.normalise(mean) == pytest.approx(0, abs=1e-6)
    assert how.size == (512, 512)
    one = how.normalise(np.ones((3, 1, 1), np.float32)).ravel()
    assert one == pytest.approx(
        [(255 - 142.07) / 65.78, (255 - 98.48) / 57.05, (255 - 132.96) / 57.78]
    )


def test_patches_are_cut_from_images_of_the_side_that_is_wished(tmp_path: Path) -> None:
    cases = find_cases(folder_set(tmp_path, ["a", "b"], side=40)).cases
    how = recipe("grey", 16, 64)
    assert how.preparation.size == (64, 64)
    assert (how.window, how.overlap, how.blend) == (16, 0.25, "gaussian")
    images, _ = TrainingData(CaseStore(cases, how.preparation), how, 2).batch(
        np.random.default_rng(0), 3
    )
    assert images.shape == (3, 1, 16, 16)
    assert recipe("grey", 16, 16) == recipe("grey", 16)
    assert recipe("hippocampus", 16, 64) == recipe("hippocampus", 16)
    with pytest.raises(InputError, match="Patches of 64 px cannot be cut from images of 48 px"):
        recipe("grey", 64, 48)


def test_every_kind_has_a_recipe_that_a_card_keeps() -> None:
    for kind in KINDS:
        how = recipe(kind, 64, augmented=False)
        assert Recipe.from_card(json.loads(json.dumps(how.card()))) == how
    card = recipe("grey", 64).card()
    del card["window"]
    with pytest.raises(CheckpointError, match="cut for it"):
        Recipe.from_card(card)


def test_one_hot_and_channels() -> None:
    labels = np.array([[[0, 1, 2]]], np.uint8)
    assert one_hot(labels, 3)[0, :, 0].tolist() == [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
    assert one_hot(labels, 2)[0, :, 0].tolist() == [[-1, 1, 1]]
    assert [label_channels(k) for k in (2, 3, 4)] == [1, 3, 4]


def test_opening_tells_how_far_it_is_and_what_is_wrong(tmp_path: Path) -> None:
    root = folder_set(tmp_path, ["a", "b", "c"])
    Image.fromarray(np.full((24, 28), 9, np.uint8)).save(root / "images" / "b.png")
    steps = open_cases(root)
    told = []
    try:
        while True:
            told.append(next(steps))
    except StopIteration as end:
        report = end.value
    assert [c.name for c in report.cases] == ["a", "c"]
    assert [s.done for s in told if isinstance(s, ProgressStep)] == [1, 2, 3]
    assert len(report.notes()) == 1
    assert "b.png" in report.notes()[0]
    with pytest.raises(InputError, match=r"2 usable.*all values are 9"):
        report.accept(least=3)
