"""How well labels agree with the truth: overlap, volume and surfaces of each class of a case.

What is missed counts. A class that only one of both has gets 0 for every overlap and the image's
diagonal as every distance, the largest there can be: left out, as MONAI's NaN would be, a model
would score better the less it finds. A class that neither has is right: 1 and 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.metrics.surfaces import surface_dice, surface_distances

RULE = (
    "A class that only one of prediction and truth has counts with 0 in Dice, IoU, precision, "
    "recall and surface Dice and with the image's diagonal as HD, HD95 and ASD; one that neither "
    "has counts with 1 and 0. HD is the largest distance between surfaces either way, HD95 the "
    "larger of both directed 95th percentiles, ASD the mean of all of these distances, both ways. "
    "Surface Dice is the share of both surfaces' area within the tolerance of the other. The "
    "volume error is found minus true, relative to true; with nothing true it is 1 for anything "
    "found."
)


@dataclass(frozen=True)
class ClassScore:
    """One class of one case.

    Attributes:
        dice, iou, precision, recall, surface_dice: In [0, 1]; the last one NaN where no tolerance
            was given.
        hd, hd95, asd: In the unit of the spacing.
        true_size, found_size: Voxels.
    """

    dice: float
    iou: float
    precision: float
    recall: float
    hd: float
    hd95: float
    asd: float
    surface_dice: float
    true_size: int
    found_size: int

    @property
    def missed(self) -> bool:
        """Whether the class is there and nothing of it was found."""
        return self.true_size > 0 and self.found_size == 0

    @property
    def spurious(self) -> bool:
        """Whether something was found of a class that is not there."""
        return self.found_size > 0 and self.true_size == 0

    @property
    def state(self) -> str:
        """ "missed", "spurious", or "" for a class that both have or neither has."""
        return "missed" if self.missed else "spurious" if self.spurious else ""

    @property
    def volume_error(self) -> float:
        """(found - true) / true; 1 for anything found where there is nothing."""
        if not self.true_size:
            return float(self.found_size > 0)
        return self.found_size / self.true_size - 1


NEITHER = ClassScore(1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0, 0)
"""Of a class that neither has."""


def score_classes(
    found: NDArray[np.integer],
    truth: NDArray[np.integer],
    classes: Sequence[int],
    spacing: Sequence[float],
    tolerance: float | None = None,
) -> dict[int, ClassScore]:
    """Scores of the wanted classes.

    Args:
        found, truth: Labels of one shape, (H, W) or (D, H, W); one slice counts as an image.
        classes: Which labels, usually all but 0.
        spacing: Voxel size along each axis, for distances.
        tolerance: Of the surface Dice, in the unit of the spacing; None leaves it out.

    Raises:
        ValueError: Shapes or the spacing's length differ.
    """
    if found.shape != truth.shape or len(spacing) != found.ndim:
        raise ValueError(f"{found.shape} against {truth.shape} with spacing {tuple(spacing)}")
    return {c: _score(found == c, truth == c, spacing, tolerance) for c in classes}


def _score(
    found: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    spacing: Sequence[float],
    tolerance: float | None,
) -> ClassScore:
    true_size, found_size = int(truth.sum()), int(found.sum())
    both = int((found & truth).sum())
    apart = surface_distances(found, truth, spacing)
    near = float("nan") if tolerance is None else surface_dice(found, truth, spacing, tolerance)
    return ClassScore(
        _share(2 * both, true_size + found_size), _share(both, true_size + found_size - both),
        # With one of both empty the other one's share is 0 as well, not undefined.
        _share(both, found_size or true_size), _share(both, true_size or found_size),
        apart.hd, apart.hd95, apart.asd, near, true_size, found_size,
    )  # fmt: skip


def _share(part: int, whole: int) -> float:
    """1 of nothing."""
    return part / whole if whole else 1.0
