"""Putting the votes of overlapping windows together, without keeping all of them.

At every voxel the weighted sums of votes and of their squares are kept, and from these follow the
mean before rounding (the probability), and the variance over all votes that fell there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Combined:
    """What votes say together.

    Attributes:
        mean: (L, D, H, W) in [0, 1]: one foreground map, or one map a class.
        square: Mean of the squared votes, of the same shape.
    """

    mean: Maps
    square: Maps

    @property
    def probability(self) -> Maps:
        """(K, D, H, W), sums to 1 over the classes; without any vote it is background."""
        return vote_probability(self.mean)

    @property
    def variance(self) -> Maps:
        """(D, H, W) over the votes, of the class that varies most; at most 0.25."""
        spread = np.clip(self.square - self.mean**2, 0.0, 0.25).max(axis=0)
        return np.asarray(spread, np.float32)


def vote_probability(mean: Maps) -> Maps:
    """Votes or their mean (L, ...) in [0, 1] as (K, ...), see `Combined.probability`."""
    if len(mean) == 1:
        return np.concatenate([1 - mean, mean])
    total = mean.sum(axis=0, keepdims=True)
    shares = mean / np.maximum(total, 1e-12)
    shares[0] = np.where(total[0] > 0, shares[0], 1.0)
    return shares


def entropy(probability: Maps) -> Maps:
    """Of (K, ...) over the classes, in units of log K, so in [0, 1]."""
    kept = np.clip(probability, 1e-12, 1.0)
    found = -(probability * np.log(kept)).sum(axis=0) / np.log(len(probability))
    return np.clip(found, 0.0, 1.0).astype(np.float32)


class Tally:
    """Sums of votes over a volume.

    Args:
        channels: Maps of a vote.
        shape: (D, H, W).
        votes: How many there will be.
        shown: The slice of which each vote is kept by itself, for the contact sheet.
    """

    def __init__(self, channels: int, shape: tuple[int, int, int], votes: int, shown: int) -> None:
        self._mean = torch.zeros(channels, *shape)
        self._square = torch.zeros(channels, *shape)
        self._weight = torch.zeros(shape)
        self._apart = torch.zeros(votes, channels, *shape[1:])
        self._apart_weight = torch.zeros(shape[1:])
        self.shown = shown

    def add(self, samples: Tensor, window: tuple[slice, slice, slice], weight: Tensor) -> None:
        """Adds all votes of a window.

        Args:
            samples: (N, d, L, h, w) in [0, 1].
            window: Where, in (D, H, W).
            weight: (d, h, w) above 0.
        """
        votes = samples.float().cpu().transpose(1, 2)
        place = (slice(None), *window)
        self._mean[place] += votes.mean(dim=0) * weight
        self._square[place] += votes.square().mean(dim=0) * weight
        self._weight[window] += weight
        depth, rows, columns = window
        if depth.start <= self.shown < depth.stop:
            inside = self.shown - depth.start
            plane = weight[inside]
            self._apart[:, :, rows, columns] += votes[:, :, inside] * plane
            self._apart_weight[rows, columns] += plane

    def combined(self) -> Combined:
        """What was added so far; voxels without any vote are 0."""
        weight = self._weight.clamp(min=1e-12)
        return Combined((self._mean / weight).numpy(), (self._square / weight).numpy())

    def apart(self) -> Maps:
        """Each vote on the shown slice, (N, L, H, W) in [0, 1]."""
        found: Maps = (self._apart / self._apart_weight.clamp(min=1e-12)).numpy()
        return found
