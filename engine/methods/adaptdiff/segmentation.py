"""Using the segmenter: any size in, a vessel mask out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from engine.methods.adaptdiff.vessels import VesselImage
from engine.networks.residual_unet import ResidualUNet


@torch.inference_mode()
def vessel_probability(model: ResidualUNet, image: np.ndarray) -> np.ndarray:
    """(H, W) float32 in [0, 1], vessels bright -> probability of vessel (H, W) float32.

    Sides that the network does not divide are reflected up to the next that it does.
    """
    parameter = next(model.parameters())
    divisor = model.divisor
    height, width = image.shape
    pad = (0, -width % divisor, 0, -height % divisor)
    x = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
    x = F.pad(x.to(parameter), pad, mode=_padding(image.shape, pad))
    logits = model(x)[..., :height, :width].float()
    return logits.softmax(dim=1)[0, 1].cpu().numpy()


def _padding(shape: tuple[int, ...], pad: tuple[int, int, int, int]) -> str:
    """Reflection needs the image to be larger than the padding."""
    return "reflect" if pad[1] < shape[1] and pad[3] < shape[0] else "replicate"


def segment(model: ResidualUNet, image: np.ndarray) -> np.ndarray:
    """The argmax of the segmenter: (H, W) uint8 in {0, 1}."""
    return (vessel_probability(model, image) > 0.5).astype(np.uint8)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice of two masks in [0, 1]; 1 if both are empty."""
    a, b = a > 0, b > 0
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def mean_dice(model: ResidualUNet, cases: Sequence[VesselImage]) -> float:
    """Mean Dice over labelled cases."""
    return float(
        np.mean([dice(segment(model, c.image), c.mask) for c in cases if c.mask is not None])
    )
