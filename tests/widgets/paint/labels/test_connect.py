from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from widgets.paint.labels.adaptive import structure
from widgets.paint.labels.connect import connected, connected_near
from widgets.paint.labels.stamp import Footprint


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(9, 13), (1, 7), (30, 1), (5, 6, 7), (8, 1, 9)]),
    st.integers(0, 999),
    st.floats(0.3, 0.9),
)
def test_both_ways_agree_with_scipy(shape: tuple[int, ...], seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    region = random.random(shape) < share
    place = tuple(int(random.integers(n)) for n in shape)
    labels, _ = ndimage.label(region)
    expected = region & (labels == labels[place]) & region[place]
    np.testing.assert_array_equal(connected(region, place), expected)
    np.testing.assert_array_equal(connected_near(region, place), expected)


def two_halves(noise: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    footprint = Footprint((12.0, 12.0, 12.0), 0, volume=True)
    covered = footprint.mask()
    values = np.random.default_rng(0).normal(100, noise, covered.shape)
    values[:, :, 16:] += step
    return values, covered


def test_the_edge_brush_stops_at_an_edge() -> None:
    values, covered = two_halves(10, 90)
    found = structure(values, covered, (12, 12, 12))
    assert not found[:, :, 16:].any()
    assert found[:, :, :16].sum() > 0.97 * covered[:, :, :16].sum()
    assert not (found & ~covered).any()


def test_the_edge_brush_takes_all_where_there_is_no_edge() -> None:
    values, covered = two_halves(10, 0)
    found = structure(values, covered, (12, 12, 12))
    assert found.sum() > 0.93 * covered.sum()
    flat = structure(np.full(covered.shape, 7, np.int16), covered, (12, 12, 12))
    np.testing.assert_array_equal(flat, covered)


def test_the_edge_brush_leaves_out_what_is_not_connected() -> None:
    values = np.zeros((1, 21, 21))
    values[0, :, 9:12] = 50
    covered = np.ones((1, 21, 21), bool)
    found = structure(values, covered, (0, 10, 4))
    assert found[0, :, :9].all()
    assert not found[0, :, 9:].any()


def test_the_edge_brush_lives_with_values_that_are_no_numbers() -> None:
    values, covered = two_halves(1, 50)
    values[:, :5] = np.nan
    values[0] = np.inf
    found = structure(values, covered, (12, 12, 12))
    assert found.any()
    assert not found[:, :5].any()
    values[:] = np.nan
    assert not structure(values, covered, (12, 12, 12)).any()
