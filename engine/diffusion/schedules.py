"""Noise schedules: how much noise each of T timesteps adds.

Notation of DDPM (Ho et al. 2020): beta_t is the variance added at step t, alpha_t = 1 - beta_t,
alpha_bar_t = prod_{s <= t} alpha_s. Timesteps count from 0 here, so t = 0 is the paper's t = 1.
All coefficients are computed in float64 and cast where they are used: 1 - alpha_bar loses half
its digits in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from engine.errors import InputError

ScheduleName = Literal["linear", "quadratic", "constant", "jsd", "sigmoid", "cosine", "vp"]
SCHEDULE_NAMES: tuple[str, ...] = get_args(ScheduleName)

_MAX_TIMESTEPS = 1_000_000
_VARIANCE_FLOOR = 1e-20  # the posterior at t = 0 has variance 0; DDPM's code clips there


@dataclass(frozen=True, eq=False)
class Schedule:
    """The coefficients of one schedule, each a (T,) tensor, float64 unless moved by `to`.

    Attributes:
        name: One of `SCHEDULE_NAMES`, or that of the schedule it was respaced from.
        betas: Variance added at step t, in (0, 1].
        alphas: 1 - betas.
        alpha_bar: Cumulative product of alphas; x_t has signal sqrt(alpha_bar_t).
        alpha_bar_prev: alpha_bar one step earlier, 1 at t = 0.
        posterior_variance: Variance of q(x_{t-1} | x_t, x_0), DDPM eq. 7; 0 at t = 0.
        posterior_log_variance: Its logarithm, the variance clipped from below at 1e-20.
        posterior_mean_x0: Weight of x_0 in the posterior mean, DDPM eq. 7.
        posterior_mean_xt: Weight of x_t in the posterior mean, DDPM eq. 7.
    """

    name: str
    betas: Tensor
    alphas: Tensor
    alpha_bar: Tensor
    alpha_bar_prev: Tensor
    posterior_variance: Tensor
    posterior_log_variance: Tensor
    posterior_mean_x0: Tensor
    posterior_mean_xt: Tensor

    @property
    def num_timesteps(self) -> int:
        """T, the number of noise levels."""
        return self.betas.shape[0]

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Schedule:
        """The same schedule on `device`: once before a training loop, not at every step.

        Args:
            device: Where the coefficients are to live.
            dtype: Their type; stays as it is by default, float32 on MPS, which has no float64.
        """
        if dtype is None and torch.device(device).type == "mps":
            dtype = torch.float32
        tensors = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "name"}
        # The type first: a device without float64 cannot receive it.
        return replace(self, **{k: v.to(dtype or v.dtype).to(device) for k, v in tensors.items()})


def make_schedule(
    name: str,
    num_timesteps: int,
    *,
    beta_start: float = 1e-4,
    beta_end: float = 0.02,
    beta_min: float = 0.1,
    beta_max: float = 20.0,
) -> Schedule:
    """Build the schedule `name` with T = `num_timesteps`; arguments and errors as in `betas`."""
    b = betas(
        name,
        num_timesteps,
        beta_start=beta_start,
        beta_end=beta_end,
        beta_min=beta_min,
        beta_max=beta_max,
    )
    return schedule_from_alpha_bar(name, torch.cumprod(1.0 - b, dim=0), betas=b)


def schedule_from_alpha_bar(
    name: str, alpha_bar: Tensor, *, final_alpha_bar: float = 1.0, betas: Tensor | None = None
) -> Schedule:
    """Build a schedule from its signal levels.

    Args:
        name: What to call it.
        alpha_bar: (T,) float64, strictly decreasing, in [0, 1).
        final_alpha_bar: The level before t = 0: 1 for a clean image; less when the steps are
            to end at a noisy one.
        betas: (T,) float64, if known exactly; otherwise from the ratios of successive levels.
    """
    prev = torch.cat([alpha_bar.new_tensor([final_alpha_bar]), alpha_bar[:-1]])
    b = 1.0 - alpha_bar / prev if betas is None else betas
    alphas = 1.0 - b
    variance = b * (1.0 - prev) / (1.0 - alpha_bar)
    return Schedule(
        name=name,
        betas=b,
        alphas=alphas,
        alpha_bar=alpha_bar,
        alpha_bar_prev=prev,
        posterior_variance=variance,
        posterior_log_variance=variance.clamp(min=_VARIANCE_FLOOR).log(),
        posterior_mean_x0=b * prev.sqrt() / (1.0 - alpha_bar),
        posterior_mean_xt=(1.0 - prev) * alphas.sqrt() / (1.0 - alpha_bar),
    )


def betas(
    name: str,
    num_timesteps: int,
    *,
    beta_start: float = 1e-4,
    beta_end: float = 0.02,
    beta_min: float = 0.1,
    beta_max: float = 20.0,
) -> Tensor:
    """The variances beta_t of a schedule.

    - linear, quadratic, constant, jsd: Ho et al. 2020 and their code. linear is straight in
      beta, quadratic in sqrt(beta), constant is `beta_end` throughout, jsd is 1/(T - t) and
      ends at beta = 1, where no signal is left.
    - sigmoid: a logistic curve over [-6, 6] between the two ends.
    - cosine: Nichol & Dhariwal 2021, eq. 17, s = 0.008, beta at most 0.999.
    - vp: the variance-preserving SDE of Song et al. 2021 cut into T steps as in Denoising
      Diffusion GANs (Xiao et al. 2022); for T of 2 to 8.

    Args:
        name: One of `SCHEDULE_NAMES`.
        num_timesteps: T, at least 1.
        beta_start: Smallest beta, 0 < beta_start <= beta_end; linear, quadratic, sigmoid.
            Used as given, whatever T is.
        beta_end: Largest beta, below 1; the same schedules and constant.
        beta_min: Rate of the SDE at time 0, positive; vp only.
        beta_max: Rate of the SDE at time 1, at least beta_min; vp only.

    Returns:
        (T,) float64 on the CPU, every value in (0, 1].

    Raises:
        InputError: Unknown name, or a value out of range.
    """
    if name not in SCHEDULE_NAMES:
        raise InputError(
            f"There is no noise schedule called '{name}'.", f"Use {', '.join(SCHEDULE_NAMES)}."
        )
    if not 1 <= num_timesteps <= _MAX_TIMESTEPS:
        raise InputError(
            f"The schedule has {num_timesteps} timesteps.", f"Use 1 to {_MAX_TIMESTEPS}."
        )
    if not 0.0 < beta_start <= beta_end < 1.0:
        raise InputError(
            f"The schedule runs from beta {beta_start} to {beta_end}.",
            "Use 0 < start <= end < 1; 0.0001 and 0.02 are usual.",
        )
    if not (0.0 < beta_min <= beta_max and math.isfinite(beta_max)):
        raise InputError(
            f"The continuous schedule runs from rate {beta_min} to {beta_max}.",
            "Use 0 < min <= max; 0.1 and 20 are usual.",
        )
    if name == "jsd":
        return 1.0 / _linspace(num_timesteps, 1.0, num_timesteps)
    if name == "cosine":
        return _cosine(num_timesteps)
    if name == "vp":
        return _variance_preserving(num_timesteps, beta_min, beta_max)
    return _BETWEEN[name](beta_start, beta_end, num_timesteps)


def noise_levels(schedule: Schedule) -> tuple[Tensor, Tensor]:
    """Signal and noise of the T + 1 levels 0 (clean) to T, as Denoising Diffusion GANs count.

    Level k is timestep k - 1. The reference gives level 0 the variance 1e-8, which vanishes in
    its float32 arithmetic: 1 - 1e-8 is 1. Here level 0 is clean outright.

    Returns:
        sqrt(alpha_bar) and sqrt(1 - alpha_bar), each (T + 1,).
    """
    alpha_bar = torch.cat([schedule.alpha_bar.new_ones(1), schedule.alpha_bar])
    return alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt()


def log_variance_bounds(schedule: Schedule) -> tuple[Tensor, Tensor]:
    """Logarithms of the posterior variance and of beta, the ends of the learned range.

    The posterior variance at t = 0 is 0; that of t = 1 stands in for it, as in Improved DDPM.

    Returns:
        Lower and upper bound, each (T,).
    """
    small = schedule.posterior_variance.clone()
    if small[0] == 0.0:
        small[0] = small[1] if len(small) > 1 else schedule.betas[0]
    return small.log(), schedule.betas.log()


def _linspace(start: float, end: float, steps: int) -> Tensor:
    return torch.linspace(start, end, steps, dtype=torch.float64)


def _quadratic(start: float, end: float, steps: int) -> Tensor:
    return _linspace(math.sqrt(start), math.sqrt(end), steps) ** 2


def _constant(start: float, end: float, steps: int) -> Tensor:
    return _linspace(end, end, steps)


def _sigmoid(start: float, end: float, steps: int) -> Tensor:
    return torch.sigmoid(_linspace(-6.0, 6.0, steps)) * (end - start) + start


_BETWEEN: dict[str, Callable[[float, float, int], Tensor]] = {
    "linear": _linspace,
    "quadratic": _quadratic,
    "constant": _constant,
    "sigmoid": _sigmoid,
}


def _cosine(num_timesteps: int, s: float = 0.008, largest: float = 0.999) -> Tensor:
    time = torch.arange(num_timesteps + 1, dtype=torch.float64) / num_timesteps
    f = torch.cos((time + s) / (1.0 + s) * math.pi / 2.0) ** 2
    return (1.0 - f[1:] / f[:-1]).clamp(max=largest)


def _variance_preserving(
    num_timesteps: int, beta_min: float, beta_max: float, first: float = 1e-3
) -> Tensor:
    time = first + _linspace(0.0, 1.0, num_timesteps + 1) * (1.0 - first)
    log_mean = -0.25 * time**2 * (beta_max - beta_min) - 0.5 * time * beta_min
    log_alpha_bar = 2.0 * log_mean
    return -torch.expm1(log_alpha_bar[1:] - log_alpha_bar[:-1])
