"""Samplers with the optimal network of a Gaussian: what they must give is known exactly."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from engine.diffusion.noise import FixedNoise, NoiseSource
from engine.diffusion.samplers import (
    SAMPLERS,
    Sampler,
    SamplerFunction,
    Steps,
    ancestral,
    ddim,
    dpm_solver_pp_2m,
)
from engine.diffusion.schedules import make_schedule
from engine.diffusion.timesteps import initial_state, make_timesteps
from tests.engine.diffusion.gaussian import Gaussian

MEAN, SD = -0.5, 0.3
LINEAR_300 = make_schedule("linear", 300)
LINEAR_1000 = make_schedule("linear", 1000)
COARSE = make_schedule("linear", 15, beta_start=0.01, beta_end=0.6)
PIXELS = (1, 150, 150)


def last(steps: Steps) -> Tensor:
    *_, step = steps
    return step.x_t


def noise_of(seed: int) -> NoiseSource:
    return NoiseSource([seed])


@pytest.mark.parametrize("prediction", ["eps", "x0", "v"])
def test_ancestral_recovers_the_distribution(prediction: str) -> None:
    data = Gaussian(LINEAR_1000, MEAN, SD, prediction)
    noise = noise_of(0)
    x_T = noise.normal(PIXELS, "cpu")
    image = last(ancestral(data, LINEAR_1000, x_T, noise, prediction=prediction))
    assert float(image.mean()) == pytest.approx(MEAN, abs=0.01)
    assert float(image.std()) == pytest.approx(SD, rel=0.02)


def test_fixed_large_is_exact_for_unit_variance() -> None:
    """beta_t is the optimal variance when the data are N(0, 1) (DDPM, section 3.2)."""
    data = Gaussian(COARSE, 0.0, 1.0)
    noise = noise_of(1)
    x_T = noise.normal(PIXELS, "cpu")
    large = ancestral(data, COARSE, x_T, noise, variance="fixed_large", final_t=1)
    assert float(last(large).std()) == pytest.approx(1.0, rel=0.015)
    small = ancestral(data, COARSE, x_T, noise, variance="fixed_small", final_t=1)
    assert float(last(small).std()) < 0.95


def test_learned_range_with_the_true_variance_is_exact_even_on_a_coarse_schedule() -> None:
    data = Gaussian(COARSE, MEAN, SD)
    noise = noise_of(2)
    x_T = initial_state(
        COARSE, noise.normal(PIXELS, "cpu"), "rescaled", data_mean=MEAN, data_std=SD
    )
    image = last(
        ancestral(data.with_variance, COARSE, x_T, noise, variance="learned_range", final_t=0)
    )
    mean, sd = data.marginal(0)
    assert float(image.mean()) == pytest.approx(mean, abs=0.01)
    assert float(image.std()) == pytest.approx(sd, rel=0.015)


@pytest.mark.parametrize("run", [ddim, dpm_solver_pp_2m])
def test_deterministic_samplers_recover_the_distribution(run: SamplerFunction) -> None:
    data = Gaussian(LINEAR_300, MEAN, SD)
    x_T = initial_state(
        LINEAR_300,
        noise_of(3).normal(PIXELS, "cpu"),
        "rescaled",
        data_mean=MEAN,
        data_std=SD,
    )
    image = last(run(data, LINEAR_300, x_T, FixedNoise([])))
    assert float(image.mean()) == pytest.approx(MEAN, abs=0.01)
    assert float(image.std()) == pytest.approx(SD, rel=0.02)


def flow_errors(run: SamplerFunction, steps: tuple[int, ...]) -> list[float]:
    """Largest error against the exact flow, over steps even in log-SNR."""
    fine = make_schedule("linear", 40_000, beta_start=2.5e-6, beta_end=5e-4)
    first, final = 39_999, 400
    data = Gaussian(fine, MEAN, SD)
    x_T = torch.linspace(-2, 2, 5, dtype=torch.float64).reshape(1, 1, 5)
    exact = data.flow(x_T, first, final)
    logsnr = torch.logit(fine.alpha_bar)
    errors = []
    for n in steps:
        wanted = torch.linspace(float(logsnr[first]), float(logsnr[final]), n + 1)
        timesteps = [first - int(torch.searchsorted(logsnr.flip(0), w)) for w in wanted.double()]
        timesteps = [first, *timesteps[1:-1]]
        image = last(run(data, fine, x_T, FixedNoise([]), timesteps=timesteps, final_t=final))
        errors.append(float((image - exact).abs().max()))
    return errors


def test_ddim_is_first_order() -> None:
    coarse, middle, fine = flow_errors(ddim, (20, 40, 80))
    assert 1.7 < coarse / middle < 2.4
    assert 1.7 < middle / fine < 2.4


def test_dpm_solver_is_second_order() -> None:
    coarse, middle, fine = flow_errors(dpm_solver_pp_2m, (20, 40, 80))
    assert 3.2 < coarse / middle < 5.0
    assert 3.2 < middle / fine < 5.0


def test_dpm_solver_beats_ddim_at_twenty_steps() -> None:
    assert flow_errors(dpm_solver_pp_2m, (20,))[0] < 0.3 * flow_errors(ddim, (20,))[0]


@pytest.mark.parametrize("run", [ddim, dpm_solver_pp_2m])
def test_the_prior_shifts_a_deterministic_run_by_the_documented_amount(
    run: SamplerFunction,
) -> None:
    data = Gaussian(LINEAR_300, MEAN, SD)
    centre = torch.zeros(1, 1, dtype=torch.float64)
    image = last(run(data, LINEAR_300, centre, FixedNoise([])))
    a = float(LINEAR_300.alpha_bar[-1])
    sd_T = math.sqrt(a * SD**2 + 1 - a)
    assert float(image) == pytest.approx(MEAN * (1 - SD * math.sqrt(a) / sd_T), abs=2e-3)
    right = initial_state(LINEAR_300, centre, "rescaled", data_mean=MEAN, data_std=SD)
    assert float(last(run(data, LINEAR_300, right, FixedNoise([])))) == pytest.approx(
        MEAN, abs=1e-4
    )


def test_an_ancestral_run_forgets_most_of_that_shift() -> None:
    """Without noise drawn the state is its mean, so this needs no statistics."""
    data = Gaussian(LINEAR_300, MEAN, SD)
    centre = torch.zeros(1, 1, dtype=torch.float64)
    still = FixedNoise(torch.zeros(300, 1, 1, dtype=torch.float64))
    ours = float(last(ancestral(data, LINEAR_300, centre, still)))
    shift_of_ddim = float(last(ddim(data, LINEAR_300, centre, still))) - MEAN
    assert abs(ours - MEAN) < 0.15 * shift_of_ddim


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: s.name)
@pytest.mark.parametrize("schedule", ["linear", "quadratic", "sigmoid", "cosine"])
def test_every_sampler_as_offered_finds_the_mean_on_every_schedule(
    sampler: Sampler, schedule: str
) -> None:
    s = make_schedule(schedule, 300)
    data = Gaussian(s, MEAN, SD)
    noise = noise_of(4)
    x_T = initial_state(
        s, noise.normal((1, 60, 60), "cpu"), "rescaled", data_mean=MEAN, data_std=SD
    )
    timesteps = make_timesteps(s, sampler.steps, sampler.spacing)
    image = last(sampler.run(data, s, x_T, noise, timesteps=timesteps))
    assert float(image.mean()) == pytest.approx(MEAN, abs=0.03)
    assert float(image.std()) == pytest.approx(SD, rel=0.12)


def test_a_constant_image_comes_back_exactly() -> None:
    data = Gaussian(LINEAR_300, 0.25, 0.0)
    for sampler in SAMPLERS:
        noise = noise_of(5)
        x_T = noise.normal((1, 4, 4), "cpu", torch.float64)
        image = last(sampler.run(data, LINEAR_300, x_T, noise))
        assert_close(image, torch.full_like(image, 0.25), atol=1e-9, rtol=0)
