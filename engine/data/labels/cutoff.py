"""Labels from probabilities: the class of most votes, or by a threshold of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def majority(probability: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The class of most votes (...) of (K, ...); a foreground of exactly one half is none."""
    if len(probability) == 2:
        return (probability[1] > 0.5).astype(np.uint8)
    return probability.argmax(axis=0).astype(np.uint8)


def cut_off(probability: NDArray[np.floating[Any]], threshold: float) -> NDArray[np.uint8]:
    """The most probable structure wherever there is any with more than this probability.

    The probability of a structure, whichever, is the sum over the classes without the background:
    of several classes, a voxel may be foreground although none of them exceeds the threshold.

    Args:
        probability: (K, ...), class 0 being background.
        threshold: 0 to 1.

    Returns:
        Classes (...), 0 for background.
    """
    structures = probability[1:]
    if len(structures) == 1:
        return (structures[0] > threshold).astype(np.uint8)
    best = structures.argmax(axis=0).astype(np.uint8)
    return np.where(structures.sum(axis=0) > threshold, best + np.uint8(1), np.uint8(0))
