"""Our samplers against diffusers' schedulers: same network, same noise, compared at every step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler
from torch import Tensor
from torch.testing import assert_close

from engine.diffusion.noise import FixedNoise
from engine.diffusion.samplers import Steps, ancestral, ddim, dpm_solver_pp_2m
from engine.diffusion.schedules import make_schedule
from engine.diffusion.timesteps import make_timesteps

TOTAL = 100
SCHEDULE = make_schedule("linear", TOTAL, beta_start=1e-3, beta_end=0.15)
THEIR_NAME = {"eps": "epsilon", "x0": "sample", "v": "v_prediction"}
SHAPE = (2, 2, 5, 4)
PREDICTIONS = pytest.mark.parametrize("prediction", ["eps", "x0", "v"])


def network(x: Tensor, t: Tensor) -> Tensor:
    """A smooth, non-linear stand-in that depends on state, place and time."""
    mixed = 0.7 * x + 0.3 * x.roll(1, dims=-1)
    return torch.sin(1.3 * mixed + 0.02 * t.to(x.dtype).reshape(-1, 1, 1, 1))


def two_headed(x: Tensor, t: Tensor) -> Tensor:
    return torch.cat([network(x, t), torch.tanh(x)], dim=1)


def config(prediction: str) -> dict[str, object]:
    return {
        "num_train_timesteps": TOTAL,
        "trained_betas": SCHEDULE.betas.tolist(),
        "prediction_type": THEIR_NAME[prediction],
    }


def in_double(theirs: DDPMScheduler | DDIMScheduler) -> None:
    """diffusers keeps its coefficients in float32, too coarse to compare to 1e-8."""
    one = torch.tensor(1.0, dtype=torch.float64)
    theirs.alphas_cumprod, theirs.one, theirs.final_alpha_cumprod = SCHEDULE.alpha_bar, one, one


def start() -> Tensor:
    return torch.randn(SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def times(t: int) -> Tensor:
    return torch.full(SHAPE[:1], t)


def draws(count: int) -> list[Tensor]:
    g = torch.Generator().manual_seed(1)
    return [torch.randn(SHAPE, dtype=torch.float64, generator=g) for _ in range(count)]


def compare(
    ours: Steps, timesteps: list[int], theirs: Callable[[int, Tensor], object], tol: float
) -> None:
    x = start()
    for count, (step, t) in enumerate(zip(ours, timesteps, strict=True)):
        out = theirs(t, x)
        x = out.prev_sample
        assert (step.index, step.total, step.t) == (count, len(timesteps), t)
        assert_close(step.x_t, x.double(), atol=tol, rtol=tol, msg=lambda m, t=t: f"t={t}: {m}")
        if getattr(out, "pred_original_sample", None) is not None:
            assert_close(step.x0_hat, out.pred_original_sample.double(), atol=tol, rtol=tol)


@PREDICTIONS
@pytest.mark.parametrize("clip", ["none", "x0"])
@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large", "learned_range"])
@pytest.mark.parametrize("steps", [100, 20])
def test_ancestral(prediction: str, clip: str, variance: str, steps: int) -> None:
    # "leading" ends at t = 0. When the last step starts higher, diffusers leaves noise in the
    # finished image.
    timesteps = make_timesteps(SCHEDULE, steps, "leading")
    theirs = DDPMScheduler(
        **config(prediction),
        variance_type=variance,
        clip_sample=clip == "x0",
        timestep_spacing="leading",
    )
    in_double(theirs)
    theirs.set_timesteps(steps)
    assert theirs.timesteps.tolist() == timesteps
    net = two_headed if variance == "learned_range" else network
    generator = torch.Generator().manual_seed(1)
    ours = ancestral(
        net,
        SCHEDULE,
        start(),
        FixedNoise(draws(steps)),
        timesteps=timesteps,
        prediction=prediction,
        clip=clip,
        variance=variance,
    )
    compare(
        ours,
        timesteps,
        lambda t, x: theirs.step(net(x, times(t)), t, x, generator=generator),
        tol=1e-8,
    )


@PREDICTIONS
@pytest.mark.parametrize("clip", ["none", "x0"])
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
def test_ddim(prediction: str, clip: str, eta: float, spacing: str) -> None:
    timesteps = make_timesteps(SCHEDULE, 20, spacing)
    theirs = DDIMScheduler(**config(prediction), clip_sample=clip == "x0", timestep_spacing=spacing)
    in_double(theirs)
    theirs.set_timesteps(20)
    assert theirs.timesteps.tolist() == timesteps
    noise = iter(draws(20))
    ours = ddim(
        network,
        SCHEDULE,
        start(),
        FixedNoise(draws(20)),
        timesteps=timesteps,
        prediction=prediction,
        clip=clip,
        eta=eta,
    )
    compare(
        ours,
        timesteps,
        lambda t, x: theirs.step(
            network(x, times(t)),
            t,
            x,
            eta=eta,
            use_clipped_model_output=True,
            variance_noise=next(noise),
        ),
        tol=1e-8,
    )


# The scheduler hands a tensor to numpy in a way that NumPy 2 no longer likes.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:diffusers")
@PREDICTIONS
@pytest.mark.parametrize("spacing", ["leading", "trailing", "logsnr"])
@pytest.mark.parametrize("steps", [2, 8, 25])
def test_dpm_solver_pp_2m(prediction: str, spacing: str, steps: int) -> None:
    timesteps = make_timesteps(SCHEDULE, steps, spacing)
    theirs = DPMSolverMultistepScheduler(**config(prediction))
    theirs.alphas_cumprod = SCHEDULE.alpha_bar
    theirs.set_timesteps(timesteps=timesteps)
    ours = dpm_solver_pp_2m(
        network,
        SCHEDULE,
        start(),
        FixedNoise([]),
        timesteps=timesteps,
        prediction=prediction,
    )
    # Their noise levels and their state are float32 inside.
    compare(ours, timesteps, lambda t, x: theirs.step(network(x, times(t)), t, x), tol=2e-5)


@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize("steps", [1, 7, 10, 33, 100])
def test_timesteps(spacing: str, steps: int) -> None:
    theirs = DDIMScheduler(num_train_timesteps=TOTAL, timestep_spacing=spacing)
    theirs.set_timesteps(steps)
    ours = make_timesteps(SCHEDULE, steps, spacing)
    if (spacing, steps) == ("linspace", 1):
        # A single step from the noise has to start at the noise.
        assert (theirs.timesteps.tolist(), ours) == ([0], [TOTAL - 1])
    else:
        assert theirs.timesteps.tolist() == ours
