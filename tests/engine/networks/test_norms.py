"""Statistics of batch norm for use."""

from __future__ import annotations

import torch
from torch import nn

from engine.networks.level_unet import ConvBlock
from engine.networks.norms import measuring_norms


def block() -> ConvBlock:
    torch.manual_seed(0)
    return ConvBlock(1, 4, 0.5)


def apart(made: ConvBlock, images: torch.Tensor) -> float:
    """How far the spread of what the last norm gives is from 1, in use."""
    seen: list[torch.Tensor] = []
    handle = made.norm_out.register_forward_hook(lambda *given: seen.append(given[2].clone()))
    with torch.no_grad():
        made.eval()(images)
    handle.remove()
    scale, shift = made.norm_out.weight, made.norm_out.bias
    plain = (seen[0] - shift[:, None, None]) / scale[:, None, None]
    return float((plain.detach().std(dim=(0, 2, 3)) - 1).abs().max())


def test_dropout_spoils_running_averages_but_not_those_that_are_measured() -> None:
    made, images = block(), torch.rand(8, 1, 16, 16)
    with torch.no_grad():
        for _ in range(60):
            made.train()(images)
    assert apart(made, images) > 0.1
    with torch.no_grad(), measuring_norms(made):
        for part in images.split(4):
            made(part)
    assert apart(made, images) < 0.02
    assert not made.training
    assert made.norm_out.momentum == 0.1


def test_without_a_pass_nothing_changes() -> None:
    made = block()
    with torch.no_grad():
        made.train()(torch.rand(4, 1, 8, 8))
    before = {name: value.clone() for name, value in made.state_dict().items()}
    with measuring_norms(made, nn.Conv2d(1, 1, 1)):
        pass
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
