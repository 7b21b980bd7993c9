"""Which timesteps a sampler visits, and the state it sets out from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from engine.diffusion.schedules import Schedule, schedule_from_alpha_bar
from engine.errors import InputError

Spacing = Literal["leading", "trailing", "linspace", "logsnr"]
SPACINGS: tuple[str, ...] = get_args(Spacing)


def make_timesteps(
    schedule: Schedule, steps: int | None = None, spacing: str = "trailing"
) -> list[int]:
    """Choose `steps` of the T timesteps; table 2 of Lin et al. 2024 names the first three.

    - leading: multiples of T // steps from 0; never visits T-1 unless steps = T, so the run
      starts at a level with less noise than the state it is given. Early DDIM code did this.
    - trailing: every T / steps, from T-1 down; the first is always T-1.
    - linspace: evenly from T-1 to 0, both visited.
    - logsnr: evenly in log(alpha_bar / (1 - alpha_bar)) from T-1 to 0, nearest timesteps, no
      two alike; DPM-Solver's choice (Lu et al. 2022, section 3.3 and appendix D).

    Args:
        schedule: Gives T and, for logsnr, the signal levels.
        steps: How many, 1 to T; all of them when None.
        spacing: How they are spread, one of `SPACINGS`.

    Returns:
        Strictly decreasing timesteps in [0, T).

    Raises:
        InputError: `steps` out of range, or an unknown spacing.
    """
    total = schedule.num_timesteps
    n = total if steps is None else steps
    if not 1 <= n <= total:
        raise InputError(
            f"{n} sampling steps were asked for.", f"This model takes 1 to {total} steps."
        )
    if spacing == "leading":
        chosen = np.arange(n)[::-1] * (total // n)
    elif spacing == "trailing":
        chosen = np.round(total - np.arange(n) * (total / n)) - 1
    elif spacing == "linspace":
        chosen = np.round(np.linspace(total - 1, 0, n))
    elif spacing == "logsnr":
        chosen = _even_in_logsnr(schedule, n)
    else:
        raise InputError(
            f"There is no timestep spacing called '{spacing}'.", f"Use {', '.join(SPACINGS)}."
        )
    return [int(t) for t in chosen]


def _even_in_logsnr(schedule: Schedule, n: int) -> np.ndarray:
    logsnr = torch.logit(schedule.alpha_bar.double().cpu(), eps=1e-12).numpy()
    wanted = np.linspace(logsnr[0], logsnr[-1], n)
    total = len(logsnr)
    times = np.round(np.interp(-wanted, -logsnr, np.arange(total))).astype(int)
    if n == 1:
        times[:] = total - 1
    # Near t = 0 the log-SNR changes fast, and several targets may round to one timestep.
    ranks = np.arange(n)
    times = np.maximum.accumulate(times - ranks) + ranks
    return np.minimum(times, total - n + ranks)[::-1]


def respace(schedule: Schedule, timesteps: Sequence[int], final_t: int = -1) -> Schedule:
    """The shorter schedule that visits `timesteps` alone (Improved DDPM, section 4).

    Args:
        schedule: The schedule that the network was trained on.
        timesteps: Strictly decreasing, in [0, T); entry 0 of the result is the last of them.
        final_t: The timestep whose noise level the run ends at, below all of `timesteps`; -1
            for a clean image.

    Raises:
        ValueError: The timesteps are empty, out of order or out of range.
    """
    order = [*timesteps, final_t]
    descending = all(a > b for a, b in pairwise(order))
    if not timesteps or not descending or final_t < -1 or order[0] >= schedule.num_timesteps:
        raise ValueError(f"not a way down from {schedule.num_timesteps - 1}: {order}")
    levels = schedule.alpha_bar.double().cpu()
    final = 1.0 if final_t < 0 else float(levels[final_t])
    return schedule_from_alpha_bar(
        schedule.name, levels[list(reversed(timesteps))], final_alpha_bar=final
    )


def initial_state(
    schedule: Schedule,
    noise: Tensor,
    start: str = "prior",
    *,
    t: int | None = None,
    data_mean: float = 0.0,
    data_std: float = 0.0,
) -> Tensor:
    """The state that a run from noise alone sets out from.

    A schedule need not end in pure noise. For the linear one with T = 300, 1e-4 to 0.02,
    alpha_bar ends at 0.048: in training x_{T-1} still held 22 % of the image's amplitude.

    - prior: N(0, 1), as DDPM and the published samplers do. Against what the network knows, the
      state lacks the mean sqrt(alpha_bar) mu of the data and has alpha_bar (1 - sd^2) too much
      variance. The network reads the missing brightness as part of the image. An ancestral run
      forgets most of it, since every step mixes in fresh noise; a deterministic one (DDIM at
      eta 0, DPM-Solver++) carries it to the end: for independent Gaussian pixels the mean comes
      out as mu (1 - sd sqrt(alpha_bar) / sd_T), with sd_T^2 = alpha_bar sd^2 + 1 - alpha_bar.
    - rescaled: N(sqrt(alpha_bar) mu, sd_T^2), the distribution of x_t to second order, so that
      few-step solvers start where training left off. With the defaults (mean and sd 0) only
      the noise is brought down to its level sqrt(1 - alpha_bar).

    Args:
        schedule: The schedule that the network was trained on.
        noise: (B, ...) standard normal.
        start: Which of the two, prior or rescaled.
        t: The first timestep visited; T-1 by default. Only rescaled depends on it.
        data_mean: mu, mean of the training images, in their range [-1, 1].
        data_std: sd, standard deviation of a pixel over the training images.

    Raises:
        InputError: `start` is neither of the two.
    """
    if start == "prior":
        return noise
    if start != "rescaled":
        raise InputError(f"There is no start called '{start}'.", "Use prior or rescaled.")
    alpha_bar = float(schedule.alpha_bar[-1 if t is None else t])
    std = (alpha_bar * data_std**2 + 1.0 - alpha_bar) ** 0.5
    return alpha_bar**0.5 * data_mean + std * noise
