"""CDM's networks for other programs."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.library.exported import Plain
from engine.methods.cdm.networks import (
    CLASSIFIER,
    DIFFUSION,
    METHOD,
    classifier_of,
    process_of,
    unet_of,
)
from engine.training.checkpoint import Checkpoint, load_into

SIDE = 64
"""Of the random inputs where the card says none."""


def plain_of(checkpoint: Checkpoint) -> Plain:
    """The class-conditional U-Net, which takes timesteps as it was trained to see them, or the
    classifier, whose pooling knows one size."""
    card, name = checkpoint.card, checkpoint.path.name
    process = process_of(card, name)

    def noisy(batch: int, channels: int, side: int, source: torch.Generator) -> list[Tensor]:
        x_t = torch.randn(batch, channels, side, side, generator=source)
        t = torch.randint(process.timesteps, (batch,), generator=source)
        return [x_t, process.told(t)]

    if card.role == CLASSIFIER:
        classifier = classifier_of(checkpoint.expect(METHOD, CLASSIFIER).card.config, name)
        load_into(classifier, checkpoint.tensors, name)
        seen = classifier.config
        return Plain(
            classifier.eval().requires_grad_(False), ("x_t", "t"),
            lambda batch, side, source: tuple(noisy(batch, seen.inputs, side, source)),
            seen.image_size,
        )  # fmt: skip
    model = unet_of(checkpoint.expect(METHOD, DIFFUSION).card.config, name)
    load_into(model, checkpoint.tensors, name)
    config = model.config

    def draw(batch: int, side: int, source: torch.Generator) -> tuple[Tensor, ...]:
        label = torch.randint(config.classes, (batch,), generator=source)
        return (*noisy(batch, config.inputs, side, source), label)

    side = card.preprocessing.get("size")
    usual = side if isinstance(side, int) and side % config.divisor == 0 and side > 0 else SIDE
    plain = model.eval().requires_grad_(False)
    return Plain(plain, ("x_t", "t", "label"), draw, usual, config.divisor)
