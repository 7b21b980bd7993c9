"""How well labels agree with the truth: Dice, IoU, HD95 and ASD of each class of a case.

What is missed counts. A class that only one of both has gets Dice 0, IoU 0 and the image's
diagonal as HD95 and ASD, the largest distance there can be: left out, as MONAI's NaN would be, a
model would score better the less it finds. A class that neither has is right: 1, 1, 0 and 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RULE = (
    "A class that only one of prediction and truth has counts with Dice 0, IoU 0 and the image's "
    "diagonal as HD95 and ASD; one that neither has counts with 1, 1, 0 and 0. HD95 is the larger "
    "of both directed 95th percentiles of distances between surfaces, ASD the mean of all of "
    "these distances, both ways."
)
PERCENTILE = 95


@dataclass(frozen=True)
class ClassScore:
    """One class of one case.

    Attributes:
        dice, iou: In [0, 1].
        hd95, asd: In the unit of the spacing.
        true_size, found_size: Voxels.
    """

    dice: float
    iou: float
    hd95: float
    true_size: int
    found_size: int
    asd: float = 0.0

    @property
    def missed(self) -> bool:
        """Whether the class is there and nothing of it was found."""
        return self.true_size > 0 and self.found_size == 0


def score_classes(
    found: NDArray[np.integer],
    truth: NDArray[np.integer],
    classes: Sequence[int],
    spacing: Sequence[float],
) -> dict[int, ClassScore]:
    """Scores of the wanted classes.

    Args:
        found, truth: Labels of one shape, (H, W) or (D, H, W); one slice counts as an image.
        classes: Which labels, usually all but 0.
        spacing: Voxel size along each axis, for HD95.

    Raises:
        ValueError: Shapes or the spacing's length differ.
    """
    if found.shape != truth.shape or len(spacing) != found.ndim:
        raise ValueError(f"{found.shape} against {truth.shape} with spacing {tuple(spacing)}")
    return {c: _score(found == c, truth == c, spacing) for c in classes}


def _score(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: Sequence[float]
) -> ClassScore:
    true_size, found_size = int(truth.sum()), int(found.sum())
    both = int((found & truth).sum())
    either = true_size + found_size - both
    if not either:
        return ClassScore(1.0, 1.0, 0.0, 0, 0)
    hd95, asd = _apart(found, truth, spacing)
    return ClassScore(
        2 * both / (true_size + found_size), both / either, hd95, true_size, found_size, asd
    )


def hausdorff95(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: Sequence[float]
) -> float:
    """The larger of both directed 95th percentiles of the distances between two surfaces.

    The distances are MONAI's. See the module for masks that are empty.

    Args:
        found, truth: Masks of one shape.
        spacing: Voxel size along each axis.
    """
    return _apart(found, truth, spacing)[0]


def mean_surface_distance(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: Sequence[float]
) -> float:
    """ASD: the mean distance from either surface to the other, over the voxels of both.

    Arguments as of `hausdorff95`.
    """
    return _apart(found, truth, spacing)[1]


def _apart(
    found: NDArray[np.bool_], truth: NDArray[np.bool_], spacing: Sequence[float]
) -> tuple[float, float]:
    """HD95 and ASD."""
    # Heavy, and not needed to read a table.
    from monai.metrics.utils import get_mask_edges, get_surface_distance

    if not found.any() and not truth.any():
        return 0.0, 0.0
    if not found.any() or not truth.any():
        most = diagonal(found.shape, spacing)
        return most, most
    # With an axis of one voxel every voxel would be surface.
    axes = [axis for axis, n in enumerate(found.shape) if n > 1] or [0]
    thin = tuple(axis for axis in range(found.ndim) if axis not in axes)
    edges = get_mask_edges(found.squeeze(thin), truth.squeeze(thin))
    size = [float(spacing[axis]) for axis in axes]
    ways = [
        np.asarray(get_surface_distance(one, other, spacing=size))
        for one, other in ((edges[0], edges[1]), (edges[1], edges[0]))
    ]
    hd95 = max(float(np.percentile(way, PERCENTILE)) for way in ways)
    return hd95, float(np.concatenate(ways).mean())


def diagonal(shape: Sequence[int], spacing: Sequence[float]) -> float:
    """From the centre of the first voxel to that of the last."""
    return math.hypot(*((n - 1) * s for n, s in zip(shape, spacing, strict=True)))
