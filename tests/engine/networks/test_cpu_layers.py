"""Dropout of our own on a CPU against torch's rules."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from engine.networks.cpu_layers import conv_of_dropped

LAYOUTS = (torch.contiguous_format, torch.channels_last)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_stays_is_enlarged_and_what_goes_gets_no_gradient(
    layout: torch.memory_format,
) -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 3, 40, 50).add(1).to(memory_format=layout).requires_grad_()
    same = nn.Conv2d(3, 3, 1, bias=False)
    with torch.no_grad():
        same.weight.copy_(torch.eye(3)[:, :, None, None])
    out = conv_of_dropped(x, same, 0.3, True)
    gone = out == 0
    assert gone.float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert torch.allclose(out[~gone], x[~gone] / 0.7)
    out.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad == 0, gone)
    assert torch.allclose(x.grad[~gone], torch.tensor(1 / 0.7))
    places = gone.float().mean(dim=(0, 1))
    assert places.std() > 0.1, "each place is drawn by itself"


def test_the_convolution_learns_as_behind_torchs_dropout() -> None:
    torch.manual_seed(0)
    conv, copier = nn.Conv2d(4, 5, 3, padding=1), _copier(4)
    x = torch.randn(2, 4, 9, 8)
    torch.manual_seed(1)
    out = conv_of_dropped(x, conv, 0.5, True)
    mine = torch.autograd.grad(out.square().sum(), [conv.weight, conv.bias])
    torch.manual_seed(1)
    kept = conv_of_dropped(x, copier, 0.5, True)
    theirs = torch.autograd.grad(conv(kept).square().sum(), [conv.weight, conv.bias])
    for one, other in zip(mine, theirs, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def _copier(channels: int) -> nn.Conv2d:
    """A convolution that changes nothing, so that the dropped features can be seen."""
    conv = nn.Conv2d(channels, channels, 1, bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.eye(channels)[:, :, None, None])
    return conv.requires_grad_(False)


@pytest.mark.parametrize(("p", "training"), [(0.5, False), (0.0, True)])
def test_nothing_is_dropped_in_use_or_without_a_share(p: float, training: bool) -> None:
    conv, x = nn.Conv2d(2, 2, 3), torch.randn(1, 2, 6, 6)
    assert torch.equal(conv_of_dropped(x, conv, p, training), conv(x))


def test_it_follows_torchs_seed() -> None:
    conv, x = nn.Conv2d(2, 2, 3), torch.randn(1, 2, 6, 6)
    found = []
    for _ in range(2):
        torch.manual_seed(7)
        found.append(conv_of_dropped(x, conv, 0.5, True))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], F.conv2d(x, conv.weight, conv.bias))
