"""Convolutions with fewer multiplications: the same numbers, and only where they pay."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from engine.networks.convolution import Conv3, conv3, fewer_products
from engine.networks.guided_unet import GuidedConfig, GuidedUNet, lay_out

AVAILABLE = torch._nnpack_available()
"""Where torch has no NNPACK, the usual way is taken, with the same numbers."""


@pytest.fixture(autouse=True)
def vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU where it pays, whichever this one is."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")


def maps(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(1, 64, 48, 48), (2, 65, 49, 51)])
def test_the_same_numbers(shape: tuple[int, ...]) -> None:
    x = maps(*shape)
    weight = maps(66, shape[1], 3, 3) / 24
    bias = maps(66)
    with torch.inference_mode():
        assert fewer_products(x, weight) is AVAILABLE
        found = conv3(x, weight, bias)
        again = conv3(x, weight, bias)
        first = conv3(x[:1], weight, bias)
    wanted = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)

    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() < 5e-5 * wanted.abs().max()
    assert torch.equal(found, again)
    assert torch.equal(found[:1], first)


def test_where_it_does_not_pay_it_is_not_taken() -> None:
    x, weight = maps(1, 64, 48, 48), maps(64, 64, 3, 3)
    assert not fewer_products(x, weight)  # a gradient is wanted
    with torch.no_grad():
        assert fewer_products(x, weight) is AVAILABLE
        assert not fewer_products(x[:, :, :47], weight)
        assert not fewer_products(x[:, :63], weight[:, :63])
        assert not fewer_products(x, weight[:63])
        assert not fewer_products(x.double(), weight.double())
        assert not fewer_products(x.bfloat16(), weight.bfloat16())
        assert not fewer_products(x.to("meta"), weight.to("meta"))
        assert not fewer_products(x.contiguous(memory_format=torch.channels_last), weight)


def test_a_layer_learns_and_keeps_its_names() -> None:
    layer, plain = Conv3(3, 5), torch.nn.Conv2d(3, 5, 3, padding=1)
    plain.load_state_dict(layer.state_dict())
    x = maps(2, 3, 8, 8)
    layer(x).square().sum().backward()
    plain(x).square().sum().backward()
    assert layer.weight.grad is not None
    assert torch.equal(layer.weight.grad, plain.weight.grad)


def test_networks_with_many_features_lie_channels_first() -> None:
    for width, first in ((32, False), (64, True)):
        config = GuidedConfig(width=width, multipliers=(1, 1), blocks=1, attention=())
        model = GuidedUNet(config).eval().requires_grad_(False)
        x, t = maps(2, 1, 48, 48), torch.tensor([3, 500])
        with torch.inference_mode():
            plain = model(x, t, torch.tensor([0, 1]))
            lay_out(model)
            assert model.middle_in.conv_in.weight.is_contiguous() is (first and AVAILABLE)
            assert torch.allclose(model(x, t, torch.tensor([0, 1])), plain, atol=1e-5)


def test_longer_vectors_do_all_products_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    x, weight = maps(1, 64, 48, 48), maps(64, 64, 3, 3)
    with torch.no_grad():
        assert not fewer_products(x, weight)
    model = GuidedUNet(GuidedConfig(width=64, multipliers=(1,), blocks=1, attention=()))
    lay_out(model)
    assert model.middle_in.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
