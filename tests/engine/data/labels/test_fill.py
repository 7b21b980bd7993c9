from __future__ import annotations

import numpy as np
from skimage.segmentation import flood

from engine.data.labels.fill import connected


def test_it_reaches_what_touches_and_no_more() -> None:
    values = np.zeros((3, 4, 5), np.uint8)
    values[1, 1:3, 1:4] = 7
    values[2, 3, 4] = 7  # touches by a corner only
    found = connected(values, (1, 1, 1))
    assert found.sum() == 6
    assert not found[2, 3, 4]


def test_it_agrees_with_a_flood_within_a_tolerance() -> None:
    values = np.random.default_rng(0).integers(0, 60, (9, 10, 11)).astype(np.uint8)
    seed = (4, 5, 5)
    for tolerance in (0, 12, 30):
        expected = flood(values.astype(int), seed, tolerance=tolerance, connectivity=1)
        np.testing.assert_array_equal(connected(values, seed, tolerance), expected)


def test_nothing_is_like_nan() -> None:
    values = np.full((2, 2, 2), np.nan)
    assert not connected(values, (0, 0, 0), 1e9).any()
