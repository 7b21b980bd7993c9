"""From an image to votes: T reverse steps each, and what the votes say together.

The image's encoder runs once an image; votes share network calls, as many as memory allows.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.device import Context
from engine.diffusion.noise import Noise, NoiseSource
from engine.diffusion.samplers import Steps, ancestral
from engine.diffusion.schedules import Schedule
from engine.methods.cdal.networks import LoadedGenerator
from engine.methods.cdal.params import VoteRange
from engine.networks.ncsnpp import NCSNpp
from engine.parameters import MAX_SEED
from engine.steps import DenoiseStep

GROUP_PIXELS = {"cpu": 256**2, "mps": 8 * 256**2, "cuda": 64 * 256**2}
"""Pixels of one network call: large enough to be efficient, small enough to cancel soon."""


@dataclass(frozen=True, eq=False)
class Votes:
    """What N runs say of B images in K classes.

    Attributes:
        samples: (N, B, L, H, W) in [0, 1], L = 1 foreground map, or one map a class.
        probability: (B, K, H, W), the mean before it is rounded; sums to 1 over classes.
        variance: (B, H, W), over the votes, of the class that varies most.
        entropy: (B, H, W) of the probability, in nats over log K, so in [0, 1].
    """

    samples: Tensor
    probability: Tensor
    variance: Tensor
    entropy: Tensor

    @property
    def labels(self) -> Tensor:
        """The majority's class, (B, H, W) int64; a foreground of exactly one half is none."""
        if self.samples.shape[2] == 1:
            return (self.probability[:, 1] > 0.5).long()
        return self.probability.argmax(dim=1)


def reverse(
    model: NCSNpp, schedule: Schedule, features: Tensor, x_T: Tensor, noise: Noise
) -> Steps:
    """The T steps of a batch, a fresh latent in each.

    Args:
        features: Of the image, (B, width, H, W) or (1, width, H, W) shared by the batch.
        x_T: Standard normal (B, labels, H, W).
        noise: Asked at every step for a latent (latent,), then for the step's noise.
    """
    length = model.config.latent

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        # All are at the same step.
        return model(x_t, t[:1], noise.normal((length,), x_t.device, x_t.dtype), features)

    return ancestral(predict, schedule, x_T, noise, prediction="x0")


@torch.inference_mode()
def sample_votes(
    loaded: LoadedGenerator, images: Tensor, count: int, seed: int, context: Context
) -> Generator[DenoiseStep, None, Votes]:
    """Segment images by `count` votes; each vote's noise follows from the seed and its number.

    Args:
        images: (B, channels, H, W) normalised, sides divisible by the network's `divisor`.

    Yields:
        The steps of each group of votes, (votes in it * images, L, H, W), images fastest.
    """
    model, (batch, _, height, width) = loaded.model, images.shape
    labels = model.config.labels
    # Asked for in samples of one call, images times votes, before anything takes memory.
    at_once = min(count, max(1, GROUP_PIXELS[context.device.type] // (batch * height * width)))
    size = max(1, context.limit(batch * at_once) // batch)
    images = images.to(context.device, context.dtype, memory_format=torch.channels_last)
    features = model.encode(images)
    groups = -(-count // size)
    samples: list[Tensor] = []
    for group in range(groups):
        votes = range(group * size, min(count, (group + 1) * size))
        noise = NoiseSource([vote_seed(seed, vote, i) for vote in votes for i in range(batch)])
        shape = (labels, height, width)
        x_T = noise.normal(shape, context.device, context.dtype)
        shared = features if batch == 1 else features.repeat(len(votes), 1, 1, 1)
        last = None
        for step in reverse(model, loaded.schedule, shared, x_T, noise):
            last = step.x_t
            before = x_T if step.index == 0 else None
            yield replace(step, group=group, groups=groups, offset=votes[0], before=before)
        assert last is not None
        found = votes_of(last.float(), loaded.vote_range)
        samples.append(found.reshape(len(votes), batch, *shape))
    return tally(torch.cat(samples))


def votes_of(x0: Tensor, taken: VoteRange) -> Tensor:
    """Votes in [0, 1] from labels in [-1, 1]; the paper clamps to [0, 1].

    An undecided network gives the mean of -1 and 1, weighted by their chances p: 2 p - 1. Clamped,
    that is a vote above one half where p > 3/4, and so too few of the doubtful voxels; the whole
    range gives p itself.
    """
    return (x0 if taken == "upper" else (x0 + 1) / 2).clamp(0, 1)


def vote_seed(seed: int, vote: int, image: int) -> int:
    """Votes of all images differ, and the first votes stay when more are asked for."""
    return (seed + 1_000_003 * vote + 7_919 * image) % (MAX_SEED + 1)


def tally(samples: Tensor) -> Votes:
    """What votes (N, B, L, H, W) in [0, 1] say together."""
    mean = samples.mean(dim=0)
    spread = samples.var(dim=0, unbiased=False)
    if mean.shape[1] == 1:
        probability = torch.cat([1 - mean, mean], dim=1)
    else:
        total = mean.sum(dim=1, keepdim=True)
        # Where no class got any vote it is background.
        nothing = torch.zeros_like(mean)
        nothing[:, 0] = 1
        probability = torch.where(total > 0, mean / total.clamp(min=1e-12), nothing)
    entropy = -torch.xlogy(probability, probability).sum(dim=1)
    bits = torch.log(torch.tensor(float(probability.shape[1])))
    return Votes(samples, probability, spread.amax(dim=1), entropy / bits)
