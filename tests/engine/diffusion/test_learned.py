from __future__ import annotations

import math

import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.testing import assert_close

from engine.diffusion.learned import (
    Reverse,
    bound_terms,
    grey_log_likelihood,
    hybrid_loss,
    normal_divergence,
    reverse_step,
)
from engine.diffusion.process import q_posterior, q_sample
from engine.diffusion.schedules import make_schedule

T = 50
SCHEDULE = make_schedule("linear", T, beta_start=1e-3, beta_end=0.2)


def draw(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("t", [1, 20, T - 1])
def test_mean_and_variance_are_those_of_diffusers(t: int) -> None:
    x_t, output = (
        draw(2, 1, 4, 4),
        torch.cat([draw(2, 1, 4, 4, seed=1), draw(2, 1, 4, 4, seed=2)], 1),
    )
    found = reverse_step(SCHEDULE, output, x_t, torch.full((2,), t))
    theirs = DDPMScheduler(
        T, trained_betas=SCHEDULE.betas.tolist(), variance_type="learned_range", clip_sample=True
    )
    theirs.alphas_cumprod, theirs.one = SCHEDULE.alpha_bar, torch.tensor(1.0, dtype=torch.float64)
    log_variance = theirs._get_variance(t, predicted_variance=output[:, 1:])
    assert_close(found.log_variance, log_variance, atol=1e-6, rtol=1e-6)
    generator = torch.Generator().manual_seed(7)
    moved = theirs.step(output, t, x_t, generator=generator)
    z = torch.randn(x_t.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    assert_close(found.x0, moved.pred_original_sample, atol=1e-6, rtol=1e-6)
    expected = moved.prev_sample - torch.exp(0.5 * log_variance) * z
    assert_close(found.mean, expected, atol=1e-6, rtol=1e-6)


def test_the_range_begins_and_ends_at_the_bounds() -> None:
    x_t, t = torch.zeros(2, 1, 2, 2, dtype=torch.float64), torch.tensor([0, 30])
    for v, bound in ((-1.0, SCHEDULE.posterior_variance), (1.0, SCHEDULE.betas)):
        output = torch.cat([x_t, torch.full_like(x_t, v)], dim=1)
        found = reverse_step(SCHEDULE, output, x_t, t).log_variance.exp()
        # At t = 0 the posterior has none; that of t = 1 stands in for it.
        wanted = bound[torch.tensor([1 if v < 0 else 0, 30])]
        assert_close(found[:, 0, 0, 0], wanted)


def test_divergence_of_two_normals() -> None:
    parts = [draw(3, 5, seed=seed) for seed in range(4)]
    one, other = (Normal(m, torch.exp(0.5 * s)) for m, s in (parts[:2], parts[2:]))
    assert_close(normal_divergence(*parts), kl_divergence(one, other))


@pytest.mark.parametrize("mean", [-1.0, -0.3, 0.999])
@pytest.mark.parametrize("sigma", [0.01, 0.3])
def test_all_grey_values_together_are_certain(mean: float, sigma: float) -> None:
    values = torch.linspace(-1, 1, 256, dtype=torch.float64)
    chances = grey_log_likelihood(
        values, torch.full_like(values, mean), torch.full_like(values, 2 * math.log(sigma))
    ).exp()
    assert chances.sum().item() == pytest.approx(1.0, abs=1e-6)
    assert values[chances.argmax()].item() == pytest.approx(mean, abs=1 / 255 + 1e-9)


def test_terms_of_the_bound() -> None:
    x0 = draw(3, 1, 4, 4).clamp(-1, 1)
    t = torch.tensor([0, 1, 40])
    x_t = q_sample(SCHEDULE, x0, t, draw(3, 1, 4, 4, seed=1))
    mean, _, log_variance = q_posterior(SCHEDULE, x0, x_t, t)
    exact = Reverse(mean, log_variance.expand_as(mean), x0)
    terms = bound_terms(SCHEDULE, x0, x_t, t, exact)
    assert_close(terms[1:], torch.zeros(2, dtype=torch.float64))
    wider = Reverse(mean, exact.log_variance + 1.0, x0)
    loss = bound_terms(SCHEDULE, x0, x_t, t, wider)
    assert_close(loss[1:], torch.full((2,), 0.5 * math.exp(-1) / math.log(2), dtype=torch.float64))
    sure = Reverse(x0, torch.full_like(x0, -20.0), x0)
    assert bound_terms(SCHEDULE, x0, x_t, t, sure)[0].item() == pytest.approx(0, abs=1e-6)


def test_the_bound_teaches_the_variance_alone() -> None:
    x0, eps = draw(2, 1, 4, 4).clamp(-1, 1).float(), draw(2, 1, 4, 4, seed=1).float()
    t = torch.tensor([3, 30])
    x_t = q_sample(SCHEDULE, x0, t, eps)
    output = torch.cat([eps + 0.5, torch.zeros_like(eps)], dim=1).requires_grad_()
    simple, bound = hybrid_loss(SCHEDULE, output, x0, x_t, t, eps)
    assert_close(simple, torch.full((2,), 0.25))
    (slope,) = torch.autograd.grad(bound.sum(), output, retain_graph=True)
    assert not slope[:, 0].any()
    assert slope[:, 1].any()
    (slope,) = torch.autograd.grad(simple.sum(), output)
    assert slope[:, 0].any()
    assert not slope[:, 1].any()


def test_the_bounds_weight_grows_with_the_timesteps() -> None:
    x0, eps, t = draw(1, 1, 4, 4).clamp(-1, 1), draw(1, 1, 4, 4, seed=1), torch.tensor([10])
    x_t = q_sample(SCHEDULE, x0, t, eps)
    output = torch.cat([eps, torch.ones_like(eps)], dim=1)
    found = reverse_step(SCHEDULE, output, x_t, t, clip=False)
    term = bound_terms(SCHEDULE, x0, x_t, t, found)
    _, bound = hybrid_loss(SCHEDULE, output.float(), x0.float(), x_t.float(), t, eps.float())
    assert_close(bound.double(), term * T / 1000, atol=1e-5, rtol=1e-4)
