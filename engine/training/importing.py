"""Published weights as a checkpoint: what the methods' imports share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path

from torch import Tensor

from engine.errors import CheckpointError
from engine.jobs import Job
from engine.results import FileResult
from engine.steps import NoteStep, Step
from engine.training.checkpoint import Card, check_checkpoint_path, read_card, save_checkpoint
from engine.training.foreign import read_foreign_weights

Convert = Callable[[Mapping[str, Tensor], str], tuple[dict[str, Tensor], Card]]
"""From published parameters and the file's name to parameters under our names and a card; strict:
every one of them has its place, and every place is taken."""


def import_as(job: Job, title: str, convert: Convert) -> Generator[Step, None, FileResult]:
    """Inputs: weights (published file), output (.safetensors).

    Args:
        title: For the card; the file's name where it is empty.
        convert: Of the method.

    Raises:
        CheckpointError: damaged, holds code, none of the method's networks, or a checkpoint of
            ours already.
        InputError: the output has another ending.
        DiskError: the output cannot be written.
    """
    source, output = job.path("weights"), job.path("output")
    check_checkpoint_path(output)
    if source.suffix == ".safetensors":
        _refuse_own(source)
    yield NoteStep(f"Reading {source.name} without running anything in it.")
    tensors, card = convert(read_foreign_weights(source), source.name)
    card.title = title or source.stem
    save_checkpoint(output, tensors, card)
    summary = f"{len(tensors)} parameters of a {card.role} imported into {output.name}."
    return FileResult(output, summary, {"role": card.role, "parameters": len(tensors)})


def _refuse_own(source: Path) -> None:
    """Raises CheckpointError for a checkpoint that has a card already."""
    try:
        card = read_card(source)
    except CheckpointError:
        return  # it may be published weights in this format
    raise CheckpointError(
        f"{source.name} needs no import: it is a {card.role} of {card.method} already.",
        "Give it as the checkpoint, or copy it into the folder of models.",
    )
