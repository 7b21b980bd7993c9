from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from engine.diffusion import process
from engine.diffusion.schedules import make_schedule

SCHEDULE = make_schedule("linear", 50, beta_start=1e-3, beta_end=0.2)


def batch(*shape: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    x, noise = (torch.randn(shape, generator=g, dtype=torch.float64) for _ in range(2))
    return x, noise, torch.randint(0, 50, (shape[0],), generator=g)


def test_q_sample_has_the_right_mean_and_variance() -> None:
    x0 = torch.full((1, 1, 200, 200), 0.7, dtype=torch.float64)
    _, noise, _ = batch(1, 1, 200, 200)
    a = float(SCHEDULE.alpha_bar[20])
    x_t = process.q_sample(SCHEDULE, x0, torch.tensor([20]), noise)
    assert float(x_t.mean()) == pytest.approx(0.7 * a**0.5, abs=0.02)
    assert float(x_t.var()) == pytest.approx(1 - a, rel=0.03)


def test_single_steps_add_up_to_q_sample() -> None:
    """Walking the chain keeps signal and noise variance where the closed form puts them."""
    signal = torch.ones(1, 1)
    variance = torch.zeros(1, 1)
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    for t in range(31):
        step = torch.tensor([t])
        signal = process.q_step(SCHEDULE, signal, step, zero)
        gain = process.q_step(SCHEDULE, one, step, zero)
        variance = gain**2 * variance + process.q_step(SCHEDULE, zero, step, one) ** 2
    at_30 = torch.tensor([30])
    assert_close(signal, process.q_sample(SCHEDULE, one, at_30, zero))
    assert_close(variance, process.q_sample(SCHEDULE, zero, at_30, one) ** 2)


@pytest.mark.parametrize("t", [1, 7, 49])
def test_posterior_is_bayes_rule(t: int) -> None:
    """q(x_{t-1} | x_t, x_0) from eq. 6-7 against prior times likelihood on a fine grid."""
    x0, x_t = 0.4, -0.9
    grid = torch.linspace(-12, 12, 400_001, dtype=torch.float64)
    a_prev, beta = float(SCHEDULE.alpha_bar[t - 1]), float(SCHEDULE.betas[t])
    log_prior = -((grid - a_prev**0.5 * x0) ** 2) / (2 * (1 - a_prev))
    log_likelihood = -((x_t - (1 - beta) ** 0.5 * grid) ** 2) / (2 * beta)
    weight = torch.softmax(log_prior + log_likelihood, dim=0)
    mean = float((weight * grid).sum())
    variance = float((weight * (grid - mean) ** 2).sum())

    ours = process.q_posterior(
        SCHEDULE,
        torch.tensor([[x0]], dtype=torch.float64),
        torch.tensor([[x_t]], dtype=torch.float64),
        torch.tensor([t]),
    )
    assert [float(o) for o in ours] == pytest.approx(
        [mean, variance, torch.tensor(variance).log().item()], rel=1e-5
    )


def test_posterior_at_zero_is_the_image_itself() -> None:
    x0, x_t, _ = batch(2, 1, 4, 4)
    mean, variance, log_variance = process.q_posterior(
        SCHEDULE, x0, x_t, torch.zeros(2, dtype=torch.long)
    )
    assert_close(mean, x0)
    assert variance.tolist() == [[[[0.0]]], [[[0.0]]]]
    assert bool(torch.isfinite(log_variance).all())


@pytest.mark.parametrize("shape", [(3, 5), (3, 2, 6, 5), (3, 1, 4, 3, 5)])
def test_conversions_undo_each_other_in_any_rank(shape: tuple[int, ...]) -> None:
    x0, eps, t = batch(*shape)
    x_t = process.q_sample(SCHEDULE, x0, t, eps)
    v = process.v_from(SCHEDULE, x0, t, eps)
    assert_close(process.x0_from_eps(SCHEDULE, x_t, t, eps), x0)
    assert_close(process.eps_from_x0(SCHEDULE, x_t, t, x0), eps)
    assert_close(process.x0_from_v(SCHEDULE, x_t, t, v), x0)
    assert_close(process.eps_from_v(SCHEDULE, x_t, t, v), eps)


def test_mean_from_eps_is_the_posterior_mean_at_the_implied_image() -> None:
    x_t, eps, t = batch(4, 1, 3, 3)
    x0 = process.x0_from_eps(SCHEDULE, x_t, t, eps)
    expected, _, _ = process.q_posterior(SCHEDULE, x0, x_t, t)
    assert_close(process.mean_from_eps(SCHEDULE, x_t, t, eps), expected)


def test_each_image_of_a_batch_has_its_own_timestep_and_the_type_is_kept() -> None:
    x0, noise, t = (v.float() if v.is_floating_point() else v for v in batch(3, 1, 4, 4))
    together = process.q_sample(SCHEDULE, x0, t, noise)
    assert together.dtype == torch.float32
    for i in range(3):
        one = slice(i, i + 1)
        assert torch.equal(together[one], process.q_sample(SCHEDULE, x0[one], t[one], noise[one]))
