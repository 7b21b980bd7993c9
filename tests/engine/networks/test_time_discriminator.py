from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from benchmarks.cdal_plain import plain_layers
from engine.networks.time_discriminator import (
    DiscriminatorConfig,
    DiscriminatorSize,
    TimeDiscriminator,
    spread,
)


def discriminator(size: DiscriminatorSize = "small", labels: int = 1) -> TimeDiscriminator:
    torch.manual_seed(0)
    return TimeDiscriminator(DiscriminatorConfig(size, labels, 4, 8))


@pytest.mark.parametrize(("size", "side", "labels"), [("large", 64, 1), ("small", 16, 3)])
def test_shapes_and_the_straightforward_form(
    size: DiscriminatorSize, side: int, labels: int
) -> None:
    model = discriminator(size, labels)
    pair = torch.randn(4, labels, side, side), torch.tensor([0, 1, 0, 1]), torch.randn(
        4, labels, side, side
    )  # fmt: skip
    score = model(*pair)
    assert score.shape == (4, 1)
    with plain_layers():
        assert_close(model(*pair), score, atol=1e-6, rtol=1e-4)
    for scale in (0, 2, 3):
        attention = model.attention(*pair, scale)
        assert attention.shape == (4, 1, side, side)
        whole = model.features(*pair)[scale].mean(dim=1, keepdim=True)
        same = nn.functional.interpolate(whole, size=(side, side), mode="bilinear")
        assert_close(attention, same)


@pytest.mark.parametrize("batch", [1, 3, 5, 6, 8])
def test_any_batch_has_a_spread(batch: int) -> None:
    x = torch.randn(batch, 1, 16, 16)
    assert discriminator()(x, torch.zeros(batch, dtype=torch.long), x).isfinite().all()


def test_the_spread_is_that_of_groups_of_four() -> None:
    h = torch.randn(8, 3, 2, 5)
    found = spread(h)
    assert found.shape == (8, 1, 2, 5)
    for i in range(8):
        group = h[i % 2 :: 2]  # as published, members of a group lie two apart
        wanted = group.std(dim=0, unbiased=False).mean()
        assert_close(found[i], wanted.expand(1, 2, 5), atol=1e-5, rtol=1e-4)


def test_convolutions_start_narrow() -> None:
    weights = torch.cat(
        [m.weight.flatten() for m in discriminator("large").modules() if isinstance(m, nn.Conv2d)]
    )
    assert weights.std().item() == pytest.approx(0.02, rel=0.05)
