from __future__ import annotations

import pytest
import torch

from engine.diffusion.noise import MAX_SEED, FixedNoise, NoiseSource
from engine.errors import InputError


@pytest.mark.parametrize("shape", [(1, 3), (1, 5, 7), (2, 16, 16)])
def test_an_image_has_the_same_noise_alone_and_in_any_company(shape: tuple[int, ...]) -> None:
    alone, company, reordered = NoiseSource([7]), NoiseSource([3, 7, 11]), NoiseSource([7, 3])
    for _ in range(3):
        draw = alone.normal(shape, "cpu")
        assert draw.shape == (1, *shape)
        assert torch.equal(draw[0], company.normal(shape, "cpu")[1])
        assert torch.equal(draw[0], reordered.normal(shape, "cpu")[0])


def test_draws_go_on_and_seeds_differ() -> None:
    source = NoiseSource([1, 2])
    first, second = source.normal((4, 4), "cpu"), source.normal((4, 4), "cpu")
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def test_the_numbers_are_standard_normal_and_do_not_depend_on_the_type() -> None:
    draw = NoiseSource([5]).normal((300, 300), "cpu")
    assert float(draw.mean()) == pytest.approx(0.0, abs=0.015)
    assert float(draw.std()) == pytest.approx(1.0, abs=0.015)
    double = NoiseSource([5]).normal((300, 300), "cpu", torch.float64)
    assert double.dtype == torch.float64
    assert torch.equal(double.float(), draw)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    NoiseSource([5]).normal((8,), "cpu")
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("seeds", [[], [-1], [1, MAX_SEED + 1]])
def test_bad_seeds_are_refused(seeds: list[int]) -> None:
    with pytest.raises(InputError, match="seed"):
        NoiseSource(seeds)


def test_fixed_noise_replays_in_order_and_complains_at_the_end() -> None:
    draws = torch.arange(8.0).reshape(2, 1, 4)
    noise = FixedNoise(draws)
    assert torch.equal(noise.normal((4,), "cpu"), draws[0])
    assert torch.equal(noise.normal((4,), "cpu", torch.float64), draws[1].double())
    with pytest.raises(ValueError, match="used up"):
        noise.normal((4,), "cpu")


def test_fixed_noise_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted"):
        FixedNoise([torch.zeros(1, 4)]).normal((5,), "cpu")
