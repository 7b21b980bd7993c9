"""Other shapes and other contrasts of the slices that are learnt from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from engine.methods.midiffusion.varying import deformed, recoloured

SIDE = 64


def old_generator() -> tuple[bytes, int]:
    """State and place of the one that libraries draw from where nothing else is given."""
    _, state, place, *_ = np.random.get_state()  # noqa: NPY002
    return state.tobytes(), place


@pytest.fixture
def square() -> np.ndarray:
    """A disc whose grey values rise from left to right, on black."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    inside = (y - 0.5) ** 2 + (x - 0.5) ** 2 < 0.3**2
    return (inside * (0.2 + 0.8 * x)).astype(np.float32)


def test_a_deformed_slice_is_the_same_thing_elsewhere(square: np.ndarray) -> None:
    found = [deformed(square, np.random.default_rng(seed), 1.0) for seed in range(8)]
    for image in found:
        assert image.shape == square.shape
        assert image.dtype == np.float32
        assert 0 <= image.min() <= image.max() <= 1
        # An area within the most that it is resized and sheared, and the same grey values.
        assert 0.6 < (image > 0.1).sum() / (square > 0.1).sum() < 1.5
        assert np.median(image[image > 0.1]) == pytest.approx(
            np.median(square[square > 0.1]), abs=0.05
        )
    assert np.std([np.abs(image - square).mean() for image in found]) > 0
    assert len({image.tobytes() for image in found}) == 8


def test_a_little_deformation_moves_little(square: np.ndarray) -> None:
    little, much = (
        np.mean([np.abs(deformed(square, np.random.default_rng(s), how) - square).mean()
                 for s in range(6)])
        for how in (0.1, 1.0)
    )  # fmt: skip
    assert little < 0.5 * much


def test_everything_follows_the_generator(square: np.ndarray) -> None:
    for change in (lambda r: deformed(square, r, 0.5), lambda r: recoloured(square, r)):
        one, same, other = (change(np.random.default_rng(seed)) for seed in (3, 3, 4))
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)
    state, before = torch.get_rng_state(), old_generator()
    deformed(square, np.random.default_rng(0), 1.0)
    assert torch.equal(state, torch.get_rng_state())
    assert old_generator() == before


def test_other_contrasts_show_the_same_anatomy(square: np.ndarray) -> None:
    body = square > 0.15
    ranks, differing = [], 0
    for seed in range(20):
        image = recoloured(square, np.random.default_rng(seed))
        assert image.dtype == np.float32
        assert 0 <= image.min() <= image.max() <= 1
        far = np.hypot(*(np.mgrid[:SIDE, :SIDE] / SIDE - 0.5)) > 0.4
        assert image[far].max() == 0, "black stays black"
        assert image[body].min() > 0
        assert image.max() > 0.9, "the brightest becomes white"
        ranks.append(spearmanr(image[body], square[body]).statistic)
        differing += np.abs(image - square)[body].mean() > 0.1
    assert min(ranks) < -0.5 < 0.5 < max(ranks), "some are turned round, some are not"
    assert differing > 15


def test_a_black_slice_stays_black() -> None:
    black = np.zeros((SIDE, SIDE), np.float32)
    assert not recoloured(black, np.random.default_rng(0)).any()
