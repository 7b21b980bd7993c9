from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from engine.networks.residual_unet import ResidualUNet
from engine.networks.spade_unet import SinusoidalTime, SpadeUNet
from tests.engine.networks.test_neighbourhoods import network, vessel


def inputs(batch: int, side: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    return torch.randn(batch, 1, side, side, generator=g), torch.arange(batch) * 40


@torch.no_grad()
def test_an_image_does_not_depend_on_its_batch() -> None:
    model, (x, t), masks = network().eval(), inputs(3), vessel(32, 32, 3)
    together = model(x, t, masks)
    for i in range(3):
        one = slice(i, i + 1)
        assert_close(together[one], model(x[one], t[one], masks[one]), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_one_mask_serves_a_batch() -> None:
    model, (x, t), mask = network().eval(), inputs(3), vessel(32, 32)
    repeated = model(x, t, mask.expand(3, -1, -1, -1).clone())
    assert_close(model(x, t, mask), repeated, atol=1e-5, rtol=1e-5)
    assert_close(model(x, t, model.modulation(mask)), repeated, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_mask_and_time_both_matter() -> None:
    model, (x, t), mask = network().eval(), inputs(1), vessel(32, 32)
    base = model(x, t, mask)
    assert not torch.allclose(base, model(x, t, 1 - mask), atol=1e-3)
    assert not torch.allclose(base, model(x, t + 200, mask), atol=1e-3)


def test_published_size() -> None:
    assert sum(p.numel() for p in SpadeUNet().parameters()) == pytest.approx(8.1e6, rel=0.01)


def test_times_stay_apart_in_bfloat16() -> None:
    time = SinusoidalTime().to(torch.bfloat16)
    features = time(torch.tensor([256, 257]))
    assert features.dtype is torch.float32
    assert (features[0] - features[1]).abs().max() > 0.1


@torch.no_grad()
def test_segmenter_shapes_and_batch_independence() -> None:
    torch.manual_seed(0)
    model = ResidualUNet((4, 8, 8), inputs=2, classes=3).eval()
    x = torch.randn(2, 2, 40, 16, generator=torch.Generator().manual_seed(0))
    logits, latent = model.features(x)
    assert logits.shape == (2, 3, 40, 16)
    assert latent.shape == (2, 8, 5, 2)
    assert_close(model(x[1:]), logits[1:], atol=1e-5, rtol=1e-5)
    assert ResidualUNet(**model.config).config == model.config
