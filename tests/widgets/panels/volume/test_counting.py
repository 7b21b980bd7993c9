"""Histograms of all sorts of values."""

from __future__ import annotations

import numpy as np
import pytest

from widgets.panels.volume.counting import bulk, histogram, sample, shares


def test_every_value_of_a_small_image_is_counted_where_it_lies() -> None:
    array = np.array([[[[0, 1, 1, 3]]]], np.int16)
    counts, edges = histogram(array)
    assert counts.tolist() == [1, 2, 0, 1]
    assert edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5]


def test_slope_and_intercept_shift_the_edges_and_a_negative_slope_turns_them() -> None:
    array = np.array([0, 1, 1], np.uint8)
    counts, edges = histogram(array, 10.0, -5.0)
    assert (counts.tolist(), edges.tolist()) == ([1, 2], [-10.0, 0.0, 10.0])
    counts, edges = histogram(array, -1.0, 0.0)
    assert (counts.tolist(), edges.tolist()) == ([2, 1], [-1.5, -0.5, 0.5])


def test_nan_and_infinity_are_left_out() -> None:
    array = np.array([np.nan, 0.0, 0.5, 1.0, np.inf, -np.inf], np.float32)
    counts, edges = histogram(array)
    assert counts.sum() == 3
    assert (edges[0], edges[-1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    "array", [np.full((2, 2), np.nan), np.zeros((0, 3)), np.full((3, 3), 7.5), np.array([5])]
)
def test_degenerate_images_have_a_histogram(array: np.ndarray) -> None:
    counts, edges = histogram(array)
    assert len(edges) == len(counts) + 1
    assert np.all(np.diff(edges) > 0)
    assert counts.sum() == np.isfinite(array).sum()


@pytest.mark.parametrize("shape", [(1, 100, 80, 90), (1, 1, 1000, 700), (3, 1, 1, 100_000)])
def test_a_sample_is_a_small_view_from_all_over(shape: tuple[int, ...]) -> None:
    array = np.broadcast_to(np.uint8(1), shape)
    thin = sample(array, 50_000)
    assert 0 < thin.size <= 50_000
    assert thin.size > 50_000 / 8


def test_large_values_and_whole_numbers_stay_apart() -> None:
    array = np.array([-1_700_000, 0, 1_700_000], np.int32)
    counts, edges = histogram(array)
    assert counts.sum() == 3
    assert edges[0] < -1_700_000
    assert edges[-1] > 1_700_000


def test_the_bulk_leaves_out_the_tails() -> None:
    counts = np.array([1, 5000, 5000, 1])
    edges = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert bulk(counts, edges) == (1.0, 3.0)
    assert bulk(np.zeros(4, int), edges) == (0.0, 4.0)


def test_shares_count_what_exceeds_each_end() -> None:
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 21, (4, 5, 6)) / 20
    for array in (votes.astype(np.float32), rng.random((3, 7, 7)).astype(np.float32)):
        counts = shares(array, 20)
        assert counts.sum() == array.size
        for part in range(21):
            above = (array > np.float32(part / 20)).sum()
            assert counts[part + 1 :].sum() == above
    assert shares(np.array([[-1.0, 0.0, 1.0, 2.0]], np.float32), 4).tolist() == [2, 0, 0, 0, 2]
