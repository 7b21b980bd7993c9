"""Other heads and other contrasts from one slice: what a network must not depend on.

A modality that was never seen shows the same anatomy in other grey values. Where the condition is
taken from the slice with its grey values mapped at random, no contrast is tied to the answer: the
domain randomisation of SynthSeg (Billot et al. 2023), of which the network sees but the mutual
information. The slice that is learnt stays of the target modality.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from engine.parameters import MAX_SEED

Slice = NDArray[np.float32]

MOST_TURN, MOST_SHEAR, MOST_ZOOM = 0.25, 0.1, 0.15
MOST_SHIFT = 0.05
MOST_BEND = 0.015
"""In parts of a side; the turn in radians."""
KNOTS_APART = 0.2

KNOTS = (2, 5)
RIM = (0.02, 0.1)
"""Up to where the values of the background rise to those of the body."""
DARKEST = 0.05
MOST_NOISE = 0.04
MOST_BLUR = 0.7


def deformed(square: Slice, rng: np.random.Generator, strength: float) -> Slice:
    """Turned, sheared, resized, moved and bent at random.

    Args:
        square: (S, S) in [0, 1].
        strength: 0 to 1, of the most that is done.
    """
    from monai.transforms import Rand2DElastic

    side = len(square)
    apart = max(2, round(KNOTS_APART * side))
    move = Rand2DElastic(
        spacing=(apart, apart), magnitude_range=(0.0, strength * MOST_BEND * side), prob=1.0,
        rotate_range=strength * MOST_TURN, shear_range=strength * MOST_SHEAR,
        translate_range=strength * MOST_SHIFT * side, scale_range=strength * MOST_ZOOM,
        mode="bilinear", padding_mode="zeros",
    )  # fmt: skip
    move.set_random_state(int(rng.integers(MAX_SEED, endpoint=True)))
    found = torch.as_tensor(move(torch.from_numpy(np.ascontiguousarray(square))[None]))
    return np.asarray(found[0].clamp(0, 1).numpy(), np.float32)


def recoloured(square: Slice, rng: np.random.Generator) -> Slice:
    """The same anatomy with grey values as another modality might have them.

    Black stays black; all else goes through a line between random points, not a monotone one,
    and is blurred and made noisy a little.

    Args:
        square: (S, S) in [0, 1].

    Returns:
        (S, S) in [0, 1].
    """
    count = int(rng.integers(*KNOTS, endpoint=True))
    places = np.sort(rng.random(count))
    rim = rng.uniform(*RIM)
    at = np.concatenate([[0.0, rim], rim + (1 - rim) * places])
    values = np.concatenate([[0.0], rng.uniform(DARKEST, 1.0, count + 1)])
    found = np.interp(square, at, values)
    body = square > rim
    if body.any():
        # As in use, where what is brightest becomes white.
        found /= max(float(np.percentile(found[body], 99.5)), DARKEST)
    found = gaussian_filter(found, MOST_BLUR * rng.random())
    found += MOST_NOISE * rng.random() * rng.standard_normal(found.shape) * (square > 0)
    return np.clip(found, 0, 1).astype(np.float32)
