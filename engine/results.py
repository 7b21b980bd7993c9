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
