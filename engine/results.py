"""What finished jobs return: plain values and numpy, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class SynthesisResult:
    """Images made from one mask.

    Attributes:
        images: (B, H, W) float32 in [0, 1].
        mask: (H, W) uint8 in {0, 1}, as it was used.
        seeds: One an image.
        provenance: Enough to make the same images again.
        notes: What was done to the inputs, for the user.
    """

    images: np.ndarray
    mask: np.ndarray
    seeds: tuple[int, ...]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MaskResult:
    """A mask that a job made, (H, W) uint8 in {0, 1}."""

    mask: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SegmentationResult:
    """Labels of a volume with what the votes say of them, on the volume's own voxels.

    Outside of the region all maps and labels are 0.

    Attributes:
        labels: (D, H, W) uint8, the class of most votes, or of a threshold where one is given.
        probability: (K, D, H, W) float32, the mean of the votes before rounding; K counts the
            background.
        variance: (D, H, W) float32 over the votes, of the class that varies most; 0 to 0.25.
        entropy: (D, H, W) float32 of the probability, over log K; 0 to 1.
        votes: (N, h, w) uint8, the labels of each vote on one slice, for a contact sheet; h and w
            are the two other axes in the order of (D, H, W).
        shown: Where that slice cuts `axis`.
        region: What was segmented: voxels (d, h, w), low inside and high outside of it.
        names: Class -> name.
        provenance: Enough to make the same result again.
        notes: What was done to the input, for the user.
        axis: The axis of (D, H, W) that the slice of the votes cuts.
    """

    labels: np.ndarray
    probability: np.ndarray
    variance: np.ndarray
    entropy: np.ndarray
    votes: np.ndarray
    shown: int
    region: tuple[tuple[int, int, int], tuple[int, int, int]]
    names: Mapping[int, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    axis: int = 0

    @property
    def foreground(self) -> np.ndarray:
        """The probability of any class but the background, (D, H, W) float32."""
        found: np.ndarray = self.probability[1:].sum(axis=0)
        return found


@dataclass(frozen=True)
class FileResult:
    """Files that a job wrote.

    Attributes:
        path: The main file or folder.
        summary: One sentence for the user.
        figures: What was measured.
    """

    path: Path
    summary: str
    figures: Mapping[str, Any] = field(default_factory=dict)
