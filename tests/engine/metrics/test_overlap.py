"""Dice, IoU and HD95 against plain definitions, and that nothing missed is dropped."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.metrics.overlap import score_classes
from engine.metrics.surfaces import diagonal, surface_distances

Mask = NDArray[np.bool_]


def surface(mask: Mask, spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Places of voxels with a neighbour across a face that is not of the mask, or is outside."""
    found = []
    for voxel in map(tuple, np.argwhere(mask)):
        for axis, step in itertools.product(range(mask.ndim), (-1, 1)):
            beside = list(voxel)
            beside[axis] += step
            if not 0 <= beside[axis] < mask.shape[axis] or not mask[tuple(beside)]:
                found.append(voxel)
                break
    return np.array(found, float) * np.array(spacing)


def slow_distances(one: Mask, other: Mask, spacing: tuple[float, ...]) -> tuple[float, float]:
    """HD95 and ASD."""
    a, b = surface(one, spacing), surface(other, spacing)
    apart = np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    there, back = apart.min(1), apart.min(0)
    hd95 = float(max(np.percentile(there, 95), np.percentile(back, 95)))
    return hd95, float((there.sum() + back.sum()) / (len(there) + len(back)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((12, 15), (1.0, 1.0)), ((9, 11), (0.5, 2.0)), ((7, 8, 9), (3.0, 1.0, 0.7))],
)
def test_distances_are_those_of_all_pairs(
    shape: tuple[int, ...], spacing: tuple[float, ...], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    places = np.stack(np.indices(shape), -1)
    masks = []
    for _ in range(2):
        centre = rng.uniform(0, shape)
        masks.append(np.sqrt(((places - centre) ** 2).sum(-1)) <= rng.uniform(1.5, 5))
    hd95, asd = slow_distances(masks[0], masks[1], spacing)
    found = surface_distances(masks[0], masks[1], spacing)
    assert (found.hd95, found.asd) == pytest.approx((hd95, asd), rel=1e-5)


def test_one_slice_of_a_volume_counts_as_an_image() -> None:
    one, other = np.zeros((1, 20, 20), bool), np.zeros((1, 20, 20), bool)
    one[0, 2:12, 2:12] = other[0, 4:14, 2:12] = True
    flat = surface_distances(one[0], other[0], (0.5, 0.5)).hd95
    assert surface_distances(one, other, (9.0, 0.5, 0.5)).hd95 == pytest.approx(flat)
    assert flat == pytest.approx(1.0)


def test_dice_and_iou_of_squares() -> None:
    found, truth = np.zeros((10, 10), int), np.zeros((10, 10), int)
    truth[2:6, 2:6], found[2:6, 4:8] = 2, 2
    score = score_classes(found, truth, (1, 2), (1.0, 1.0))[2]
    assert (score.dice, score.iou) == (pytest.approx(0.5), pytest.approx(8 / 24))
    assert (score.true_size, score.found_size) == (16, 16)


@pytest.mark.parametrize("missed", [True, False])
def test_what_only_one_has_counts_in_full(missed: bool) -> None:
    full, empty = np.zeros((4, 5, 6), int), np.zeros((4, 5, 6), int)
    full[1:3, 1:3, 1:3] = 1
    found, truth = (empty, full) if missed else (full, empty)
    spacing = (2.0, 1.0, 0.5)
    score = score_classes(found, truth, (1,), spacing)[1]
    assert (score.dice, score.iou) == (0.0, 0.0)
    assert score.hd95 == diagonal(found.shape, spacing) == math.hypot(6.0, 4.0, 2.5)
    assert score.asd == score.hd95
    assert score.missed is missed


def test_a_class_that_neither_has_is_right() -> None:
    empty = np.zeros((4, 4), int)
    score = score_classes(empty, empty, (1,), (1.0, 1.0))[1]
    assert (score.dice, score.iou, score.hd95, score.missed) == (1.0, 1.0, 0.0, False)
    assert score.asd == 0.0


def test_a_single_voxel_and_shapes_that_differ() -> None:
    found, truth = np.zeros((5, 5), int), np.zeros((5, 5), int)
    found[0, 0], truth[3, 4] = 1, 1
    assert score_classes(found, truth, (1,), (1.0, 1.0))[1].hd95 == pytest.approx(5.0)
    with pytest.raises(ValueError, match="against"):
        score_classes(found, truth[:4], (1,), (1.0, 1.0))
