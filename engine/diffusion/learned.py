"""Networks that predict the variance as well, and the bound it is learnt by.

Nichol & Dhariwal 2021 (arXiv 2102.09672), section 3.1: the second half of the channels says where
between its two bounds the logarithm of the variance lies, -1 at the lower and 1 at the upper one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.diffusion.process import at, q_posterior, x0_from_eps
from engine.diffusion.schedules import Schedule, log_variance_bounds

HALF_BIN = 1.0 / 255.0
"""Of one of the 256 grey values that images in [-1, 1] are taken to have."""
SURELY = 0.999
LEAST_CHANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Reverse:
    """p(x_{t-1} | x_t) as the network has it; all (B, C, ...).

    Attributes:
        mean, log_variance: Of the normal distribution.
        x0: The clean image that the mean aims at.
    """

    mean: Tensor
    log_variance: Tensor
    x0: Tensor


def learned_log_variance(schedule: Schedule, v: Tensor, t: Tensor) -> Tensor:
    """Eq. 15: log sigma^2 for v (B, C, ...) in [-1, 1] and timesteps t (B,)."""
    small, large = (at(bound, t, v) for bound in log_variance_bounds(schedule))
    return small + (v + 1.0) / 2.0 * (large - small)


def reverse_step(
    schedule: Schedule, output: Tensor, x_t: Tensor, t: Tensor, *, clip: bool = True
) -> Reverse:
    """What a network that predicts noise and variance says of x_{t-1}.

    Args:
        output: (B, 2C, ...), noise and then v.
        x_t: (B, C, ...).
        t: (B,) timesteps.
        clip: Keep x0 in [-1, 1].
    """
    eps, v = output.to(x_t.dtype).chunk(2, dim=1)
    x0 = x0_from_eps(schedule, x_t, t, eps)
    if clip:
        x0 = x0.clamp(-1.0, 1.0)
    mean, _, _ = q_posterior(schedule, x0, x_t, t)
    return Reverse(mean, learned_log_variance(schedule, v, t), x0)


def bound_terms(schedule: Schedule, x0: Tensor, x_t: Tensor, t: Tensor, found: Reverse) -> Tensor:
    """L_t of the variational bound (DDPM eq. 5), in bits a pixel: (B,).

    The divergence of the posterior from `found`; at t = 0 what it costs to say the grey value.
    """
    mean, _, log_variance = q_posterior(schedule, x0, x_t, t)
    divergence = normal_divergence(mean, log_variance, found.mean, found.log_variance)
    likelihood = grey_log_likelihood(x0, found.mean, found.log_variance)
    costs, said = divergence.flatten(1).mean(dim=1), -likelihood.flatten(1).mean(dim=1)
    return torch.where(t == 0, said, costs) / math.log(2.0)


def normal_divergence(
    mean: Tensor, log_variance: Tensor, other_mean: Tensor, other_log_variance: Tensor
) -> Tensor:
    """KL(N(mean, variance) || N(other)), element by element, in nats."""
    ratio = torch.exp(log_variance - other_log_variance)
    apart = (mean - other_mean).square() * torch.exp(-other_log_variance)
    return 0.5 * (other_log_variance - log_variance + ratio + apart - 1.0)


def grey_log_likelihood(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log P of each pixel's grey value, one of 256 over [-1, 1], under a normal distribution.

    DDPM eq. 13: the chance between the middle to the value below and that to the one above; the
    darkest and the brightest take all that lies beyond them.
    """
    scale = torch.exp(-0.5 * log_variance)
    above = torch.special.ndtr((x - mean + HALF_BIN) * scale)
    below = torch.special.ndtr((x - mean - HALF_BIN) * scale)
    above = torch.where(x > SURELY, torch.ones_like(above), above)
    below = torch.where(x < -SURELY, torch.zeros_like(below), below)
    return (above - below).clamp(min=LEAST_CHANCE).log()


def hybrid_loss(
    schedule: Schedule, output: Tensor, x0: Tensor, x_t: Tensor, t: Tensor, eps: Tensor
) -> tuple[Tensor, Tensor]:
    """L_simple and the bound's share in L_hybrid (eq. 16), each (B,).

    The noise learns from L_simple alone: in the bound the mean is held. The weight 0.001 is that
    of the paper, for the sum of all T terms, of which one is drawn.

    Args:
        output: (B, 2C, ...) of the network.
        x0, x_t, eps: (B, C, ...) with x_t = q_sample(x0, t, eps).
        t: (B,) timesteps.
    """
    predicted, v = output.float().chunk(2, dim=1)
    simple = (predicted - eps).square().flatten(1).mean(dim=1)
    held = torch.cat([predicted.detach(), v], dim=1)
    found = reverse_step(schedule, held, x_t, t, clip=False)
    bound = bound_terms(schedule, x0, x_t, t, found)
    return simple, bound * (schedule.num_timesteps / 1000.0)
