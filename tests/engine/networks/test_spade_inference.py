from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from engine.networks import spade_inference
from engine.networks.spade_inference import CpuSpadeUNet
from engine.networks.spade_unet import SpadeUNet
from tests.engine.networks.test_neighbourhoods import MASKS, network, vessel


def trained() -> SpadeUNet:
    """Norms with statistics and weights of their own, as training leaves them."""
    model, g = network(), torch.Generator().manual_seed(5)
    for norm in model.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for value in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                assert value is not None
                value.data = 0.5 + torch.rand(value.shape, generator=g)
    return model.eval()


def states(batch: int, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    return torch.randn(batch, *mask.shape[1:], generator=g), 7 + torch.arange(batch) * 100


@pytest.mark.parametrize("block_values", [100, 2**18])
@pytest.mark.parametrize("name", [n for n, m in MASKS.items() if min(m.shape[-2:]) > 4])
@torch.no_grad()
def test_same_numbers_as_the_network(
    name: str, block_values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spade_inference, "BLOCK_VALUES", block_values)
    model, mask = trained(), MASKS[name]
    fast = CpuSpadeUNet(model)
    x, t = states(len(mask), mask)
    assert_close(fast(x, t, fast.modulation(mask)), model(x, t, mask), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_one_mask_serves_a_batch_and_grey_is_convolved() -> None:
    model = trained()
    fast = CpuSpadeUNet(model)
    grey = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(2))
    for mask in (vessel(32, 32), grey, grey.expand(3, -1, -1, -1)):
        x, t = states(3, mask)
        assert_close(fast(x, t, fast.modulation(mask)), model(x, t, mask), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_network_that_it_was_made_of_is_not_changed() -> None:
    model = trained()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    fast = CpuSpadeUNet(model)
    x, t = states(1, vessel(32, 32))
    kept = x.clone()
    fast(x, t, fast.modulation(vessel(32, 32)))
    assert torch.equal(x, kept)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
