from __future__ import annotations

import torch

from engine.networks.random_features import FEATURES, RandomFeatures


def test_the_same_features_wherever_they_are_made() -> None:
    image = torch.rand(2, 1, 33, 20, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(5)
    one = RandomFeatures()(image)
    torch.manual_seed(6)
    assert torch.equal(RandomFeatures()(image), one)
    assert one.shape == (2, FEATURES)
    assert not list(RandomFeatures().parameters())


def test_they_see_texture_and_not_brightness_alone() -> None:
    model = RandomFeatures()
    rows = torch.arange(32) % 2
    stripes = rows.float().expand(1, 1, 32, 32)
    flat = torch.full((1, 1, 32, 32), 0.5)
    inner = slice(3, 16)
    assert (model(stripes) - model(flat)).abs().max() > 0.1
    moved = model(stripes.roll(2, dims=3))
    torch.testing.assert_close(moved[:, inner], model(stripes)[:, inner], atol=0.05, rtol=0.1)
