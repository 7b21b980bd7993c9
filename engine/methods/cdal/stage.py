"""cDAL's adversarial training step (Hejrati et al., MICCAI 2024, section 2).

The discriminator learns to tell pairs (x_t, x_{t+1}) of the forward process from those whose x_t
the generator had a part in. Where it looks, the labels are kept when they are diffused for the
generator, which learns to restore them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.device import BatchRecord, Context
from engine.diffusion.process import expand, q_posterior, q_sample, q_step
from engine.diffusion.schedules import Schedule, noise_levels
from engine.methods.cdal.data import TrainingData
from engine.methods.cdal.networks import LoadedGenerator
from engine.methods.cdal.params import TrainParams
from engine.methods.cdal.sampling import Votes, sample_votes
from engine.networks.ncsnpp import NCSNpp
from engine.networks.time_discriminator import TimeDiscriminator
from engine.training.checkpoint import Card
from engine.training.figures import best_dice, dice_figures
from engine.training.fit import Batch, FitSettings
from engine.training.stage import last_of_epoch

PREVIEW_VOTES = 3
PREVIEW_CANDIDATES = 4
VALIDATION_IMAGES = 64
VALIDATION_PIXELS = 4 * 256**2
"""Of the images in one call."""
NOISES = 4
"""Draws of noise like the labels: x_t, x_{t+1}, the fake x_t, and the generator's x_{t+1}."""


