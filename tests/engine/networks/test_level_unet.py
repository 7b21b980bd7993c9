"""The U-Net of plain blocks; its numbers are held to the published ones in tests/golden."""

from __future__ import annotations

import pytest
import torch

from engine.networks.level_unet import (
    ConvBlock,
    Encoder,
    SegmenterConfig,
    SegmenterUNet,
    TimeEmbedding,
)

TINY = SegmenterConfig(1, 3, (2, 4, 8), (0.0, 0.1, 0.2))


@pytest.mark.parametrize("transposed", [False, True])
def test_shapes(transposed: bool) -> None:
    model = SegmenterUNet(SegmenterConfig(3, 5, (2, 4, 8), (0.0, 0.1, 0.2), transposed))
    assert model(torch.rand(2, 3, 16, 24)).shape == (2, 5, 16, 24)
    assert model.config.divisor == 4


def test_features_from_fine_to_coarse_with_something_added() -> None:
    torch.manual_seed(0)
    encoder = Encoder(1, (2, 4, 8), (0.0, 0.0, 0.0)).eval()
    image = torch.rand(1, 1, 16, 16)
    plain = encoder(image)
    assert [tuple(f.shape[1:]) for f in plain] == [(2, 16, 16), (4, 8, 8), (8, 4, 4)]
    added = [torch.ones_like(plain[0]), torch.zeros_like(plain[1]), torch.zeros_like(plain[2])]
    moved = encoder(image, added=added)
    assert torch.allclose(moved[0], plain[0] + 1)
    assert not torch.allclose(moved[2], plain[2]), "coarser levels see what was added"


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    model, image = SegmenterUNet(TINY), torch.rand(2, 1, 16, 16)
    model.train()
    assert not torch.equal(model(image), model(image))
    model.eval()
    assert torch.equal(model(image), model(image))


def test_time_moves_a_block_and_has_a_gradient() -> None:
    torch.manual_seed(0)
    block, embed = ConvBlock(1, 2, 0.0, 512), TimeEmbedding()
    x = torch.rand(2, 1, 8, 8)
    one, other = (block(x, embed(torch.full((2,), t))) for t in (0.0, 500.5))
    assert not torch.allclose(one, other)
    other.sum().backward()
    assert embed.first.weight.grad is not None
    assert embed(torch.zeros(3)).shape == (3, 512)


def test_it_learns_in_either_layout() -> None:
    torch.manual_seed(0)
    gradients = []
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        model = SegmenterUNet(SegmenterConfig(1, 3, (2, 4, 8), (0.0, 0.0, 0.0)))
        model.to(memory_format=layout)
        image = torch.linspace(0, 1, 2 * 16 * 16).reshape(2, 1, 16, 16).to(memory_format=layout)
        model(image).square().mean().backward()
        gradients.append([p.grad for p in model.parameters()])
    for one, other in zip(*gradients, strict=True):
        assert one is not None
        assert other is not None
        assert torch.allclose(one, other, atol=1e-5)
