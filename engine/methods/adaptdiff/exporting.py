"""AdaptDiff's networks for other programs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.library.exported import Plain
from engine.methods.adaptdiff.networks import METHOD, segmenter_of, unet_of
from engine.networks.spade_unet import SpadeUNet
from engine.training.checkpoint import Checkpoint, load_into

SIDE = 64
"""Of the random inputs; both networks see images of any size."""


class PlainSpade(nn.Module):
    """x_t, t and the mask -> eps, with the mask convolved at every pixel."""

    def __init__(self, model: SpadeUNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, x_t: Tensor, t: Tensor, mask: Tensor) -> Tensor:
        return self.model(x_t, t, self.model.modulation(mask, plain=True))


def plain_of(checkpoint: Checkpoint) -> Plain:
    """The noise predictor, or the segmenter."""
    card, name = checkpoint.card, checkpoint.path.name
    if card.role == "segmenter":
        segmenter = segmenter_of(checkpoint.expect(METHOD, "segmenter").card)
        load_into(segmenter, checkpoint.tensors, name)
        inputs = int(card.config["inputs"])
        return Plain(
            segmenter.eval().requires_grad_(False), ("image",),
            lambda batch, side, source: (
                torch.rand(batch, inputs, side, side, generator=source),
            ),
            SIDE, segmenter.divisor,
        )  # fmt: skip
    model = unet_of(checkpoint.expect(METHOD, "diffusion").card, name)
    load_into(model, checkpoint.tensors, name)
    steps = int(card.process["timesteps"])

    def draw(batch: int, side: int, source: torch.Generator) -> tuple[Tensor, ...]:
        x_t = torch.randn(batch, 1, side, side, generator=source)
        t = torch.randint(steps, (batch,), generator=source)
        mask = (torch.rand(batch, 1, side, side, generator=source) < 0.2).float()
        return x_t, t, mask

    plain = PlainSpade(model).eval().requires_grad_(False)
    return Plain(plain, ("x_t", "t", "mask"), draw, SIDE, model.divisor)
