"""Where samplers get their noise from: one stream of random numbers an image.

An image depends on its own seed alone: not on the images it shares a batch with, not on its
place in the batch, not on the device.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from engine.errors import InputError

MAX_SEED = 2**63 - 1


class Noise(Protocol):
    """A supply of standard normal noise for a batch of known size."""

    def normal(
        self, shape: Sequence[int], device: torch.device | str, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """The next draw: (B, *shape), `shape` being that of one image, without the batch."""
        ...


class NoiseSource:
    """One seeded generator an image.

    The numbers are drawn on the CPU in float32 and then moved and cast, because generators of
    different devices give different numbers for one seed.

    Args:
        seeds: One seed an image of the batch, each from 0 to `MAX_SEED`; equal seeds give equal
            images.

    Raises:
        InputError: No seeds, or one out of range.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        if not seeds:
            raise InputError("There is no seed.", "Give one seed for each image.")
        for seed in seeds:
            if not 0 <= seed <= MAX_SEED:
                raise InputError(f"The seed {seed} is out of range.", f"Use 0 to {MAX_SEED}.")
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def normal(
        self, shape: Sequence[int], device: torch.device | str, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """The next draw of every image: (B, *shape), standard normal."""
        out = torch.empty((len(self._generators), *shape), dtype=torch.float32)
        for image, generator in zip(out, self._generators, strict=True):
            torch.randn(tuple(shape), generator=generator, out=image)
        return out.to(device=device, dtype=dtype)


class FixedNoise:
    """Replays given draws in order, to repeat a run whose noise was recorded.

    Args:
        draws: Tensors (B, *shape), one for each time noise is asked for.
    """

    def __init__(self, draws: Iterable[Tensor]) -> None:
        self._draws = iter(draws)

    def normal(
        self, shape: Sequence[int], device: torch.device | str, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """The next recorded draw.

        Raises:
            ValueError: The draws are used up, or the next one has another shape.
        """
        draw = next(self._draws, None)
        if draw is None:
            raise ValueError("the recorded noise is used up")
        if tuple(draw.shape[1:]) != tuple(shape):
            raise ValueError(f"recorded noise is {tuple(draw.shape[1:])}, wanted {tuple(shape)}")
        return draw.to(device=device, dtype=dtype)
