from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from engine.diffusion.guidance import classifier_guide, guided_noise
from engine.diffusion.noise import FixedNoise
from engine.diffusion.samplers import ddim
from engine.diffusion.schedules import make_schedule

SCHEDULE = make_schedule("linear", 100, beta_start=1e-3, beta_end=0.1)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def linear(x: Tensor, t: Tensor) -> Tensor:
    """Two logits: 0, and the sum over the image."""
    total = x.flatten(1).sum(dim=1)
    return torch.stack([torch.zeros_like(total), total], dim=1)


@pytest.mark.parametrize("inference", [True, False])
def test_the_gradient_of_a_linear_classifier(inference: bool) -> None:
    labels = torch.tensor([1, 0])
    guide = classifier_guide(linear, labels, 3.0)
    x, t = normal(2, 1, 3, 3), torch.tensor([5, 5])
    with torch.inference_mode(inference):
        slope = guide(x + 0.0, t)
    chance = linear(x, t).softmax(dim=1).gather(1, labels[:, None])[:, 0]
    sign = torch.tensor([1.0, -1.0])
    expected = (3.0 * sign * (1 - chance))[:, None, None, None].expand_as(x)
    assert_close(slope, expected, atol=1e-5, rtol=1e-4)


def test_nothing_is_kept_in_the_weights() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(9, 2)).requires_grad_(False)
    guide = classifier_guide(lambda x, t: network(x), torch.tensor([1]), 1.0)
    slope = guide(normal(1, 1, 3, 3), torch.tensor([0]))
    assert slope.grad_fn is None
    assert not slope.requires_grad
    assert all(p.grad is None for p in network.parameters())


def test_the_score_is_that_of_image_and_label() -> None:
    """Of N(0, 1) pixels the score is -x; a label adds its own gradient (Bayes)."""
    x, slope, alpha_bar = normal(1, 1, 4, 4), normal(1, 1, 4, 4, seed=1), 0.3
    eps = x * (1 - alpha_bar) ** 0.5
    guided = guided_noise(eps, slope, alpha_bar)
    assert_close(-guided / (1 - alpha_bar) ** 0.5, -x + slope)


def test_steps_are_steered() -> None:
    x_T = normal(1, 1, 4, 4)

    def predict(x: Tensor, t: Tensor) -> Tensor:
        return 0.9 * x  # near that of N(0, 1) pixels

    def end(scale: float | None) -> Tensor:
        guide = None
        if scale is not None:
            guide = classifier_guide(linear, torch.tensor([1]), scale)
        *_, last = ddim(predict, SCHEDULE, x_T, FixedNoise([]), clip="x0", guide=guide)
        return last.x_t

    assert_close(end(0.0), end(None), atol=1e-5, rtol=1e-4)
    assert end(1.0).sum() > end(None).sum() + 0.5
