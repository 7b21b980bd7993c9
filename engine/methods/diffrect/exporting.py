"""DiffRect's segmenter for other programs."""

from __future__ import annotations

import torch

from engine.errors import CheckpointError
from engine.library.exported import Plain
from engine.methods.diffrect.networks import METHOD, RECTIFIER, SEGMENTER, segmenter_of
from engine.methods.diffrect.recipe import Recipe
from engine.training.checkpoint import Checkpoint, load_into


def plain_of(checkpoint: Checkpoint) -> Plain:
    """The segmenter: an image in [0, 1] -> logits.

    Raises:
        CheckpointError: it is a rectifier.
    """
    card, name = checkpoint.card, checkpoint.path.name
    if card.role == RECTIFIER:
        raise CheckpointError(
            f"{name} is a rectifier, which mends labels in training: on its own it makes nothing.",
            "Export the segmenter that was trained with it.",
        )
    model = segmenter_of(checkpoint.expect(METHOD, SEGMENTER).card.config, name)
    load_into(model, checkpoint.tensors, name)
    config = model.config
    return Plain(
        model.eval().requires_grad_(False), ("image",),
        lambda batch, side, source: (
            torch.rand(batch, config.inputs, side, side, generator=source),
        ),
        Recipe.from_card(card.preprocessing).side, config.divisor,
    )  # fmt: skip
