"""The rectifier's parts; its numbers are held to the published ones in tests/golden."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.networks.label_rectifier import LabelRectifier, RectifierConfig

TINY = RectifierConfig(1, 3, (2, 4, 8, 16, 32), (0.0,) * 5, (32, 48, 64))


@pytest.fixture
def model() -> LabelRectifier:
    torch.manual_seed(0)
    return LabelRectifier(TINY)


def codes(count: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    image, coarse, better = (torch.rand(count, c, 64, 64) for c in (1, 3, 3))
    return image, coarse, better, torch.full((count,), 300.0)


def test_a_pass_of_training(model: LabelRectifier) -> None:
    image, coarse, better, t = codes()
    seen: list[Tensor] = []

    def noised(start: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(start)
        return start + 1, torch.zeros(2, dtype=torch.long)

    found = model(image, coarse, better, t, noised)
    assert found.logits.shape == (2, 3, 64, 64)
    assert found.start.shape == found.clean.shape == (2, 32, 4, 4)
    assert seen[0] is found.start
    assert not found.start.requires_grad, "the better label's bottleneck is the target"
    (found.clean - found.start).square().mean().backward()
    for part in (model.encoder, model.embedder, model.denoiser):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())
    assert all(p.grad is None for p in model.decoder.parameters())


def test_the_bottleneck_is_replaced(model: LabelRectifier) -> None:
    model.eval()
    image, coarse, _, t = codes()
    encoded = model.encode(image, coarse, t)
    own = model.decode(encoded, encoded.features[-1])
    other = model.decode(encoded, encoded.features[-1] + 5)
    assert not torch.allclose(own, other)
    assert len(encoded.features) == len(encoded.of_image) == 5


def test_the_condition_tells_the_denoiser_of_the_coarse_label(model: LabelRectifier) -> None:
    model.eval()
    x, t = torch.randn(2, 32, 4, 4), torch.tensor([0, 5])
    one, other = (model.denoise(x, t, torch.full_like(x, value)) for value in (0.0, 1.0))
    assert one.shape == x.shape
    assert not torch.allclose(one, other)


def test_sides_it_can_halve() -> None:
    assert RectifierConfig().divisor == 64
