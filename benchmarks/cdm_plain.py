"""CDM in the straightforward form that the fast one is measured against.

Pixels are made four times before they are convolved, attention writes all weights out, maps and
weights lie channels first, every product is made, and the network is called for one way of one
slice at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.diffusion.noise import FixedNoise, NoiseSource
from engine.diffusion.process import q_sample
from engine.diffusion.samplers import ddim
from engine.methods.cdm.networks import LoadedDiffusion
from engine.networks.convolution import Conv3
from engine.networks.guided_blocks import AttentionBlock, ResidualBlock, Upsample


def _attention(self: AttentionBlock, x: Tensor) -> Tensor:
    batch, _, height, width = x.shape
    parts = self.qkv(self.norm(x).flatten(2).transpose(1, 2))
    q, k, v = parts.reshape(batch, height * width, self.heads, 3, -1).permute(3, 0, 2, 1, 4)
    weights = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(dim=-1)
    h = self.project((weights @ v).transpose(1, 2).flatten(2))
    return x + h.transpose(1, 2).reshape(x.shape)


def _residual(self: ResidualBlock, x: Tensor, embedding: Tensor) -> Tensor:
    h = self.conv_in(F.silu(self.norm_in(x)))
    scale, shift = self.embed(embedding)[:, :, None, None].chunk(2, dim=1)
    h = self.conv_mid(F.silu(self.norm_mid(h) * (1 + scale) + shift))
    return (x if self.skip is None else self.skip(x)) + h


def _upsample(self: Upsample, x: Tensor) -> Tensor:
    return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


@contextmanager
def plain_layers() -> Iterator[None]:
    """Meanwhile the layers of guided diffusion's U-Net are the straightforward ones."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(AttentionBlock, "forward", _attention))
        stack.enter_context(patch.object(ResidualBlock, "forward", _residual))
        stack.enter_context(patch.object(Upsample, "forward", _upsample))
        stack.enter_context(patch.object(Conv3, "forward", nn.Conv2d.forward))
        yield


@torch.no_grad()
def plain_maps(
    loaded: LoadedDiffusion, slices: Tensor, seeds: Sequence[int], level: int, rounds: int,
    tau: float,
) -> Tensor:  # fmt: skip
    """The maps (R, B, H, W) of `saliency.cdm`, straightforwardly; the same noise."""
    model = loaded.model
    one, nothing = (model.label_vectors(torch.tensor([label])) for label in (1, 0))
    found = []
    with plain_layers():
        for image, seed in zip(slices.split(1), seeds, strict=True):
            noise = NoiseSource([seed]).normal(image.shape[1:], "cpu")
            x_Q = q_sample(loaded.schedule, image, torch.tensor([level]), noise)
            ways = [
                _way(loaded, x_Q, vector, level, rounds)
                for vector in (one, tau * one + (1 - tau) * nothing)
            ]
            found.append((ways[0] - ways[1]).mean(dim=2) / (1 - tau))
    return torch.cat(found, dim=1)


def _way(loaded: LoadedDiffusion, x_Q: Tensor, vector: Tensor, level: int, rounds: int) -> Tensor:
    """The states (R, 1, C, H, W) under one label."""

    def predict(x_t: Tensor, t: Tensor) -> Tensor:
        return loaded.eps(x_t, t, vector)

    last = level - 1 - rounds
    timesteps = range(level - 1, last, -1)
    steps = ddim(
        predict, loaded.schedule, x_Q, FixedNoise(()), timesteps=timesteps, final_t=last, clip="x0"
    )
    return torch.stack([step.x_t for step in steps])
