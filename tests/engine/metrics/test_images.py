"""Scores of one image against another."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import metrics

from engine.metrics.images import (
    BEST_PSNR,
    compare_images,
    mutual_information,
    structural_similarity,
)

Image = NDArray[np.float32]


def pair(seed: int = 0, shape: tuple[int, int, int] = (3, 24, 20)) -> tuple[Image, Image]:
    rng = np.random.default_rng(seed)
    truth = rng.random(shape, np.float32)
    found = np.clip(truth + 0.1 * rng.standard_normal(shape, np.float32), 0, 1)
    return found.astype(np.float32), truth


def test_no_difference_at_all() -> None:
    _, truth = pair()
    score = compare_images(truth, truth, np.ones(truth.shape, bool))
    assert (score.ssim, score.psnr, score.mae) == (pytest.approx(1), BEST_PSNR, 0)


def test_the_libraries_agree_where_all_is_body() -> None:
    found, truth = pair()
    body = np.ones(truth.shape, bool)
    score = compare_images(found, truth, body)
    assert score.psnr == pytest.approx(
        metrics.peak_signal_noise_ratio(truth, found, data_range=1.0), rel=1e-5
    )
    assert score.mae == pytest.approx(np.abs(found - truth).mean(), rel=1e-5)
    # scikit-image leaves out the border of its windows in the mean, not in the map.
    maps = [
        metrics.structural_similarity(
            t.astype(float), f.astype(float), data_range=1.0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, full=True,
        )[1]
        for f, t in zip(found, truth, strict=True)
    ]  # fmt: skip
    assert score.ssim == pytest.approx(np.mean(maps), rel=1e-4)


def test_a_wider_margin_changes_nothing_but_for_windows_that_reach_it() -> None:
    found, truth = pair()
    body = np.ones(truth.shape, bool)
    wide = [(0, 0), (30, 30), (30, 30)]
    score = compare_images(found, truth, body)
    padded = compare_images(np.pad(found, wide), np.pad(truth, wide), np.pad(body, wide))
    assert padded.psnr == pytest.approx(score.psnr)
    assert padded.mae == pytest.approx(score.mae)
    assert padded.mi == pytest.approx(score.mi)
    assert padded.ssim == pytest.approx(score.ssim, abs=0.03)


def test_slices_without_a_body_do_not_count() -> None:
    found, truth = pair()
    body = np.ones(truth.shape, bool)
    body[1] = False
    wanted = structural_similarity(found[[0, 2]], truth[[0, 2]], body[[0, 2]])
    assert structural_similarity(found, truth, body) == pytest.approx(wanted)


def test_small_slices_have_smaller_windows() -> None:
    found, truth = pair(shape=(1, 6, 9))
    value = structural_similarity(found, truth, np.ones(truth.shape, bool))
    assert 0 < value < 1


def test_mutual_information() -> None:
    rng = np.random.default_rng(0)
    one = np.repeat(np.linspace(0, 1, 64), 100)
    assert mutual_information(one, one) == pytest.approx(6.0, abs=0.01), "64 values: 6 bits"
    assert mutual_information(one, 1 - one) == pytest.approx(6.0, abs=0.01)
    assert mutual_information(np.tile(one, 20), rng.random(one.size * 20)) < 0.05
    assert mutual_information(one, np.zeros_like(one)) == pytest.approx(0)


def test_what_cannot_be_compared() -> None:
    found, truth = pair()
    with pytest.raises(ValueError, match="against"):
        compare_images(found[:2], truth, np.ones(truth.shape, bool))
    with pytest.raises(ValueError, match="nothing to compare"):
        compare_images(found, truth, np.zeros(truth.shape, bool))
