"""How far single votes agree with what they say together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def agreement(votes: NDArray[np.integer], reference: NDArray[np.integer]) -> tuple[float, ...]:
    """Dice of each vote with a reference, in [0, 1]: the mean over the structures in either.

    A structure that only one of both has counts with 0; a vote that finds as little as the
    reference, nothing, agrees with it.

    Args:
        votes: (N, ...) labels, 0 being background.
        reference: (...) labels.

    Raises:
        ValueError: the shapes differ.
    """
    if votes.shape[1:] != reference.shape:
        raise ValueError(f"votes of shape {votes.shape[1:]} against {reference.shape}")
    return tuple(_dice(vote, reference) for vote in votes)


def _dice(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    structures = np.union1d(np.unique(one), np.unique(other))
    scores = [
        2 * int(((one == value) & (other == value)).sum())
        / (int((one == value).sum()) + int((other == value).sum()))
        for value in structures[structures != 0]
    ]  # fmt: skip
    return float(np.mean(scores)) if scores else 1.0
