from __future__ import annotations

import math

import pytest
import torch
from torch.testing import assert_close

from engine.diffusion.schedules import (
    SCHEDULE_NAMES,
    betas,
    log_variance_bounds,
    make_schedule,
    noise_levels,
)
from engine.errors import InputError


def f64(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linear", f64(0.0001, 0.00505, 0.01, 0.01495, 0.02 - 0.0001)),
        ("quadratic", f64(0.01, 0.03, 0.05, 0.07, 0.09) ** 2),
        ("constant", f64(0.5, 0.5, 0.5, 0.5, 0.5)),
        ("jsd", f64(1 / 5, 1 / 4, 1 / 3, 1 / 2, 1)),
        (
            "sigmoid",
            f64(*(0.1 + 0.4 / (1 + math.exp(-x)) for x in (-6, -3, 0, 3, 6))),
        ),
    ],
)
def test_betas_are_those_of_the_formula(name: str, expected: torch.Tensor) -> None:
    start, end = {
        "linear": (0.0001, 0.0199),
        "quadratic": (0.0001, 0.0081),
        "sigmoid": (0.1, 0.5),
    }.get(name, (0.1, 0.5))
    assert_close(betas(name, 5, beta_start=start, beta_end=end), expected)


def test_cosine_follows_its_alpha_bar_until_it_is_clipped() -> None:
    schedule = make_schedule("cosine", 100)
    for t in (0, 30, 97):
        angle = ((t + 1) / 100 + 0.008) / 1.008 * math.pi / 2
        expected = (math.cos(angle) / math.cos(0.008 / 1.008 * math.pi / 2)) ** 2
        assert float(schedule.alpha_bar[t]) == pytest.approx(expected, rel=1e-9)
    assert float(schedule.betas[-1]) == 0.999


def test_linear_has_the_published_values_and_is_not_rescaled_with_t() -> None:
    schedule = make_schedule("linear", 300)
    assert_close(schedule.betas[:3], f64(1e-4, 1.6655518e-4, 2.3311037e-4), atol=1e-10, rtol=0)
    assert float(schedule.betas[-1]) == 0.02
    assert float(schedule.alpha_bar[-1]) == pytest.approx(0.0481, abs=5e-5)


def test_two_step_vp_agrees_with_the_published_generator() -> None:
    """Numbers recorded from the published cDAL code."""
    schedule = make_schedule("vp", 2, beta_min=0.1, beta_max=20.0)
    signal, sigma = noise_levels(schedule)
    for ours, published in (
        (schedule.betas, (0.921324015, 0.999451041)),
        (schedule.posterior_mean_x0, (1.0, 0.28035054)),
        (schedule.posterior_mean_xt, (0.0, 0.02158743)),
        (schedule.posterior_log_variance, (-46.0517, -0.08244934)),
        (signal, (1.0, 0.2804924, 0.0065719)),
        (sigma, (0.0, 0.9598563, 0.99997836)),
    ):
        assert_close(ours, f64(*published), atol=2e-6, rtol=0)


@pytest.mark.parametrize("name", SCHEDULE_NAMES)
@pytest.mark.parametrize("total", [1, 2, 50])
def test_coefficients_are_consistent(name: str, total: int) -> None:
    s = make_schedule(name, total)
    assert s.betas.dtype == torch.float64
    assert s.num_timesteps == total
    assert bool(((s.betas > 0) & (s.betas <= 1)).all())
    assert_close(s.alpha_bar, s.alpha_bar_prev * s.alphas, atol=1e-15, rtol=1e-9)
    assert float(s.alpha_bar_prev[0]) == 1.0
    assert float(s.posterior_variance[0]) == 0.0
    # A noiseless x_t = sqrt(alpha_bar) x0 must come from a noiseless x_{t-1}.
    mean = s.posterior_mean_x0 + s.posterior_mean_xt * s.alpha_bar.sqrt()
    assert_close(mean, s.alpha_bar_prev.sqrt())
    small, large = log_variance_bounds(s)
    assert bool(torch.isfinite(small).all())
    assert bool((small[1:] <= large[1:] + 1e-12).all())


def test_moving_casts_every_coefficient_and_leaves_the_original() -> None:
    schedule = make_schedule("linear", 10)
    moved = schedule.to("cpu", torch.float32)
    assert moved.name == "linear"
    assert {moved.betas.dtype, moved.posterior_mean_xt.dtype} == {torch.float32}
    assert schedule.betas.dtype == torch.float64


@pytest.mark.parametrize(
    ("name", "total", "kw", "complaint"),
    [
        ("straight", 10, {}, "straight"),
        ("linear", 0, {}, "0 timesteps"),
        ("linear", -3, {}, "-3 timesteps"),
        ("linear", 10, {"beta_start": 0.0}, "beta 0.0"),
        ("linear", 10, {"beta_start": 0.1, "beta_end": 0.02}, "beta 0.1 to 0.02"),
        ("linear", 10, {"beta_end": 1.0}, "to 1.0"),
        ("linear", 10, {"beta_end": math.nan}, "nan"),
        ("vp", 4, {"beta_min": -1.0}, "rate -1.0"),
        ("vp", 4, {"beta_max": math.inf}, "inf"),
    ],
)
def test_bad_parameters_are_named(
    name: str, total: int, kw: dict[str, float], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        make_schedule(name, total, **kw)
    assert caught.value.hint
