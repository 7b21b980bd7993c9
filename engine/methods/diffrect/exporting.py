"""DiffRect's segmenter for other programs."""

from __future__ import annotations

from collections.abc import Generator

import torch

from engine import library
from engine.device import Context
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.diffrect.networks import METHOD, RECTIFIER, SEGMENTER, segmenter_of
from engine.methods.diffrect.recipe import Recipe
from engine.results import FileResult
from engine.steps import Step
from engine.training.checkpoint import Checkpoint, load_into
from engine.training.export_params import ExportParams
from engine.training.exporting import Plain, export


def export_weights(job: Job, context: Context) -> Generator[Step, None, FileResult]:
    """See `engine.training.exporting.export`."""
    del context  # on the CPU, where it can be compared
    params = job.params
    assert isinstance(params, ExportParams)
    return (yield from export(job, library.find(params.checkpoint), plain_of))


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
