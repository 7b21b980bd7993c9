"""The forward process, its posterior, and the three ways to state what a network predicts.

Everything works on batches (B, ...) of any rank, images as well as volumes. `t` is a (B,) long
tensor of timesteps in [0, T), on the device of the batch. Coefficients are looked up in the
schedule's precision and cast to the batch's just before they meet it.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from engine.diffusion.schedules import Schedule

PredictionType = Literal["eps", "x0", "v"]


def expand(values: Tensor, like: Tensor) -> Tensor:
    """Give one value per image, (B,), the rank, type and device of `like`, (B, ...)."""
    return values.to(device=like.device, dtype=like.dtype).reshape(-1, *[1] * (like.dim() - 1))


def at(values: Tensor, t: Tensor, like: Tensor) -> Tensor:
    """Look up the coefficients `values`, (T,), at the timesteps `t`; shaped by `expand`."""
    return expand(values.to(t.device)[t], like)


def _signal_noise(schedule: Schedule, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t)."""
    alpha_bar = schedule.alpha_bar.to(t.device)[t]
    return expand(alpha_bar.sqrt(), like), expand((1.0 - alpha_bar).sqrt(), like)


def q_sample(schedule: Schedule, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
    """Draw x_t ~ q(x_t | x_0) with the given standard normal noise; DDPM eq. 4."""
    signal, sigma = _signal_noise(schedule, t, x0)
    return signal * x0 + sigma * noise


def q_step(schedule: Schedule, x_prev: Tensor, t: Tensor, noise: Tensor) -> Tensor:
    """Draw x_t ~ q(x_t | x_{t-1}), one step of the forward chain; DDPM eq. 2."""
    return (
        at(schedule.alphas.sqrt(), t, x_prev) * x_prev
        + at(schedule.betas.sqrt(), t, x_prev) * noise
    )


def q_posterior(
    schedule: Schedule, x0: Tensor, x_t: Tensor, t: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, variance and log variance of q(x_{t-1} | x_t, x_0); DDPM eq. 6 and 7.

    Returns:
        The mean, (B, ...); variance and log variance, (B, 1, ...), one value an image. The
        variance is 0 at t = 0 and its logarithm is that of 1e-20 there.
    """
    mean = (
        at(schedule.posterior_mean_x0, t, x_t) * x0 + at(schedule.posterior_mean_xt, t, x_t) * x_t
    )
    variance = at(schedule.posterior_variance, t, x_t)
    return mean, variance, at(schedule.posterior_log_variance, t, x_t)


def mean_from_eps(schedule: Schedule, x_t: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """Mean of p(x_{t-1} | x_t) when the network predicts the noise; DDPM eq. 11.

    The schedule must not end at alpha_bar = 0: there the noise says nothing about the image.
    """
    weight = schedule.betas / (1.0 - schedule.alpha_bar).sqrt()
    return (x_t - at(weight, t, x_t) * eps) / at(schedule.alphas.sqrt(), t, x_t)


def x0_from_eps(schedule: Schedule, x_t: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """The image that `eps` implies, (x_t - sqrt(1 - alpha_bar) eps) / sqrt(alpha_bar)."""
    signal, sigma = _signal_noise(schedule, t, x_t)
    return (x_t - sigma * eps) / signal


def eps_from_x0(schedule: Schedule, x_t: Tensor, t: Tensor, x0: Tensor) -> Tensor:
    """The noise that `x0` implies, (x_t - sqrt(alpha_bar) x0) / sqrt(1 - alpha_bar)."""
    signal, sigma = _signal_noise(schedule, t, x_t)
    return (x_t - signal * x0) / sigma


def v_from(schedule: Schedule, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """v = sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x0; Salimans & Ho 2022, section 4."""
    signal, sigma = _signal_noise(schedule, t, x0)
    return signal * eps - sigma * x0


def x0_from_v(schedule: Schedule, x_t: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """The image that `v` implies, sqrt(alpha_bar) x_t - sqrt(1 - alpha_bar) v."""
    signal, sigma = _signal_noise(schedule, t, x_t)
    return signal * x_t - sigma * v


def eps_from_v(schedule: Schedule, x_t: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """The noise that `v` implies, sqrt(1 - alpha_bar) x_t + sqrt(alpha_bar) v."""
    signal, sigma = _signal_noise(schedule, t, x_t)
    return sigma * x_t + signal * v
