from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from benchmarks.cdal_plain import plain_layers
from engine.networks.ncsnpp import GeneratorConfig, NCSNpp, channels_last
from engine.networks.ncsnpp_blocks import groups_of
from tests.helpers.cdal_models import TINY


def stirred(config: GeneratorConfig) -> NCSNpp:
    """A network whose branches all contribute."""
    torch.manual_seed(0)
    model = NCSNpp(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def inputs(config: GeneratorConfig, batch: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    side = config.image_size
    return (
        torch.randn(batch, config.labels, side, side), torch.arange(batch) % 2,
        torch.randn(batch, config.latent), torch.randn(batch, config.image_channels, side, side),
    )  # fmt: skip


CONFIGS = {
    "grey": TINY,
    "colour, several classes": replace(TINY, image_channels=3, labels=3, blocks=2),
    "three levels": replace(TINY, multipliers=(1, 2, 3), attention=(16, 4), encoder_layers=0),
}


@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_the_straightforward_form_gives_the_same(name: str) -> None:
    model = stirred(CONFIGS[name])
    x, t, z, image = inputs(model.config)
    with plain_layers():
        expected = model(x, t, z, image=image)
    assert expected.shape == x.shape
    assert expected.abs().max() < 1
    assert_close(model(x, t, z, model.encode(image)), expected, atol=1e-5, rtol=1e-4)
    channels_last(model)
    assert_close(model(x, t, z, model.encode(image)), expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_images_of_a_batch_are_apart_and_features_are_shared() -> None:
    model = stirred(TINY)
    x, t, z, image = inputs(TINY, 3)
    whole = model(x, t, z, image=image)
    for i in range(3):
        part = slice(i, i + 1)
        assert_close(model(x[part], t[part], z[part], image=image[part]), whole[part])
    shared = model(x, t, z, model.encode(image[:1]))
    assert_close(shared, model(x, t, z, image=image[:1].expand_as(image)))


@torch.no_grad()
@pytest.mark.parametrize("which", ["x", "t", "z", "image"])
def test_everything_matters(which: str) -> None:
    model = stirred(TINY)
    given = dict(zip(("x", "t", "z", "image"), inputs(TINY), strict=True))
    before = model(given["x"], given["t"], given["z"], image=given["image"])
    given[which] = given[which] + 1
    after = model(given["x"], given["t"], given["z"], image=given["image"])
    assert (before - after).abs().max() > 1e-4


def test_every_parameter_gets_a_gradient_in_either_mode() -> None:
    model = stirred(TINY)
    x, t, z, image = inputs(TINY)
    model(x, t, z, image=image).square().sum().backward()
    without = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not without
    with torch.no_grad():
        eager = model(x, t, z, image=image)
    assert_close(model(x, t, z, image=image).detach(), eager)


@pytest.mark.parametrize(
    ("config", "millions"),
    [
        (GeneratorConfig(), 8.8),
        (
            GeneratorConfig(
                image_channels=3, width=64, multipliers=(1, 1, 1, 2, 2, 4, 4), blocks=2,
                attention=(16, 8),
            ),
            41.7,
        ),
    ],
)  # fmt: skip
def test_published_sizes(config: GeneratorConfig, millions: float) -> None:
    with torch.device("meta"):
        count = sum(p.numel() for p in NCSNpp(config).parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.05)


def test_groups_divide_the_channels() -> None:
    assert [groups_of(c) for c in (32, 64, 96, 128, 256, 384)] == [8, 16, 24, 32, 32, 32]
    assert all(c % groups_of(c) == 0 for c in range(1, 300))


def test_weights_start_as_published() -> None:
    torch.manual_seed(0)
    model = NCSNpp(TINY)
    x, t, z, image = inputs(TINY)
    assert model(x, t, z, image=image).abs().max() < 1e-3, "the head begins near zero"
    block = model.middle_in
    assert isinstance(block.norm_in.style, nn.Linear)
    bias = block.norm_in.style.bias
    assert bias.tolist() == [1.0] * (len(bias) // 2) + [0.0] * (len(bias) // 2)
