"""Independent Gaussian pixels, for which the best possible network is a formula.

For x_0 ~ N(mean, sd^2) everything about the diffusion is known: the marginals, the optimal
noise prediction E[eps | x_t], and the solution of the probability flow.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.diffusion.process import PredictionType, at, v_from, x0_from_eps
from engine.diffusion.schedules import Schedule, log_variance_bounds


@dataclass(frozen=True)
class Gaussian:
    schedule: Schedule
    mean: float
    sd: float
    prediction: PredictionType = "eps"

    def marginal(self, t: int) -> tuple[float, float]:
        """Mean and standard deviation of x_t; t = -1 is the data."""
        a = 1.0 if t < 0 else float(self.schedule.alpha_bar[t])
        return a**0.5 * self.mean, (a * self.sd**2 + 1.0 - a) ** 0.5

    def flow(self, x: Tensor, start: int, end: int) -> Tensor:
        """Where the probability flow takes x from timestep `start` to `end`."""
        (mean_s, sd_s), (mean_e, sd_e) = self.marginal(start), self.marginal(end)
        return mean_e + sd_e / sd_s * (x - mean_s)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """E[eps | x_t], or E[x0 | x_t] or E[v | x_t], elementwise."""
        a = at(self.schedule.alpha_bar, t, x)
        eps = (1 - a).sqrt() * (x - a.sqrt() * self.mean) / (a * self.sd**2 + 1 - a)
        if self.prediction == "eps":
            return eps
        x0 = x0_from_eps(self.schedule, x, t, eps)
        return x0 if self.prediction == "x0" else v_from(self.schedule, x0, t, eps)

    def with_variance(self, x: Tensor, t: Tensor) -> Tensor:
        """The same, and in a second half of the channels the true variance of x_{t-1}."""
        s = self.schedule
        known = self.sd**2 * (1 - s.alpha_bar) / (s.alpha_bar * self.sd**2 + 1 - s.alpha_bar)
        true = (s.posterior_variance + s.posterior_mean_x0**2 * known).log()
        small, large = log_variance_bounds(s)
        share = 2 * (true - small) / (large - small).clamp(min=1e-9) - 1
        return torch.cat([self(x, t), at(share, t, x).expand_as(x)], dim=1)