class DuelStage:
    """Generator and discriminator of one data set.

    Args:
        validation: Held-out images, shown without changes; None without any.
        context: That validation runs in; training follows the loop's.
        structures: Names of the classes but the background, for figures of each.
    """

    def __init__(
        self,
        model: NCSNpp,
        critic: TimeDiscriminator,
        data: TrainingData,
        schedule: Schedule,
        params: TrainParams,
        context: Context,
        validation: TrainingData | None = None,
        structures: Sequence[str] = (),
    ) -> None:
        self.model: nn.Module = model
        self.critic: nn.Module = critic
        self.generator, self.discriminator = model, critic
        self.data, self.held_out = data, validation
        self.schedule = schedule
        self.params = params
        self.structures = tuple(structures)
        # In float32, as the weights are while they are trained, and apart from the loop's batches.
        self._context = replace(context, dtype=torch.float32, loaded={})

    def epoch_end(self, iteration: int, batch: int) -> int:
        """See `engine.training.stage.Epochal`."""
        return last_of_epoch(iteration, self._count(self.data), batch)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """What a step needs, all of it random.

        Returns:
            Images (B, C, S, S), label maps (B, L, S, S) in {-1, 1}, t (B,), latents (B, 2, Z) for
            the two steps, and noise (B, 4, L, S, S), see `NOISES`.
        """
        images, x0 = self.data.batch(rng, size)
        t = torch.from_numpy(rng.integers(0, self.schedule.num_timesteps, size))
        latents = _normal(rng, (size, 2, self.generator.config.latent))
        return images, x0, t, latents, _normal(rng, (size, NOISES, *x0.shape[1:]))

    def critic_loss(self, critic: nn.Module, batch: Batch, iteration: int) -> Mapping[str, Tensor]:
        """softplus(-D(real)) + softplus(D(fake)) + gamma/2 |grad D(real)|^2."""
        images, x0, t, latents, noise = batch
        p, schedule = self.params, self.schedule.to(x0.device)
        x_t, x_next = self._pair(schedule, x0, t, noise)
        penalised = p.r1_gamma > 0 and (iteration - 1) % p.lazy_r1 == 0
        real = critic(x_t.requires_grad_(penalised), t, x_next)
        losses = {"D real": F.softplus(-real.float()).mean()}
        if penalised:
            (slope,) = torch.autograd.grad(real.sum(), x_t, create_graph=True)
            losses["R1"] = p.r1_gamma / 2 * slope.float().square().flatten(1).sum(dim=1).mean()
        with torch.no_grad():
            guess = self.generator(x_next, t, latents[:, 0], image=images).float()
            mean, variance, _ = q_posterior(schedule, guess, x_next, t)
            fake = mean + variance.sqrt() * noise[:, 2]
        losses["D fake"] = F.softplus(critic(fake, t, x_next).float()).mean()
        return {"critic": torch.stack(list(losses.values())).sum(), **losses}

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """|x0 - G(x_{t+1}, t, image, z)|^2, where x_{t+1} diffuses the labels that D looks at."""
        images, x0, t, latents, noise = batch
        schedule = self.schedule.to(x0.device)
        x_t, x_next = self._pair(schedule, x0, t, noise)
        with torch.no_grad():
            attention = self._attention(x_t, t, x_next)
        attended = q_sample(schedule, attention * x0, t, noise[:, 3])
        guess = model(attended, t, latents[:, 1], image=images)
        return {"loss": F.mse_loss(guess.float(), x0)}

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """Dice of one vote on held-out images, the same ones every time: the mean, and where there
        are several structures, each; 1 for one that is neither there nor found."""
        if self.held_out is None:
            return {}
        wanted = min(VALIDATION_IMAGES, self._count(self.held_out))
        images, truth = self.held_out.batch(np.random.default_rng(0), wanted)
        found = [
            self._segment(part, 1).labels
            for part in images.split(max(1, VALIDATION_PIXELS // images[0, 0].numel()))
        ]
        scores = class_dice(torch.cat(found).cpu(), classes_of(truth))
        each = {name: scores.get(value, 1.0) for value, name in enumerate(self.structures, 1)}
        return dice_figures(mean_of(scores), each)

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        """One image, its labels, what is found in it, how sure that is, and where D looks."""
        source = self.held_out or self.data
        images, maps = source.batch(np.random.default_rng(0), PREVIEW_CANDIDATES)
        # That with most foreground; all have the same size.
        shown = int(classes_of(maps).gt(0).flatten(1).sum(dim=1).argmax())
        image, x0 = images[shown : shown + 1], maps[shown : shown + 1].to(self._device)
        votes = self._segment(image, PREVIEW_VOTES)
        t = torch.zeros(1, dtype=torch.long, device=self._device)
        noise = _normal(np.random.default_rng(0), (1, NOISES, *x0.shape[1:])).to(self._device)
        x_t, x_next = self._pair(self.schedule.to(self._device), x0, t, noise)
        pictures = {
            "Image": image[0].mean(dim=0),
            "Labels": classes_of(x0)[0].to(torch.uint8),
            "Segmentation": votes.labels[0].to(torch.uint8),
            "Foreground": votes.probability[0, 1:].sum(dim=0),
            "Attention of D": self._attention(x_t, t, x_next)[0, 0],
        }
        return {
            name: (p if p.dtype == torch.uint8 else p.float()).cpu().numpy()
            for name, p in pictures.items()
        }

    @property
    def _device(self) -> torch.device:
        return next(self.generator.parameters()).device

    @staticmethod
    def _count(data: TrainingData) -> int:
        """Slices to judge by: those of a few boxes where the cases are volumes."""
        return len(data.store) * (data.recipe.window if data.recipe.preparation.dims == 3 else 1)

    def _segment(self, images: Tensor, count: int) -> Votes:
        loaded = LoadedGenerator(
            self.generator,
            self.schedule,
            Card(method="", role="", title=""),
            vote_range=self.params.vote_range,
        )
        context = replace(self._context, device=self._device, taken=BatchRecord())
        voting = sample_votes(loaded, images, count, self.params.seed, context)
        while True:
            try:
                next(voting)
            except StopIteration as end:
                votes: Votes = end.value
                return votes

    def _pair(
        self, schedule: Schedule, x0: Tensor, t: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """x_t at noise level t, 0 being clean, and x_{t+1} one step further."""
        signal, sigma = (expand(level.to(t.device)[t], x0) for level in noise_levels(schedule))
        x_t = signal * x0 + sigma * noise[:, 0]
        return x_t, q_step(schedule, x_t, t, noise[:, 1])

    def _attention(self, x_t: Tensor, t: Tensor, x_next: Tensor) -> Tensor:
        return self.discriminator.attention(x_t, t, x_next, self.params.attention_scale).float()


def fit_settings(params: TrainParams, structures: Sequence[str] = ()) -> FitSettings:
    """The loop's settings.

    Args:
        structures: Names of those that are learned.

    Raises:
        InputError: the best weights are to be told by another one.
    """
    return FitSettings(
        iterations=params.iterations, batch=params.batch, lr=params.lr_generator,
        critic_lr=params.lr_discriminator, seed=params.seed, ema_decay=params.ema_decay,
        save_every=params.save_every, validate_every=max(1, params.iterations // 20),
        betas=(params.beta1, params.beta2), cosine_end=params.lr_end,
        preview_every=params.preview_every, patience=params.patience,
        best_by=best_dice(params.best_by, structures),
    )  # fmt: skip


def classes_of(maps: Tensor) -> Tensor:
    """Label maps (B, L, ...) in [-1, 1] -> classes (B, ...) int64."""
    return (maps[:, 0] > 0).long() if maps.shape[1] == 1 else maps.argmax(dim=1)


def class_dice(found: Tensor, truth: Tensor) -> dict[int, float]:
    """Dice over all voxels, by class, of those classes that either has."""
    scores = {}
    for value in range(1, int(max(found.max(), truth.max())) + 1):
        a, b = found == value, truth == value
        total = int(a.sum()) + int(b.sum())
        if total:
            scores[value] = 2 * int((a & b).sum()) / total
    return scores


def mean_of(scores: Mapping[int, float]) -> float:
    """1 where there is no class."""
    return float(np.mean(list(scores.values()))) if scores else 1.0


def _normal(rng: np.random.Generator, shape: Sequence[int]) -> Tensor:
    return torch.from_numpy(rng.standard_normal(tuple(shape), np.float32))
