"""MIDiffusion's network for other programs."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.library.exported import Plain
from engine.methods.midiffusion.looks import Framing
from engine.methods.midiffusion.networks import METHOD, ROLE, network_of
from engine.training.checkpoint import Checkpoint, load_into


def plain_of(checkpoint: Checkpoint) -> Plain:
    """x_t, with the maps of mutual information where it takes them, and t -> the noise."""
    card, name = checkpoint.card, checkpoint.path.name
    model = network_of(checkpoint.expect(METHOD, ROLE).card.config, name)
    load_into(model, checkpoint.tensors, name)
    config, steps = model.config, int(card.process.get("timesteps", 1000))

    def draw(batch: int, side: int, source: torch.Generator) -> tuple[Tensor, ...]:
        x_t = torch.randn(batch, config.inputs, side, side, generator=source)
        return x_t, torch.randint(steps, (batch,), generator=source)

    side = Framing.from_card(card.preprocessing).size
    usual = -(-side // config.divisor) * config.divisor
    return Plain(model.eval().requires_grad_(False), ("x_t", "t"), draw, usual, config.divisor)
