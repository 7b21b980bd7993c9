"""The encoder that FID and KID are measured with: brought by the user, or random."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.metrics.feature_distance import FeatureDistance, feature_distance
from engine.networks import random_features
from engine.networks.inception import Inception
from engine.networks.random_features import RandomFeatures
from engine.training.checkpoint import load_into
from engine.training.foreign import read_foreign_weights

BATCH = 16


@dataclass(frozen=True, eq=False)
class Encoder:
    """A network that turns images into features.

    Attributes:
        channels: 1 or 3 of what it takes; grey images are used thrice.
        caution: What is to be said of figures by it.
    """

    model: nn.Module
    name: str
    channels: int
    caution: str = ""

    @torch.inference_mode()
    def features(self, images: NDArray[np.float32], device: torch.device) -> NDArray[np.float64]:
        """Of slices (n, h, w) in [0, 1]: (n, d)."""
        self.model.to(device)
        found: list[Tensor] = []
        for start in range(0, len(images), BATCH):
            part = torch.from_numpy(images[start : start + BATCH])[:, None].to(device)
            found.append(self.model(part.expand(-1, self.channels, -1, -1)).double().cpu())
        result: NDArray[np.float64] = torch.cat(found).numpy()
        return result

    def distance(self, found: NDArray[np.float64], truth: NDArray[np.float64]) -> FeatureDistance:
        """FID and KID of two sets of its features."""
        return feature_distance(found, truth, self.name, self.caution)


def open_encoder(weights: Path | None) -> Encoder:
    """Inception with the weights of a file, or random convolutions without one.

    Raises:
        CheckpointError: the file is damaged, holds code, or is of another network.
    """
    if weights is None:
        return Encoder(
            RandomFeatures().eval(), random_features.NAME, 1,
            "The features were trained on nothing: compare these figures with each other alone.",
        )  # fmt: skip
    published = read_foreign_weights(weights)
    model = Inception()
    # Its classifier is not used.
    load_into(model, {k: v for k, v in published.items() if not k.startswith("fc.")}, weights.name)
    return Encoder(
        model.eval(), f"Inception ({weights.name})", 3,
        "Inception was trained on photographs, not on medical images.",
    )  # fmt: skip
