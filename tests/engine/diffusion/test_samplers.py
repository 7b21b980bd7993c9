"""What all samplers promise apart from their equations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from engine.diffusion.estimate import estimate
from engine.diffusion.noise import FixedNoise, NoiseSource
from engine.diffusion.process import mean_from_eps
from engine.diffusion.samplers import SAMPLERS, Sampler, Steps, ancestral, ddim
from engine.diffusion.schedules import Schedule, make_schedule
from engine.diffusion.timesteps import make_timesteps
from engine.errors import InputError
from tests.engine.diffusion.gaussian import Gaussian

SCHEDULE = make_schedule("linear", 300)
DATA = Gaussian(SCHEDULE, -0.5, 0.3)
ALL = pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: s.name)


def run(
    sampler: Sampler,
    seeds: list[int],
    predict: Callable[[Tensor, Tensor], Tensor] = DATA,
    schedule: Schedule = SCHEDULE,
    shape: tuple[int, ...] = (1, 6, 5),
    **kw: object,
) -> Steps:
    noise = NoiseSource(seeds)
    x_T = noise.normal(shape, "cpu")
    kw.setdefault("timesteps", make_timesteps(schedule, 12))
    return sampler.run(predict, schedule, x_T, noise, **kw)


@ALL
def test_an_image_does_not_depend_on_its_batch(sampler: Sampler) -> None:
    for alone, company in zip(run(sampler, [7]), run(sampler, [3, 7, 11]), strict=True):
        assert torch.equal(alone.x_t[0], company.x_t[1])
        assert torch.equal(alone.x0_hat[0], company.x0_hat[1])


@ALL
@pytest.mark.parametrize("shape", [(1, 8, 6), (2, 4, 5, 6)])
def test_steps_tell_where_they_are_and_keep_shape_and_type(
    sampler: Sampler, shape: tuple[int, ...]
) -> None:
    steps = list(run(sampler, [1, 2], shape=shape))
    assert [s.index for s in steps] == list(range(12))
    assert {s.total for s in steps} == {12}
    assert [s.t for s in steps] == make_timesteps(SCHEDULE, 12)
    for step in steps:
        assert step.x_t.shape == step.x0_hat.shape == step.eps.shape == (2, *shape)
        assert step.x_t.dtype == step.x0_hat.dtype == torch.float32


@ALL
def test_without_timesteps_all_are_visited(sampler: Sampler) -> None:
    assert [s.t for s in run(sampler, [1], timesteps=None)] == list(range(299, -1, -1))
    assert [s.t for s in run(sampler, [1], timesteps=None, final_t=290)] == list(
        range(299, 290, -1)
    )


@ALL
@pytest.mark.parametrize("clip", ["none", "x_t", "x0", "dynamic"])
def test_a_step_once_given_is_never_written_to_again(sampler: Sampler, clip: str) -> None:
    seen = [
        (s, s.x_t.clone(), s.x0_hat.clone(), s.eps.clone()) for s in run(sampler, [1], clip=clip)
    ]
    for step, x_t, x0_hat, eps in seen:
        assert torch.equal(step.x_t, x_t)
        assert torch.equal(step.x0_hat, x0_hat)
        assert torch.equal(step.eps, eps)


@ALL
def test_the_state_is_kept_in_single_precision_when_the_network_answers_in_half(
    sampler: Sampler,
) -> None:
    half = run(sampler, [1], lambda x, t: DATA(x, t).bfloat16())
    for a, b in zip(half, run(sampler, [1]), strict=True):
        assert a.x_t.dtype == torch.float32
        assert_close(a.x_t, b.x_t, atol=0.03, rtol=0)


@ALL
def test_closing_stops_at_once_and_gradients_are_back_on(sampler: Sampler) -> None:
    calls = []

    def predict(x: Tensor, t: Tensor) -> Tensor:
        calls.append(int(t[0]))
        assert not torch.is_grad_enabled()
        return DATA(x, t)

    steps = run(sampler, [1], predict)
    next(steps)
    assert torch.is_grad_enabled()
    steps.close()
    assert len(calls) == 1


@ALL
def test_a_run_in_two_parts_is_the_whole_run(sampler: Sampler) -> None:
    """A run may stop at a noise level and go on from there; multistep solvers lose their memory."""
    levels = make_timesteps(SCHEDULE, 12)
    noise = NoiseSource([4])
    x_T = noise.normal((1, 5, 5), "cpu")
    *_, half = sampler.run(DATA, SCHEDULE, x_T, noise, timesteps=levels[:6], final_t=levels[6])
    *_, end = sampler.run(DATA, SCHEDULE, half.x_t, noise, timesteps=levels[6:])
    *_, whole = run(sampler, [4], shape=(1, 5, 5), timesteps=levels)
    tolerance = 0.01 if sampler.name == "dpm++" else 1e-5
    assert_close(end.x_t, whole.x_t, atol=tolerance, rtol=0)


def test_published_reverse_iteration_clamps_the_state_after_every_step() -> None:
    """AdaptDiff: mean of eq. 11, posterior variance, clamp; no noise in the last step."""
    schedule = make_schedule("linear", 30, beta_end=0.2)
    g = torch.Generator().manual_seed(0)
    x_T = torch.randn(2, 1, 5, 5, generator=g)
    draws = torch.randn(30, 2, 1, 5, 5, generator=g)

    def predict(x: Tensor, t: Tensor) -> Tensor:
        return torch.sin(3 * x) + 0.01 * t.reshape(-1, 1, 1, 1)

    x, clamped = x_T, 0
    for k, step in enumerate(ancestral(predict, schedule, x_T, FixedNoise(draws), clip="x_t")):
        t = torch.full((2,), 29 - k)
        x = mean_from_eps(schedule, x, t, predict(x, t))
        if k < 29:
            x = x + schedule.posterior_variance[29 - k].sqrt().float() * draws[k]
        clamped += int((x.abs() > 1).sum())
        x = x.clamp(-1, 1)
        assert_close(step.x_t, x, atol=1e-5, rtol=0)
    assert clamped > 30


def test_learned_range_agrees_with_the_published_model_outputs() -> None:
    """Numbers recorded from the published CDM code: three pixels each at t = 7 and t = 355."""
    schedule = make_schedule("linear", 1000)
    inputs = [
        (7, (-1.425349, 0.8624448, 0.3829296), (-0.69236994, 0.34023505, -0.003742248)),
        (355, (0.27804556, 0.9037518, 0.013011691), (0.013041183, -0.24581717, 0.45287225)),
    ]
    ranges = [(-0.067142576, 0.08482925, -0.31698406), (-0.5565985, -0.537544, 0.037370354)]
    x0s = [(-1.0, 0.85048884, 0.3833276), (0.51065964, 1.0, -0.7137128)]
    means = [(-1.3503368, 0.8603363, 0.38299978), (0.27893788, 0.90323645, 0.009235165)]
    logs = [(-8.440666, -8.425934, -8.464889), (-4.939747, -4.939721, -4.938939)]
    for (t, x, eps), v, x0, mean, log in zip(inputs, ranges, x0s, means, logs, strict=True):
        output = torch.tensor([eps, v], dtype=torch.float64).reshape(1, 2, 3)
        state = torch.tensor(x, dtype=torch.float64).reshape(1, 1, 3)

        def one_step(noise: float, t: int = t, x: Tensor = state, out: Tensor = output) -> Steps:
            return ancestral(
                lambda _x, _t: out,
                schedule,
                x,
                FixedNoise([torch.full_like(x, noise)]),
                timesteps=[t],
                final_t=t - 1,
                clip="x0",
                variance="learned_range",
            )

        (without,), (with_noise,) = one_step(0.0), one_step(1.0)
        assert without.x0_hat.flatten().tolist() == pytest.approx(x0, abs=1e-5)
        assert without.x_t.flatten().tolist() == pytest.approx(mean, abs=1e-5)
        spread = (with_noise.x_t - without.x_t).log() * 2
        assert spread.flatten().tolist() == pytest.approx(log, abs=1e-5)


@ALL
def test_clipping_the_estimate_keeps_image_and_estimate_in_range(sampler: Sampler) -> None:
    wild = Gaussian(SCHEDULE, 1.5, 0.3)
    *_, free = run(sampler, [1], wild)
    assert float(free.x_t.max()) > 1.2
    for mode in ("x0", "dynamic"):
        steps = list(run(sampler, [1], wild, clip=mode))
        assert max(float(s.x0_hat.abs().max()) for s in steps) <= 1.0
        assert float(steps[-1].x_t.abs().max()) <= 1.0
    unit = torch.cat([step.x0_hat for step in run(sampler, [1], wild, clip="unit")])
    assert float(unit.min()) >= 0.0
    assert float(unit.max()) <= 1.0


@pytest.mark.parametrize("prediction", ["eps", "x0", "v"])
@pytest.mark.parametrize("clip", ["none", "x0", "dynamic", "unit"])
def test_estimates_add_up_to_the_state(prediction: str, clip: str) -> None:
    g = torch.Generator().manual_seed(0)
    x, output = (3 * torch.randn(2, 1, 9, 9, generator=g, dtype=torch.float64) for _ in range(2))
    x0, eps = estimate(output, x, 0.3, prediction, clip)
    assert_close(0.3**0.5 * x0 + 0.7**0.5 * eps, x)


def test_dynamic_thresholding_scales_by_the_percentile_of_each_image() -> None:
    x0 = torch.linspace(-4.0, 4.0, 1001, dtype=torch.float64).repeat(2, 1)
    x0[1] *= 0.2
    clipped, _ = estimate(x0, x0, 0.5, "x0", "dynamic")
    limit = x0[0].abs().sort().values[995]
    assert_close(clipped[0], (x0[0] / limit).clamp(-1, 1))
    assert_close(clipped[1], x0[1])


@ALL
def test_a_level_without_signal_is_passed_over_when_the_noise_is_predicted(
    sampler: Sampler,
) -> None:
    jsd = make_schedule("jsd", 40)
    data = Gaussian(jsd, -0.5, 0.3)
    steps = list(run(sampler, [1], data, jsd, shape=(1, 50, 50), timesteps=None))
    assert [s.t for s in steps] == list(range(38, -1, -1))
    assert float(steps[-1].x_t.mean()) == pytest.approx(-0.5, abs=0.1)


@ALL
@pytest.mark.parametrize("prediction", ["x0", "v"])
def test_a_level_without_signal_is_a_good_start_for_other_predictions(
    sampler: Sampler, prediction: str
) -> None:
    jsd = make_schedule("jsd", 40)

    def predict(x: Tensor, t: Tensor) -> Tensor:
        a = jsd.alpha_bar[t].float().reshape(-1, 1, 1, 1)
        x0 = -0.5 + 0.09 * a.sqrt() / (0.09 * a + 1 - a) * (x - a.sqrt() * -0.5)
        # v is (sqrt(a) x - x0) / sqrt(1 - a): eps taken from x_t = sqrt(a) x0 + sqrt(1 - a) eps.
        return x0 if prediction == "x0" else (a.sqrt() * x - x0) / (1 - a).sqrt()

    steps = list(
        run(sampler, [1], predict, jsd, (1, 50, 50), timesteps=None, prediction=prediction)
    )
    assert steps[0].t == 39
    assert all(bool(torch.isfinite(s.x_t).all()) for s in steps)
    assert float(steps[-1].x_t.mean()) == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize("eta", [-0.1, 1.1])
def test_eta_out_of_range_is_refused(eta: float) -> None:
    x_T = torch.zeros(1, 1, 2)
    with pytest.raises(InputError, match="eta"):
        next(ddim(DATA, SCHEDULE, x_T, FixedNoise([]), eta=eta))


def test_samplers_are_known_by_different_names() -> None:
    assert [s.name for s in SAMPLERS] == ["ddpm", "ddim", "dpm++"]
    assert len({s.label for s in SAMPLERS}) == len(SAMPLERS)
