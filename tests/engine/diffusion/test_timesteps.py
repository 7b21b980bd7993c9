from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from engine.diffusion.schedules import make_schedule
from engine.diffusion.timesteps import SPACINGS, initial_state, make_timesteps, respace
from engine.errors import InputError

SCHEDULE = make_schedule("linear", 300)


@given(
    total=st.integers(1, 120),
    share=st.floats(0, 1),
    spacing=st.sampled_from(SPACINGS),
    name=st.sampled_from(["linear", "cosine", "jsd", "constant"]),
)
@settings(max_examples=150, deadline=None)
def test_any_spacing_goes_strictly_down(total: int, share: float, spacing: str, name: str) -> None:
    schedule = make_schedule(name, total)
    steps = max(1, round(share * total))
    chosen = make_timesteps(schedule, steps, spacing)
    assert len(chosen) == steps
    assert all(a > b for a, b in zip(chosen, [*chosen[1:], -1], strict=True))
    assert chosen[0] < total
    if spacing != "leading":
        assert chosen[0] == total - 1


@pytest.mark.parametrize("spacing", SPACINGS)
def test_all_steps_are_all_steps_in_any_spacing(spacing: str) -> None:
    assert make_timesteps(SCHEDULE, None, spacing) == list(range(299, -1, -1))


def test_spacings_of_ten() -> None:
    leading = [270, 240, 210, 180, 150, 120, 90, 60, 30, 0]
    assert make_timesteps(SCHEDULE, 10, "leading") == leading
    assert make_timesteps(SCHEDULE, 10, "trailing") == [t + 29 for t in leading]
    assert make_timesteps(SCHEDULE, 4, "linspace") == [299, 199, 100, 0]


def test_logsnr_steps_are_even_in_log_snr() -> None:
    schedule = make_schedule("linear", 10_000, beta_start=1e-5, beta_end=2e-3)
    gaps = torch.logit(schedule.alpha_bar)[make_timesteps(schedule, 12, "logsnr")].diff()
    assert_close(gaps, torch.full_like(gaps, float(gaps.mean())), rtol=0.05, atol=0)


@pytest.mark.parametrize("steps", [0, -1, 301])
def test_a_step_count_out_of_range_is_refused(steps: int) -> None:
    with pytest.raises(InputError, match="1 to 300"):
        make_timesteps(SCHEDULE, steps)


def test_an_unknown_spacing_is_refused() -> None:
    with pytest.raises(InputError, match="dense"):
        make_timesteps(SCHEDULE, 10, "dense")


def test_respacing_to_all_timesteps_changes_nothing() -> None:
    same = respace(SCHEDULE, range(299, -1, -1))
    for name in ("betas", "alpha_bar_prev", "posterior_variance", "posterior_mean_xt"):
        assert_close(getattr(same, name), getattr(SCHEDULE, name), rtol=1e-9, atol=1e-14)


def test_respacing_keeps_the_levels_and_ends_where_told() -> None:
    short = respace(SCHEDULE, [200, 100, 50], final_t=20)
    assert_close(short.alpha_bar, SCHEDULE.alpha_bar[[50, 100, 200]])
    assert_close(short.alpha_bar_prev, SCHEDULE.alpha_bar[[20, 50, 100]])
    assert_close(1 - short.betas, SCHEDULE.alpha_bar[[50, 100, 200]] / short.alpha_bar_prev)
    assert float(short.posterior_variance[0]) > 0


@pytest.mark.parametrize(
    ("timesteps", "final_t"),
    [([], -1), ([5, 5], -1), ([3, 7], -1), ([300, 2], -1), ([7, 3], 3), ([7, 3], -2)],
)
def test_timesteps_that_are_no_way_down_are_refused(timesteps: list[int], final_t: int) -> None:
    with pytest.raises(ValueError, match="way down"):
        respace(SCHEDULE, timesteps, final_t)


def test_the_prior_is_the_noise_itself_and_rescaled_is_the_marginal() -> None:
    noise = torch.randn(1, 1, 200, 200, generator=torch.Generator().manual_seed(0))
    assert initial_state(SCHEDULE, noise) is noise
    a = float(SCHEDULE.alpha_bar[-1])
    x = initial_state(SCHEDULE, noise, "rescaled", data_mean=-0.5, data_std=0.3)
    assert float(x.mean()) == pytest.approx(-0.5 * a**0.5, abs=0.02)
    assert float(x.var()) == pytest.approx(a * 0.09 + 1 - a, rel=0.03)
    bare = initial_state(SCHEDULE, noise, "rescaled", t=100)
    assert_close(bare, (1 - float(SCHEDULE.alpha_bar[100])) ** 0.5 * noise)


def test_an_unknown_start_is_refused() -> None:
    with pytest.raises(InputError, match="warm"):
        initial_state(SCHEDULE, torch.zeros(1, 1), "warm")
