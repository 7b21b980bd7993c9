"""Slice by slice, and back on the image's own voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.data.volumes.region import Region
from engine.data.volumes.volume import Geometry, Volume
from engine.errors import InputError
from engine.methods.diffrect import inference
from engine.methods.diffrect.inference import entropy, probabilities, segment
from engine.methods.diffrect.recipe import Recipe
from engine.networks.level_unet import SegmenterConfig, SegmenterUNet
from engine.results import SegmentationResult
from engine.steps import NoteStep, ProgressStep
from tests.helpers.adaptdiff_models import run
from tests.helpers.torch_rules import cpu_context


class Bright(SegmenterUNet):
    """Finds what is bright, without having learnt anything."""

    def __init__(self, classes: int = 2, sharpness: float = 40.0) -> None:
        super().__init__(SegmenterConfig(1, classes, (2, 4, 8, 16, 32)))
        self.weight = nn.Parameter(torch.tensor(sharpness))
        self.seen: list[Tensor] = []

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append(image)
        score = self.weight * (image - 0.5)
        rest = [torch.full_like(score, -1e4)] * (self.config.classes - 2)
        return torch.cat([-score, score, *rest], dim=1)


def scene(shape: tuple[int, int, int] = (3, 40, 100)) -> np.ndarray:
    image = np.zeros(shape, np.float32)
    for z in range(shape[0]):
        image[z, 5 + 3 * z : 30, 10 * z : 60] = 1.0
    return image


def segmented(image: np.ndarray, recipe: Recipe, **more: Any) -> SegmentationResult:
    volume = Volume(image[np.newaxis], Geometry(image.shape, np.diag([1.0, 2.0, 5.0, 1.0])))
    model = more.pop("model", None) or Bright().eval()
    context = cpu_context(more.pop("max_batch", 0))
    result: SegmentationResult = run(segment(volume, recipe, model, context, **more))[0]
    return result


@pytest.mark.parametrize("recipe", [Recipe(1, 64), Recipe(1, 128, "percentiles", "linear")])
def test_what_is_found_lies_where_it_is(recipe: Recipe) -> None:
    image = scene()
    result = segmented(image, recipe)
    assert result.labels.shape == image.shape
    assert result.probability.shape == (2, *image.shape)
    assert np.allclose(result.probability.sum(axis=0), 1, atol=1e-5)
    truth = image > 0.5
    both = (result.labels == 1) & truth
    assert 2 * both.sum() / (truth.sum() + (result.labels == 1).sum()) > 0.95
    for axis in (1, 2):
        ours, wanted = (np.nonzero(m)[axis].mean() for m in (result.labels == 1, truth))
        pixel = max(1.0, image.shape[axis] / recipe.side)
        assert ours == pytest.approx(wanted, abs=0.5 * pixel), "no shift"
    assert not result.variance.any()
    assert 0 <= result.entropy.min() <= result.entropy.max() <= 1
    assert set(np.unique(result.labels)) == {0, 1}


def test_on_its_own_side_nothing_is_lost() -> None:
    image = scene((2, 64, 64))
    assert np.array_equal(segmented(image, Recipe(1, 64)).labels == 1, image > 0.5)


def test_a_single_slice_and_small_memory() -> None:
    image = scene((1, 50, 30))
    assert segmented(image, Recipe(1, 64)).labels.shape == (1, 50, 30)
    stack = scene((5, 40, 40))
    model = Bright().eval()
    once = segmented(stack, Recipe(1, 64), model=model)
    assert len(model.seen) == 1
    model.seen.clear()
    again = segmented(stack, Recipe(1, 64), model=model, max_batch=2)
    assert [len(part) for part in model.seen] == [2, 2, 1]
    assert np.array_equal(once.probability, again.probability)


def test_a_region_is_what_the_whole_has_there() -> None:
    image = scene((4, 40, 60))
    whole = segmented(image, Recipe(1, 64))
    model = Bright().eval()
    part = segmented(image, Recipe(1, 64), model=model, region=Region((1, 4, 0), (3, 40, 30)))
    inside = np.zeros(image.shape, bool)
    inside[1:3, 4:40, 0:30] = True
    assert np.array_equal(part.labels, np.where(inside, whole.labels, 0))
    assert not part.probability[:, ~inside].any()
    assert sum(len(seen) for seen in model.seen) == 2, "other slices are not looked at"
    with pytest.raises(InputError):
        segmented(image, Recipe(1, 64), region=Region((1, 4, 0), (9, 40, 30)))


def test_a_threshold_in_place_of_the_most_probable() -> None:
    image = scene((1, 64, 64)) * 0.51
    image[0, 0, :2] = (0.0, 1.0)
    unsure = Bright(sharpness=1.0).eval()
    assert (segmented(image, Recipe(1, 64), model=unsure).labels == 1).sum() > 100
    assert (segmented(image, Recipe(1, 64), model=unsure, threshold=0.7).labels == 1).sum() == 1


def test_values_are_those_of_the_whole_volume() -> None:
    image = scene((2, 64, 64)) * 800 - 100
    model = Bright().eval()
    run_notes = run(
        segment(Volume(image[np.newaxis], Geometry(image.shape, np.eye(4))), Recipe(1, 64), model,
                cpu_context())
    )[1]  # fmt: skip
    assert model.seen[0].min() == 0
    assert model.seen[0].max() == 1
    assert any(isinstance(step, ProgressStep) for step in run_notes)
    assert all(isinstance(step, NoteStep | ProgressStep) for step in run_notes)


@pytest.mark.parametrize("value", [3.0, np.nan])
def test_images_that_cannot_be_segmented(value: float) -> None:
    with pytest.raises(InputError):
        segmented(np.full((2, 40, 40), value, np.float32), Recipe(1, 64))


def test_too_little_memory_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    free = type("Free", (), {"available": 1000})
    monkeypatch.setattr(inference.psutil, "virtual_memory", lambda: free)
    with pytest.raises(InputError, match="of memory"):
        inference._check_memory((100, 512, 512), 4)


def test_entropy_of_the_unsure_is_one() -> None:
    soft = torch.tensor([[[0.25, 1.0]], [[0.25, 0.0]], [[0.25, 0.0]], [[0.25, 0.0]]])[None]
    assert entropy(soft)[0, 0].tolist() == pytest.approx([1.0, 0.0])


def test_probabilities_may_be_changed_on_the_way() -> None:
    slices = scene((3, 64, 64))[np.newaxis]
    model = Bright().eval()
    plain = probabilities(model, slices, cpu_context())
    assert plain.shape == (2, 3, 64, 64)
    swapped = probabilities(model, slices, cpu_context(), lambda _, soft: soft.flip(1))
    assert np.array_equal(swapped, plain[::-1])
