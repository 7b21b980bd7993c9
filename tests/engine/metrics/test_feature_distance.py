"""FID and KID against their definitions, and their floor."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from engine.metrics.feature_distance import (
    LEAST,
    feature_distance,
    frechet_distance,
    kernel_distance,
)


def features(count: int, seed: int = 0, width: int = 6) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(9).standard_normal((width, width))
    return rng.standard_normal((count, width)) @ mixing


def test_the_frechet_distance_is_that_of_two_gaussians() -> None:
    one, other = features(300), 1.5 * features(400, 1) + 0.3
    means = [x.mean(axis=0) for x in (one, other)]
    spreads = [np.cov(x, rowvar=False) for x in (one, other)]
    root = np.real(sqrtm(spreads[0] @ spreads[1]))
    wanted = ((means[0] - means[1]) ** 2).sum() + np.trace(spreads[0] + spreads[1] - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)


def test_covariances_that_are_not_full() -> None:
    one, other = features(8, width=20), features(8, 1, width=20)
    assert frechet_distance(one, other) > 10
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-3)


def test_the_kernel_distance_has_no_bias() -> None:
    """Over sets of the same kind its mean is 0, however small they are."""
    found = [kernel_distance(features(60, 2 * i), features(60, 2 * i + 1))[0] for i in range(40)]
    scale = kernel_distance(features(60), 1.5 * features(60, 1))[0]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
    assert scale > 5 * abs(np.mean(found))


def test_the_kernel_distance_by_its_definition() -> None:
    x, y = features(30), features(30, 1) + 0.5

    def k(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    n = len(x)
    within = [
        sum(k(z[i], z[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        for z in (x, y)
    ]
    between = sum(k(a, b) for a in x for b in y) / n**2
    found, spread = kernel_distance(x, y)
    assert found == pytest.approx(sum(within) - 2 * between)
    assert spread == pytest.approx(0, abs=1e-9), "subsets of all are all the same"


def test_too_few_images_are_refused() -> None:
    found = feature_distance(features(LEAST - 1), features(200), "x", "Mind the features.")
    assert (found.fid, found.kid) == (None, None)
    assert f"{LEAST - 1} images are too few" in found.caution
    assert "Mind" not in found.caution, "there are no figures to mind"


def test_fewer_than_fid_needs_are_flagged() -> None:
    few = feature_distance(features(LEAST), features(LEAST, 1), "x")
    assert few.fid is not None
    assert "too large by an unknown amount" in few.caution
    enough = feature_distance(features(80), features(80, 1), "x")
    assert enough.caution == ""
    assert enough.report()["images"] == [80, 80]


def test_features_of_two_encoders() -> None:
    with pytest.raises(ValueError, match="6 against 5"):
        feature_distance(features(60), features(60, width=5), "x")
