"""cDAL's networks in the straightforward form that the fast one is measured against.

Filters stuff zeros between pixels and drop what they do not need, attention writes all weights
out, the image is encoded in every call, votes come one at a time, and the generator keeps its
graph while the discriminator learns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.diffusion.noise import Noise, NoiseSource
from engine.diffusion.process import q_posterior
from engine.diffusion.samplers import ancestral
from engine.methods.cdal.networks import LoadedGenerator
from engine.methods.cdal.sampling import Votes, tally, vote_seed
from engine.methods.cdal.stage import DuelStage
from engine.networks import fir
from engine.networks.ncsnpp_blocks import HALF, AdaptiveNorm, AttentionBlock, ResidualBlock
from engine.training.fit import Batch


def smooth(x: Tensor, pad: int) -> Tensor:
    """The filter at full resolution, map by map."""
    return _filtered(x, (pad, pad), 1.0)


def downsample(x: Tensor, pad: int = 1) -> Tensor:
    """Filter everything, keep every second pixel."""
    return _filtered(x, (pad, pad), 1.0)[..., ::2, ::2]


def upsample(x: Tensor) -> Tensor:
    """Zeros after every pixel, then filter everything."""
    batch, channels, height, width = x.shape
    stuffed = F.pad(x.reshape(batch, channels, height, 1, width, 1), (0, 1, 0, 0, 0, 1))
    stuffed = stuffed.reshape(batch, channels, 2 * height, 2 * width)
    return _filtered(stuffed, (2, 1), 4.0)


def _filtered(x: Tensor, pad: tuple[int, int], gain: float) -> Tensor:
    padded = F.pad(x, pad * 2)
    maps = padded.reshape(-1, 1, *padded.shape[-2:])
    out = F.conv2d(maps, fir.filter_of(x, gain)[None, None])
    return out.reshape(*x.shape[:2], *out.shape[-2:])


def _attention(self: AttentionBlock, x: Tensor) -> Tensor:
    pixels = self.norm(x).flatten(2).transpose(1, 2)
    q, k, v = self.query(pixels), self.key(pixels), self.value(pixels)
    weights = (torch.einsum("bic,bjc->bij", q, k) * x.shape[1] ** -0.5).softmax(dim=-1)
    h = self.project(torch.einsum("bij,bjc->bic", weights, v))
    return (x + h.transpose(1, 2).reshape(x.shape)) * HALF


def _adaptive_norm(self: AdaptiveNorm, x: Tensor, w: Tensor) -> Tensor:
    gamma, beta = self.style(w)[:, :, None, None].chunk(2, dim=1)
    return gamma * F.group_norm(x, self.groups, eps=1e-6) + beta


def _residual(self: ResidualBlock, x: Tensor, time: Tensor, w: Tensor) -> Tensor:
    h = F.silu(self.norm_in(x, w))
    if self.resample != "none":
        resample = fir.upsample if self.resample == "up" else fir.downsample
        h, x = resample(h), resample(x)
    h = self.conv_in(h) + self.time(time)[:, :, None, None]
    h = self.conv_mid(F.silu(self.norm_mid(h, w)))
    return ((x if self.skip is None else self.skip(x)) + h) * HALF


@contextmanager
def plain_layers() -> Iterator[None]:
    """Meanwhile the layers of cDAL's networks are the straightforward ones."""
    with ExitStack() as stack:
        for function in (smooth, downsample, upsample):
            stack.enter_context(patch.object(fir, function.__name__, function))
        stack.enter_context(patch.object(AttentionBlock, "forward", _attention))
        stack.enter_context(patch.object(AdaptiveNorm, "forward", _adaptive_norm))
        stack.enter_context(patch.object(ResidualBlock, "forward", _residual))
        yield


@torch.inference_mode()
def plain_votes(loaded: LoadedGenerator, image: Tensor, count: int, seed: int) -> Votes:
    """`sample_votes` for one image (1, C, H, W), straightforwardly; the same noise."""
    model, shape = loaded.model, (loaded.model.config.labels, *image.shape[-2:])

    samples = []
    with plain_layers():
        for vote in range(count):
            noise = NoiseSource([vote_seed(seed, vote, 0)])
            x_T = noise.normal(shape, image.device)

            def predict(x: Tensor, t: Tensor, noise: Noise = noise) -> Tensor:
                z = noise.normal((model.config.latent,), x.device)
                return model(x, t, z, image=image)

            *_, last = ancestral(predict, loaded.schedule, x_T, noise, prediction="x0")
            samples.append(last.x_t.clamp(0, 1)[None])
    return tally(torch.cat(samples))


class PlainStage(DuelStage):
    """The training step, straightforwardly; to be used inside `plain_layers`."""

    def critic_loss(self, critic: nn.Module, batch: Batch, iteration: int) -> Mapping[str, Tensor]:
        """As the published code: the fake pair's gradient goes through the generator too."""
        images, x0, t, latents, noise = batch
        x_t, x_next = self._pair(self.schedule, x0, t, noise)
        real = critic(x_t.requires_grad_(), t, x_next)
        (slope,) = torch.autograd.grad(real.sum(), x_t, create_graph=True)
        penalty = self.params.r1_gamma / 2 * slope.square().flatten(1).sum(dim=1).mean()
        guess = self.generator(x_next, t, latents[:, 0], image=images)
        mean, variance, _ = q_posterior(self.schedule, guess, x_next, t)
        fake = critic(mean + variance.sqrt() * noise[:, 2], t, x_next)
        return {"critic": F.softplus(-real).mean() + penalty + F.softplus(fake).mean()}

    def _attention(self, x_t: Tensor, t: Tensor, x_next: Tensor) -> Tensor:
        """All feature maps are made, of which one is used."""
        chosen = self.discriminator.features(x_t, t, x_next)[self.params.attention_scale]
        return F.interpolate(chosen.mean(dim=1, keepdim=True), x_t.shape[-2:], mode="bilinear")
