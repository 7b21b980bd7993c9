from __future__ import annotations

import numpy as np
import pytest

from engine.data.labels.cutoff import cut_off, majority


def test_one_structure_is_a_threshold() -> None:
    inside = np.linspace(0, 1, 11, dtype=np.float32).reshape(1, 1, 11)
    found = cut_off(np.stack([1 - inside, inside]), 0.5)
    assert found.dtype == np.uint8
    assert np.array_equal(found, inside > 0.5)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, 0.99, 1.0])
def test_of_several_the_most_probable_where_their_sum_is_high_enough(threshold: float) -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(4), (3, 4, 5)).astype(np.float32)
    probability = np.moveaxis(shares, -1, 0)
    found = cut_off(probability, threshold)
    for place in np.ndindex(found.shape):
        each = probability[(slice(None), *place)]
        best = max(range(1, 4), key=lambda c: each[c])
        assert found[place] == (best if each[1:].sum() > threshold else 0)


def test_two_that_share_a_voxel_can_be_sure_together() -> None:
    probability = np.array([0.4, 0.35, 0.25], np.float32).reshape(3, 1, 1, 1)
    assert probability.argmax(axis=0).item() == 0
    assert cut_off(probability, 0.5).item() == 1


def test_most_votes_and_half_of_them() -> None:
    inside = np.array([0.0, 0.5, 0.50001, 1.0])
    assert majority(np.stack([1 - inside, inside])).tolist() == [0, 0, 1, 1]
    several = np.array([[0.4, 0.3, 0.2], [0.35, 0.4, 0.2], [0.25, 0.3, 0.6]])
    assert majority(several).tolist() == [0, 1, 2]
