"""cDAL's generator for other programs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.errors import CheckpointError
from engine.library.exported import Plain
from engine.methods.cdal.networks import METHOD, generator_of
from engine.networks.ncsnpp import NCSNpp
from engine.training.checkpoint import Checkpoint, load_into


class PlainGenerator(nn.Module):
    """x_t, t, z and the image -> x0_hat, the image encoded at every call."""

    def __init__(self, model: NCSNpp) -> None:
        super().__init__()
        self.model = model

    def forward(self, x_t: Tensor, t: Tensor, z: Tensor, image: Tensor) -> Tensor:
        return self.model(x_t, t, z, image=image)


def plain_of(checkpoint: Checkpoint) -> Plain:
    """The generator.

    Raises:
        CheckpointError: it is a discriminator.
    """
    card, name = checkpoint.card, checkpoint.path.name
    if card.role == "discriminator":
        raise CheckpointError(
            f"{name} is a discriminator, which only teaches: on its own it makes nothing.",
            "Export the generator that it has taught.",
        )
    model = generator_of(checkpoint.expect(METHOD, "generator").card.config, name)
    load_into(model, checkpoint.tensors, name)
    config, steps = model.config, int(card.process.get("timesteps", 2))

    def draw(batch: int, side: int, source: torch.Generator) -> tuple[Tensor, ...]:
        x_t = torch.randn(batch, config.labels, side, side, generator=source)
        t = torch.randint(steps, (batch,), generator=source)
        z = torch.randn(batch, config.latent, generator=source)
        image = torch.rand(batch, config.image_channels, side, side, generator=source) * 2 - 1
        return x_t, t, z, image

    plain = PlainGenerator(model).eval().requires_grad_(False)
    names = ("x_t", "t", "z", "image")
    return Plain(plain, names, draw, config.image_size, config.divisor)
