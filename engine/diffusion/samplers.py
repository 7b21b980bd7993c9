"""Reverse processes: short generators that turn noise into images, one `DenoiseStep` at a time.

All take the same arguments, and these mean the same in each:

    predict    (x_t, t) -> the network's output. x_t is (B, C, *spatial), t a (B,) long tensor.
    schedule   what the network was trained on; any device and type.
    x_T        the state to start from, see `initial_state`; sets device and type of the run.
    noise      fresh noise, used by the stochastic samplers only.
    timesteps  strictly decreasing, see `make_timesteps`; all T of them by default.
    final_t    where to stop: -1 is the clean image, a timestep is that level of noise.
    prediction what the network's output means: eps, x0 or v.
    clip       what is kept in the images' range, see `ClipMode`.

With eps and a schedule that ends at alpha_bar = 0 (jsd), the timesteps without any signal are
passed over: there eps says nothing about the image, and the next state is as good as noise.

Coefficients become Python floats before the loop, so that no step waits for the device.
Cancelling is closing the generator.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from engine.diffusion.estimate import ClipMode, Predict, clip_state, estimate
from engine.diffusion.guidance import Guide, guided_noise
from engine.diffusion.noise import Noise
from engine.diffusion.plan import Plan
from engine.diffusion.process import PredictionType
from engine.diffusion.schedules import Schedule, log_variance_bounds
from engine.diffusion.timesteps import Spacing
from engine.errors import InputError
from engine.steps import DenoiseStep

Variance = Literal["fixed_small", "fixed_large", "learned_range"]
Steps = Generator[DenoiseStep, None, None]


@torch.no_grad()
def ancestral(
    predict: Predict,
    schedule: Schedule,
    x_T: Tensor,
    noise: Noise,
    *,
    timesteps: Sequence[int] | None = None,
    final_t: int = -1,
    prediction: PredictionType = "eps",
    clip: ClipMode = "none",
    variance: Variance = "fixed_small",
) -> Steps:
    """DDPM's sampler, algorithm 2 of Ho et al. 2020.

    x_{t-1} = mean + sigma_t z, the mean of eq. 7 at x0_hat, which is that of eq. 11 when x0_hat
    is not clipped; no noise in the step to the clean image. With clip="x_t" and all timesteps
    this is AdaptDiff's serial reverse iteration. Fewer timesteps use the respaced variances of
    Nichol & Dhariwal 2021, section 4.

    Args:
        variance: fixed_small is the posterior variance; fixed_large is beta_t; learned_range
            interpolates their logarithms by a second half of the network's channels, in
            [-1, 1] (Nichol & Dhariwal 2021, eq. 15).

    Other arguments: see the module.
    """
    plan = Plan(schedule, x_T, timesteps, final_t, prediction)
    weight_x0 = plan.schedule.posterior_mean_x0.tolist()
    weight_xt = plan.schedule.posterior_mean_xt.tolist()
    log_small, log_large = (bound.tolist() for bound in log_variance_bounds(plan.schedule))
    x = x_T
    for step in plan:
        i, output, log_variance = step.level, predict(x, step.t_batch), None
        if variance == "learned_range":
            output, v = output.chunk(2, dim=1)
            share = (v.to(x.dtype) + 1.0) / 2.0
            log_variance = log_small[i] + share * (log_large[i] - log_small[i])
        x0, eps = estimate(output, x, step.alpha_bar, prediction, clip)
        mean = weight_x0[i] * x0 + weight_xt[i] * x
        if step.to_clean:
            x = mean
        else:
            z = noise.normal(x.shape[1:], x.device, x.dtype)
            if log_variance is None:
                fixed = log_large if variance == "fixed_large" else log_small
                x = mean.add_(z, alpha=math.exp(0.5 * fixed[i]))
            else:
                x = mean + (0.5 * log_variance).exp() * z
        x = clip_state(x, clip)
        yield DenoiseStep(step.index, len(plan), step.t, x, x0, eps)


@torch.no_grad()
def ddim(
    predict: Predict,
    schedule: Schedule,
    x_T: Tensor,
    noise: Noise,
    *,
    timesteps: Sequence[int] | None = None,
    final_t: int = -1,
    prediction: PredictionType = "eps",
    clip: ClipMode = "none",
    eta: float = 0.0,
    guide: Guide | None = None,
) -> Steps:
    """DDIM, eq. 12 and 16 of Song et al. 2021: deterministic at eta 0, ancestral at eta 1.

    x_{t-1} = sqrt(alpha_bar_{t-1}) x0_hat + sqrt(1 - alpha_bar_{t-1} - sigma_t^2) eps + sigma_t z
    with sigma_t^2 = eta^2 times the posterior variance. When x0_hat is clipped, eps is the noise
    that the clipped image implies.

    Args:
        eta: Share of fresh noise, 0 to 1.
        guide: Steers the noise of every step, clipped or not, towards a label; algorithm 2 of
            Dhariwal & Nichol 2021. What x0_hat becomes by it is not clipped.

    Other arguments: see the module.

    Raises:
        InputError: `eta` out of range.
    """
    if not 0.0 <= eta <= 1.0:
        raise InputError(f"The share of fresh noise, eta, is {eta}.", "Use 0 to 1.")
    plan = Plan(schedule, x_T, timesteps, final_t, prediction)
    posterior_variance = plan.schedule.posterior_variance.tolist()
    x = x_T
    for step in plan:
        x0, eps = estimate(predict(x, step.t_batch), x, step.alpha_bar, prediction, clip)
        if guide is not None:
            eps = guided_noise(eps, guide(x, step.t_batch), step.alpha_bar)
            x0, eps = estimate(eps, x, step.alpha_bar, "eps", "none")
        sigma2 = eta**2 * posterior_variance[step.level]
        direction = math.sqrt(max(1.0 - step.alpha_bar_prev - sigma2, 0.0))
        x = (math.sqrt(step.alpha_bar_prev) * x0).add_(eps, alpha=direction)
        if sigma2 > 0.0:
            z = noise.normal(x.shape[1:], x.device, x.dtype)
            x.add_(z, alpha=math.sqrt(sigma2))
        x = clip_state(x, clip)
        yield DenoiseStep(step.index, len(plan), step.t, x, x0, eps)


@torch.no_grad()
def dpm_solver_pp_2m(
    predict: Predict,
    schedule: Schedule,
    x_T: Tensor,
    noise: Noise,
    *,
    timesteps: Sequence[int] | None = None,
    final_t: int = -1,
    prediction: PredictionType = "eps",
    clip: ClipMode = "none",
) -> Steps:
    """DPM-Solver++(2M), algorithm 2 of Lu et al. 2022 (arXiv 2211.01095): second order, multistep.

    In lambda = log(alpha / sigma), with h the step just taken and r the ratio of the step
    before to it,

        D   = (1 + 1 / 2r) x0_hat_i - (1 / 2r) x0_hat_{i-1}
        x  <- (sigma_next / sigma) x - alpha_next (e^{-h} - 1) D

    The first step has no history and is first order, and so is the one to the clean image,
    where lambda is infinite: it returns x0_hat. The solver is deterministic and takes no noise;
    the argument is there so that samplers can be exchanged.

    Other arguments: see the module.
    """
    plan = Plan(schedule, x_T, timesteps, final_t, prediction)
    x, x0_before, h_before = x_T, None, 0.0
    for step in plan:
        x0, eps = estimate(predict(x, step.t_batch), x, step.alpha_bar, prediction, clip)
        h = _half_logsnr(step.alpha_bar_prev) - _half_logsnr(step.alpha_bar)
        target = x0
        if x0_before is not None and not step.to_clean:
            history = 0.5 * h / h_before
            target = torch.lerp(x0, x0_before, -history)
        shrink = math.sqrt((1.0 - step.alpha_bar_prev) / (1.0 - step.alpha_bar))
        x = (shrink * x).add_(target, alpha=-math.sqrt(step.alpha_bar_prev) * math.expm1(-h))
        x = clip_state(x, clip)
        x0_before, h_before = x0, h
        yield DenoiseStep(step.index, len(plan), step.t, x, x0, eps)


def _half_logsnr(alpha_bar: float) -> float:
    """lambda = log(alpha / sigma), infinite at the two ends."""
    if alpha_bar <= 0.0:
        return -math.inf
    return 0.5 * (math.log(alpha_bar) - math.log1p(-alpha_bar)) if alpha_bar < 1.0 else math.inf


class SamplerFunction(Protocol):
    """What all samplers have in common, see the module."""

    def __call__(
        self,
        predict: Predict,
        schedule: Schedule,
        x_T: Tensor,
        noise: Noise,
        *,
        timesteps: Sequence[int] | None = None,
        final_t: int = -1,
        prediction: PredictionType = "eps",
        clip: ClipMode = "none",
    ) -> Steps: ...


@dataclass(frozen=True)
class Sampler:
    """A sampler as the user meets it.

    Attributes:
        name: The word for the command line and for files.
        label: The name on screen.
        run: The generator.
        steps: How many steps give a good image; None for all T.
        spacing: The timesteps that suit it.
    """

    name: str
    label: str
    run: SamplerFunction
    steps: int | None
    spacing: Spacing


# Even steps in log-SNR keep fine texture: on weak-contrast Gaussian pixels (sd 0.05), 20 steps of
# DPM-Solver++ on the linear schedule with T = 300 return 99 % of the contrast, and 47 % when the
# steps are even in time from T-1 down ("trailing"), since the last jump then starts too high.
SAMPLERS: tuple[Sampler, ...] = (
    Sampler("ddpm", "DDPM (ancestral)", ancestral, None, "trailing"),
    Sampler("ddim", "DDIM", ddim, 50, "logsnr"),
    Sampler("dpm++", "DPM-Solver++ (2M)", dpm_solver_pp_2m, 20, "logsnr"),
)
