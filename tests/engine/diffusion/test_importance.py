from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.diffusion.importance import KEPT, UNIFORM, SecondMoment

T = 5


def taught(scale: np.ndarray) -> SecondMoment:
    sampler = SecondMoment(len(scale))
    for _ in range(KEPT):
        sampler.learn(torch.arange(len(scale)), torch.from_numpy(scale))
    return sampler


def test_all_are_alike_until_all_are_known() -> None:
    sampler = SecondMoment(T)
    for _ in range(KEPT):
        sampler.learn(torch.arange(T - 1), torch.full((T - 1,), 9.0))
    assert sampler.chances == pytest.approx(np.full(T, 1 / T))
    _, weights = sampler.draw(np.random.default_rng(0), 100)
    assert weights == pytest.approx(np.ones(100))


def test_chances_follow_the_second_moment() -> None:
    losses = np.array([1.0, 2.0, 3.0, 4.0, 0.0])
    chances = taught(losses).chances
    assert chances.sum() == pytest.approx(1)
    assert chances == pytest.approx((1 - UNIFORM) * losses / 10 + UNIFORM / T)


def test_the_latest_losses_count() -> None:
    sampler = taught(np.ones(T))
    for _ in range(KEPT):
        sampler.learn(torch.tensor([2]), torch.tensor([6.0]))
    assert sampler.chances[2] == pytest.approx(0.6, abs=0.01)


def test_weighted_losses_have_the_mean_of_all_timesteps() -> None:
    losses = np.array([0.1, 5.0, 1.0, 0.4, 2.0])
    t, weights = taught(losses).draw(np.random.default_rng(0), 20_000)
    assert (losses[t] * weights).mean() == pytest.approx(losses.mean(), rel=0.02)
    # That is what the draw is for: the weighted losses hardly vary.
    assert (losses[t] * weights).std() < 0.1 * losses.std()


def test_it_goes_on_where_it_was() -> None:
    one, other = taught(np.arange(T) + 1.0), SecondMoment(T)
    other.restore(one.tensors())
    for sampler in (one, other):
        sampler.learn(torch.tensor([0]), torch.tensor([7.0]))
    assert (one.chances == other.chances).all()
    with pytest.raises(ValueError, match="5 timesteps"):
        SecondMoment(4).restore(one.tensors())


def test_losses_of_nothing() -> None:
    assert taught(np.zeros(T)).chances == pytest.approx(np.full(T, 1 / T))
