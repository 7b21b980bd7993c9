"""How alike two sets of images are by their features: FID and KID, with a floor on their numbers.

FID fits a Gaussian to each set's features (Heusel et al. 2017) and is biased upwards in small
sets: with fewer images than features its covariances are not even full. KID is the squared maximum
mean discrepancy of the kernel (x.y / d + 1)^3 without that bias (Binkowski et al. 2018), and its
spread over subsets tells how sure it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 50
"""Images of a set below which neither is told."""
SUBSETS, SUBSET = 50, 100
Features = NDArray[np.float64]


@dataclass(frozen=True)
class FeatureDistance:
    """Two sets of images.

    Attributes:
        encoder: What the features are of.
        fid: Frechet distance; None with too few images.
        kid, kid_spread: Mean and standard deviation over subsets; None with too few images.
        counts: Images of either set.
        caution: What keeps the figures from being compared with others; "" where nothing does.
    """

    encoder: str
    fid: float | None
    kid: float | None
    kid_spread: float | None
    counts: tuple[int, int]
    caution: str = ""

    def report(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "features": self.encoder, "fid": self.fid, "kid": self.kid,
            "kid spread over subsets": self.kid_spread, "images": list(self.counts),
            "caution": self.caution,
        }  # fmt: skip


def feature_distance(
    found: Features, truth: Features, encoder: str, caution: str = "", seed: int = 0
) -> FeatureDistance:
    """FID and KID of two sets of features (n, d); refused below `LEAST` images, and flagged
    where there are fewer than FID needs.

    Args:
        encoder: The features' name.
        caution: What else there is to say of them.
        seed: Of the subsets.

    Raises:
        ValueError: Features of different length.
    """
    if found.shape[1] != truth.shape[1]:
        raise ValueError(f"{found.shape[1]} against {truth.shape[1]} features")
    counts = len(found), len(truth)
    if min(counts) < LEAST:
        refused = f"{min(counts)} images are too few for FID and KID; {LEAST} are needed."
        return FeatureDistance(encoder, None, None, None, counts, refused)
    cautions = [caution] if caution else []
    if min(counts) < 10 * found.shape[1]:
        cautions.append(
            f"{min(counts)} images for {found.shape[1]} features: FID is too large by an unknown "
            "amount. Compare it only with sets of the same number; KID has no such bias."
        )
    mean, spread = kernel_distance(found, truth, seed)
    return FeatureDistance(
        encoder, frechet_distance(found, truth), mean, spread, counts, " ".join(cautions)
    )


def frechet_distance(one: Features, other: Features) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of features (n, d) and (m, d)."""
    apart = one.mean(axis=0) - other.mean(axis=0)
    ours, theirs = (np.atleast_2d(np.cov(part, rowvar=False)) for part in (one, other))
    # The eigenvalues of C1 C2 are those of the symmetric C1^(1/2) C2 C1^(1/2).
    values, vectors = np.linalg.eigh(ours)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    mixed = np.sqrt(np.clip(np.linalg.eigvalsh(root @ theirs @ root), 0, None)).sum()
    return float(apart @ apart + np.trace(ours) + np.trace(theirs) - 2 * mixed)


def kernel_distance(one: Features, other: Features, seed: int = 0) -> tuple[float, float]:
    """Mean and standard deviation of the unbiased MMD^2 over random subsets."""
    rng = np.random.default_rng(seed)
    size = min(SUBSET, len(one), len(other))
    found = []
    for _ in range(SUBSETS):
        x = one[rng.choice(len(one), size, replace=False)]
        y = other[rng.choice(len(other), size, replace=False)]
        within = [_off_diagonal_mean(_kernel(part, part)) for part in (x, y)]
        found.append(sum(within) - 2 * float(_kernel(x, y).mean()))
    return float(np.mean(found)), float(np.std(found))


def _kernel(x: Features, y: Features) -> Features:
    similar: Features = (x @ y.T / x.shape[1] + 1) ** 3
    return similar


def _off_diagonal_mean(values: Features) -> float:
    count = len(values)
    return float((values.sum() - np.trace(values)) / (count * (count - 1)))
