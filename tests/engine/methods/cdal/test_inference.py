"""Votes to labels and maps on the image's own voxels."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data.segmentation.preparation import Preparation
from engine.data.volumes.region import Region
from engine.data.volumes.volume import Channels, Geometry, Volume, plain_affine
from engine.errors import InputError
from engine.methods.cdal.data import Recipe, recipe
from engine.methods.cdal.inference import segment
from engine.results import SegmentationResult
from engine.steps import DenoiseStep, NoteStep, ProgressStep, Step
from tests.engine.methods.cdal.drawing import Brightness
from tests.helpers.torch_rules import cpu_context

VOXELS = replace(recipe("hippocampus", 8), votes=3)
PLANES = Recipe(Preparation(), recipe("grey", 16).augmentation, 16, votes=3)
LAS = np.diag([-1.0, 1.5, 2.0, 1.0])


def image(
    array: NDArray[Any], affine: NDArray[np.float64] | None = None, channels: Channels = "single"
) -> Volume:
    array = array if array.ndim == 4 else array[np.newaxis]
    grid = Geometry(
        array.shape[1:], plain_affine() if affine is None else affine, affine is not None
    )  # fmt: skip
    return Volume(array, grid, channels=channels)


def run(
    steps: Generator[Step, None, SegmentationResult],
) -> tuple[SegmentationResult, list[Step]]:
    told: list[Step] = []
    try:
        while True:
            told.append(next(steps))
    except StopIteration as end:
        return end.value, told


def result(volume: Volume, how: Recipe, draw: Brightness, **more: Any) -> SegmentationResult:
    channels = 1 if draw.classes == 2 else draw.classes
    return run(segment(volume, how, channels, draw, cpu_context(), **more))[0]


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(12, 20, 17), (3, 5, 6), (8, 8, 8), (1, 9, 30)])
@pytest.mark.parametrize("blend", ["constant", "gaussian"])
def test_a_volume_comes_back_on_its_own_voxels(shape: tuple[int, ...], blend: str) -> None:
    array = noise(*shape)
    low, high = array.min(), array.max()
    found = result(image(array, LAS), replace(VOXELS, blend=blend), Brightness())
    expected = (array - low) / (high - low) > 0.5
    assert np.array_equal(found.labels, expected)
    assert found.probability[1] == pytest.approx(expected.astype(np.float32), abs=1e-5)
    assert found.variance.max() < 1e-5
    assert found.labels.dtype == np.uint8
    assert found.region == ((0, 0, 0), shape)


def test_slices_are_looked_at_once_unless_it_has_to_be_thorough() -> None:
    volume = image(noise(20, 12, 9), LAS)
    seen = []
    for thorough in (False, True):
        draw = Brightness()
        found = result(volume, VOXELS, draw, thorough=thorough)
        seen.append((sum(call[0] for call in draw.calls), found.labels))
    assert seen[0][0] * 2 < seen[1][0]
    assert np.array_equal(seen[0][1], seen[1][1])


def test_tiles_of_an_image_and_a_smaller_one_is_told_to_be_padded() -> None:
    padded = [
        "It is smaller than a window: 1 x 7 x 30 voxels, padded with its edge to 1 x 16 x 30."
    ]
    for shape, notes in (((1, 40, 33), []), ((1, 7, 30), padded)):
        array = (noise(*shape) * 255).astype(np.uint8)
        found, told = run(segment(image(array), PLANES, 1, Brightness(), cpu_context()))
        assert np.array_equal(found.labels, array / 255 > 0.5)
        assert [step.message for step in told if isinstance(step, NoteStep)] == notes


def test_probability_variance_and_entropy_are_those_of_the_votes() -> None:
    array = noise(1, 16, 16)
    draw = Brightness(noise=0.3)
    found = result(image(array), PLANES, draw, votes=40)
    each = found.votes
    assert each.shape == (40, 16, 16)
    share = each.mean(axis=0)
    assert found.probability[1, 0] == pytest.approx(share, abs=1e-5)
    assert found.variance[0] == pytest.approx(each.var(axis=0), abs=1e-5)
    p = np.clip(share, 1e-9, 1 - 1e-9)
    bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    assert found.entropy[0] == pytest.approx(bits, abs=1e-4)
    assert np.array_equal(found.labels[0], share > 0.5)
    assert found.foreground == pytest.approx(found.probability[1])


def test_several_classes() -> None:
    array = noise(6, 10, 10)
    found = result(image(array), VOXELS, Brightness(classes=3, noise=0.05))
    assert found.probability.shape == (3, 6, 10, 10)
    assert found.probability.sum(axis=0) == pytest.approx(1.0, abs=1e-5)
    assert set(np.unique(found.labels)) == {0, 1, 2}
    assert np.array_equal(found.labels, found.probability.argmax(axis=0))
    assert 0 < found.variance.max() <= 0.25
    assert 0 < found.entropy.max() <= 1
    flat = (array - array.min()) / np.ptp(array)
    assert (found.labels == np.minimum(flat * 3, 2).astype(int)).mean() > 0.7


def test_a_resized_image_is_sure_between_sure_pixels() -> None:
    array = np.zeros((1, 50, 70), np.uint8)
    array[0, 10:40, 20:60] = 255
    how = replace(PLANES, preparation=Preparation(size=(16, 16)))
    found = result(image(array), how, Brightness())
    assert found.labels.shape == (1, 50, 70)
    assert (found.labels == (array > 0)).mean() > 0.93
    assert found.variance.max() < 1e-6
    assert found.votes.shape == (3, 50, 70)
    assert np.array_equal(found.votes[1], found.labels[0])


def test_a_region_is_what_the_whole_says_there() -> None:
    array = noise(10, 24, 20)
    volume = image(array, LAS)
    whole = result(volume, VOXELS, Brightness())
    region = Region((4, 3, 2), (6, 9, 7))
    draw = Brightness()
    part = result(volume, VOXELS, draw, region=region)
    assert np.array_equal(part.labels[region.index], whole.labels[region.index])
    outside = np.ones(array.shape, bool)
    outside[region.index] = False
    for maps in (part.labels, part.variance, part.entropy, part.foreground):
        assert not maps[outside].any()
    assert len(draw.calls) == 1
    assert draw.calls[0][:4] == (2, 1, 8, 8)


@pytest.mark.parametrize("turn", [LAS, LAS[:, [2, 0, 1, 3]], LAS[:, [1, 2, 0, 3]]])
def test_votes_lie_on_a_slice_of_the_image(turn: NDArray[np.float64]) -> None:
    array = noise(7, 9, 11)
    region = Region((2, 1, 3), (7, 8, 10))
    found = result(image(array, turn), VOXELS, Brightness(), region=region)
    # Without noise all votes say what the labels say, on the same voxels.
    here = np.take(found.labels, found.shown, found.axis)
    assert here.any()
    for vote in found.votes:
        assert np.array_equal(vote, here)
    # The network's slices are axial: the axis of the array that runs along z is cut.
    assert found.axis == 2 - int(np.abs(turn[2, :3]).argmax())


def test_a_threshold_in_place_of_the_majority() -> None:
    volume = image(noise(6, 10, 10), LAS)
    plain, low, high = (
        result(volume, VOXELS, Brightness(noise=0.2), votes=9, threshold=t) for t in (0, 0.1, 0.9)
    )
    assert np.array_equal(low.probability, plain.probability)
    assert np.array_equal(plain.labels, plain.foreground > 0.5)
    assert np.array_equal(low.labels, low.foreground > 0.1)
    assert np.array_equal(high.labels, high.foreground > 0.9)
    assert high.labels.sum() < plain.labels.sum() < low.labels.sum()


def test_a_slice_of_a_volume_and_of_one_that_is_resized() -> None:
    array = noise(6, 30, 20)
    volume = image(array)
    how = replace(PLANES, preparation=Preparation(size=(16, 16)))
    for recipe_, axis in ((PLANES, 0), (VOXELS, 1), (how, 0), (how, 2)):
        region = Region.of_slice(volume.geometry.shape, axis, 3)
        draw = Brightness()
        found = result(volume, recipe_, draw, region=region)
        inside = np.zeros(array.shape, bool)
        inside[region.index] = True
        assert found.labels[inside].any()
        assert not found.labels[~inside].any()


def test_regions_outside_are_refused() -> None:
    for low, high in (((0, 0, 0), (1, 99, 1)), ((2, 0, 0), (2, 1, 1)), ((-1, 0, 0), (1, 1, 1))):
        with pytest.raises(InputError, match="not inside"):
            result(image(noise(4, 16, 16)), PLANES, Brightness(), region=Region(low, high))


@pytest.mark.parametrize("bad", ["nan", "constant"])
def test_images_without_anything_to_see(bad: str) -> None:
    array = noise(1, 16, 16)
    if bad == "nan":
        array[0, 3, 3] = np.nan
    else:
        array[:] = 2
    with pytest.raises(InputError, match="cannot be segmented"):
        result(image(array), PLANES, Brightness())


def test_a_grey_checkpoint_on_colours_and_the_other_way_is_told() -> None:
    colours = image((noise(3, 1, 16, 16) * 255).astype(np.uint8), channels="rgb")
    found, told = run(segment(colours, PLANES, 1, Brightness(), cpu_context()))
    assert any("converted to grey" in s.message for s in told if isinstance(s, NoteStep))
    assert found.notes
    draw = Brightness()
    grey = image(noise(1, 16, 16))
    three = Preparation(channels=3, mean=(0.0,) * 3, std=(1.0,) * 3)
    found = result(grey, replace(PLANES, preparation=three), draw)
    assert draw.calls[0][:4] == (1, 3, 16, 16)
    assert "red, green and blue" in found.notes[0]


def test_steps_are_those_of_one_slice_a_row_a_vote() -> None:
    volume = image(noise(6, 20, 20))
    found, told = run(
        segment(volume, VOXELS, 3, Brightness(classes=3, noise=0.1), cpu_context(), votes=4)
    )
    pictures = [s for s in told if isinstance(s, DenoiseStep)]
    assert [s.index for s in pictures] == [0, 1]
    assert pictures[0].x_t.shape == (4, 1, 8, 8)
    progress = [s for s in told if isinstance(s, ProgressStep)]
    assert progress[0].done == 0
    assert progress[-1].done == progress[-1].total > 4
    assert all(a.done <= b.done for a, b in pairwise(progress))
    assert found.shown == 3
    assert found.votes.shape == (4, 20, 20)


def test_the_seed_decides_and_less_memory_takes_fewer_slices_at_a_time() -> None:
    volume = image(noise(6, 10, 10))
    one, two, other = (
        result(volume, VOXELS, Brightness(noise=0.3), seed=s).foreground for s in (5, 5, 6)
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    draw = Brightness()
    run(segment(volume, VOXELS, 1, draw, cpu_context(max_batch=2)))
    assert {call[0] for call in draw.calls} == {2}


def test_windows_do_not_share_their_noise() -> None:
    draw = Brightness()
    result(image(noise(6, 20, 20)), VOXELS, draw)
    seeds = [call[-1] for call in draw.calls]
    assert len(set(seeds)) == len(seeds) > 4


def test_too_little_memory_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    class Few:
        available = 10_000

    monkeypatch.setattr("engine.methods.cdal.inference.psutil.virtual_memory", Few)
    with pytest.raises(InputError, match="of memory"):
        result(image(noise(1, 64, 64)), PLANES, Brightness())


def test_closing_ends_the_sampler() -> None:
    steps = segment(image(noise(6, 20, 20)), VOXELS, 1, Brightness(), cpu_context())
    for _ in range(3):
        next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)
