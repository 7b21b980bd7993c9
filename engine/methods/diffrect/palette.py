"""Label context calibration: classes as colours, so that a label map is an image (section 2.1).

The published palette is black, red, green and blue, and black and white for a single structure.
Further classes are colours of a lattice in the RGB cube, the farthest from all before first.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

PUBLISHED = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
BINARY = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def palette(classes: int) -> NDArray[np.float32]:
    """(classes, 3) RGB in [0, 1]; no two are nearer than 1 / (n - 1), n the lattice's side.

    n is the least that has room: 2 for up to 8 classes, 3 for up to 27, 4 for up to 64.

    Args:
        classes: With the background, at least 2.
    """
    if classes == len(BINARY):
        return np.array(BINARY, np.float32)
    side = 2
    while side**3 < classes:
        side += 1
    lattice = np.array(list(itertools.product(np.linspace(0.0, 1.0, side), repeat=3)))
    chosen = [np.array(colour) for colour in PUBLISHED[:classes]]
    while len(chosen) < classes:
        away = np.linalg.norm(lattice[:, np.newaxis] - np.stack(chosen), axis=2).min(axis=1)
        # Rounded: which of several that are as far comes first must not depend on the machine.
        chosen.append(lattice[away.round(6).argmax()])
    return np.stack(chosen).astype(np.float32)


def encode(labels: Tensor, colours: Tensor) -> Tensor:
    """Label maps (B, H, W) as images (B, 3, H, W) in [0, 1], channels last, by one look-up.

    Args:
        colours: `palette` as a tensor (K, 3) on the labels' device.
    """
    return F.embedding(labels, colours).movedim(-1, 1)
