"""Whether several processes can train what one would, each on its part of every batch."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from engine.errors import InputError
from engine.training.stage import Adversarial, Remembering, TakingTurns, Trainable

REMEDY = "Train it in one process, without `accelerate launch`."


def check_shared(trainable: Trainable, batch: int, processes: int) -> None:
    """A batch that is shared must give the loss of the whole one.

    It does where a sample's loss depends on that sample alone. Dropout is drawn by each process
    for itself.

    Raises:
        InputError: it would not, or it was never shown that it does; says why.
    """
    if processes == 1:
        return
    if batch % processes:
        raise InputError(
            f"A batch of {batch} cannot be shared by {processes} processes.",
            f"Choose a batch that {processes} divides.",
        )
    if isinstance(trainable, Adversarial | TakingTurns):
        raise InputError(
            f"{processes} processes cannot share this training: two networks take turns in it.",
            REMEDY,
        )
    if normalises_batches(trainable.model):
        raise InputError(
            f"{processes} processes cannot share this training: its network normalises over the "
            "batch, of which each would see another part.",
            REMEDY,
        )
    if isinstance(trainable, Remembering) and trainable.memory():
        raise InputError(
            f"{processes} processes cannot share this training: it remembers its losses, of which "
            "each would know a part.",
            REMEDY,
        )


def normalises_batches(network: nn.Module) -> bool:
    """Whether what it makes of a sample in training depends on the others."""
    return any(isinstance(module, _BatchNorm) for module in network.modules())
