"""Votes that each see the image another way round, and are turned back.

Where no side is up, as under a microscope, what a network says of an image and of its mirror image
should be the same, and is not: the mean errs less than either, and their spread tells where.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from engine.methods.cdal.sampling import vote_seed
from engine.steps import DenoiseStep


class Sampled(Protocol):
    """What a sampler returns."""

    @property
    def samples(self) -> Tensor:
        """(N, B, L, H, W) in [0, 1]."""


Draw = Callable[[Tensor, int, int], Generator[DenoiseStep, None, Sampled]]
"""(images (B, C, H, W) normalised, votes, seed) -> votes. Its steps have the states of some of
the votes, from number `offset` on, each of all images: (votes in it * B, L, H, W)."""


@dataclass(frozen=True)
class View:
    """A way to see an image: mirrored or not, then turned by some quarters.

    Attributes:
        quarters: Counterclockwise, 0 to 3.
        mirrored: Left and right change places first.
    """

    quarters: int
    mirrored: bool

    def of(self, images: Tensor) -> Tensor:
        """Images (..., H, W) as this view shows them."""
        seen = images.flip(-1) if self.mirrored else images
        return seen.rot90(self.quarters, (-2, -1))

    def back(self, images: Tensor) -> Tensor:
        """What was found in the view, (..., H', W'), as the image lies."""
        turned = images.rot90(-self.quarters, (-2, -1))
        return turned.flip(-1) if self.mirrored else turned


# Those first that are least alike, so that a few votes see different things.
HALF_TURNS = (View(0, False), View(2, True), View(2, False), View(0, True))
ALL_TURNS = (*HALF_TURNS, View(1, False), View(3, True), View(3, False), View(1, True))


@dataclass(frozen=True, eq=False)
class Found:
    """Votes (N, B, L, H, W) in [0, 1], as the image lies."""

    samples: Tensor


def turned(draw: Draw) -> Draw:
    """A sampler whose votes are dealt to the views there are: eight of squares, else four."""

    def run(images: Tensor, count: int, seed: int) -> Generator[DenoiseStep, None, Found]:
        views = ALL_TURNS if images.shape[-1] == images.shape[-2] else HALF_TURNS
        used = min(count, len(views))
        found: list[Tensor] = []
        for number, view in enumerate(views[:used]):
            share = count // used + (number < count % used)
            before = sum(len(samples) for samples in found)
            # Each with noise of its own.
            steps = draw(view.of(images), share, vote_seed(seed, before, 0))
            sampled = yield from _turned_back(steps, view, number, used, before)
            found.append(view.back(sampled.samples))
        return Found(torch.cat(found))

    return run


def _turned_back(
    steps: Generator[DenoiseStep, None, Sampled], view: View, number: int, views: int, before: int
) -> Generator[DenoiseStep, None, Sampled]:
    """A view's steps as steps of the whole, whose votes `before` are those of other views."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            sampled: Sampled = end.value
            return sampled
        yield replace(
            step,
            x_t=view.back(step.x_t),
            x0_hat=view.back(step.x0_hat),
            before=None if step.before is None else view.back(step.before),
            eps=None if step.eps is None else view.back(step.eps),
            group=number * step.groups + step.group,
            groups=views * step.groups,
            offset=before + step.offset,
        )
