"""Growing series, thinned and smoothed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from widgets.plots.series import Series, SeriesStore, smoothed


def series_of(values: list[float], first: int = 1) -> Series:
    series = Series()
    series.extend(np.arange(first, first + len(values)), np.array(values))
    return series


def test_what_is_added_is_there_in_order() -> None:
    series = Series()
    for start in range(0, 5000, 7):
        steps = np.arange(start, start + 7)
        series.extend(steps, steps * 2.0)
    assert len(series) == 5005
    np.testing.assert_array_equal(series.steps, np.arange(5005))
    np.testing.assert_array_equal(series.values, 2.0 * np.arange(5005))


def test_a_step_that_comes_again_replaces_what_was_from_there_on() -> None:
    series = series_of([1, 2, 3, 4, 5])
    series.extend(np.array([3, 4]), np.array([30.0, 40.0]))
    assert series.steps.tolist() == [1, 2, 3, 4]
    assert series.values.tolist() == [1, 2, 30, 40]
    # Also within what is added at once.
    series.extend(np.array([5, 6, 4, 5]), np.array([0.0, 0.0, 41.0, 51.0]))
    assert series.steps.tolist() == [1, 2, 3, 4, 5]
    assert series.values.tolist() == [1, 2, 30, 41, 51]


def test_the_nearest_point() -> None:
    series = Series()
    assert series.nearest(3) is None
    series.extend(np.array([10, 20]), np.array([1.0, 2.0]))
    assert series.nearest(-5) == (10, 1)
    assert series.nearest(14) == (10, 1)
    assert series.nearest(16) == (20, 2)
    assert series.nearest(math.inf) == (20, 2)


def test_thinning_keeps_means_and_peaks() -> None:
    values = np.sin(np.arange(10_000) / 50)
    values[4321] = 99.0
    series = series_of(values.tolist(), first=0)
    part = series.thinned(500)
    assert len(part.steps) == 500
    np.testing.assert_allclose(part.mean, values.reshape(500, 20).mean(axis=1))
    assert part.most.max() == 99
    assert part.least.min() == values.min()
    assert part.steps[0] == 19, "a point lies at its last step"


def test_few_values_are_left_as_they_are() -> None:
    part = series_of([3.0, math.nan, math.inf, -1.0]).thinned(10)
    assert part.mean.tolist()[0] == 3
    assert np.isnan(part.mean[1:3]).all()
    assert part.mean[3] == -1
    part = series_of([3.0, 0.0, -1.0]).thinned(10, positive=True)
    assert np.isnan(part.mean[1:]).all()


def test_a_part_has_a_point_beyond_either_end() -> None:
    part = series_of([float(i) for i in range(1, 101)]).thinned(1000, 40.5, 60.5)
    assert part.steps[0] == 40
    assert part.steps[-1] == 61


def test_points_of_no_numbers_are_gaps() -> None:
    part = series_of([1.0, 2.0, math.nan, math.nan, 5.0, math.nan]).thinned(3)
    assert part.mean[0] == 1.5
    assert np.isnan(part.mean[1])
    assert part.mean[2] == part.least[2] == part.most[2] == 5


def test_average_of_a_constant_is_the_constant_from_the_first_value() -> None:
    np.testing.assert_allclose(smoothed(np.full(5, 3.0), 0.9), 3.0)


def test_average_matches_its_definition_and_skips_nan() -> None:
    found = smoothed(np.array([1.0, math.nan, 3.0]), 0.5)
    # s = 0.5, then 0.25 + 1.5 = 1.75 with a mass of 1 - 0.25.
    assert found[0] == pytest.approx(1.0)
    assert math.isnan(found[1])
    assert found[2] == pytest.approx(1.75 / 0.75)
    np.testing.assert_array_equal(smoothed(np.array([1.0, 3.0]), 0.0), [1, 3])


def test_a_store_sorts_rows_by_their_names() -> None:
    store = SeriesStore()
    assert (store.last(), store.span()) == (0, None)
    store.append([(1, {"loss": 0.5}), (2, {"loss": 0.4, "Dice": 0.1})])
    store.extend({"loss": (np.array([3]), np.array([0.3]))})
    assert list(store) == ["loss", "Dice"]
    assert store["loss"].values.tolist() == [0.5, 0.4, 0.3]
    assert (store.last(), store.span()) == (3, (1, 3))
    store.cut(2)
    assert [len(store[name]) for name in store] == [1, 0]
    assert store.last() == 1
    store.clear()
    assert list(store) == []
