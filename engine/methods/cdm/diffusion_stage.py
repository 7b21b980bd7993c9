"""Training CDM's diffusion model: noise, and the variance by the variational bound."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from engine.diffusion.importance import SecondMoment
from engine.diffusion.learned import hybrid_loss
from engine.diffusion.noise import NoiseSource
from engine.diffusion.process import q_sample
from engine.methods.cdm.data import TrainingSlices
from engine.methods.cdm.networks import LoadedDiffusion
from engine.methods.cdm.params import ClassifierParams, DiffusionParams, SliceParams
from engine.methods.cdm.saliency import cdm
from engine.training.stage import Batch, FitSettings, last_of_epoch

VALIDATION_SLICES = 64
VALIDATION_PIXELS = 4 * 256**2
"""Of the slices in one call."""
LEVELS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.75, 0.95)
"""Parts of T that held-out slices are noised to, one after the other."""
PREVIEW_LEVEL = 0.4
PREVIEW_ROUNDS = 5


class DiffusionStage:
    """A U-Net that learns from slices and their labels.

    Args:
        loaded: The untrained network with its process.
        held_out: Slices to validate on; None without any.
        importance: Draw timesteps by their losses.
    """

    def __init__(
        self,
        loaded: LoadedDiffusion,
        data: TrainingSlices,
        held_out: TrainingSlices | None = None,
        *,
        importance: bool = False,
    ) -> None:
        self.model: nn.Module = loaded.model
        self.loaded = loaded
        self.data, self.held_out = data, held_out
        self.moments = SecondMoment(loaded.schedule.num_timesteps) if importance else None

    def epoch_end(self, iteration: int, batch: int) -> int:
        """See `engine.training.stage.Epochal`."""
        return last_of_epoch(iteration, len(self.data.store), batch)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """Slices (B, C, S, S), labels (B,), timesteps (B,), their weights (B,), noise like the
        slices."""
        slices, labels = self.data.batch(rng, size)
        if self.moments is None:
            drawn = rng.integers(0, self.loaded.schedule.num_timesteps, size)
            weights = np.ones(size, np.float32)
        else:
            drawn, weights = self.moments.draw(rng, size)
        noise = torch.from_numpy(rng.standard_normal(tuple(slices.shape), np.float32))
        return slices, labels, torch.from_numpy(drawn), torch.from_numpy(weights), noise

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """L_simple, and L_hybrid where the variance is learnt."""
        slices, labels, t, weights, noise = batch
        schedule = self.loaded.schedule.to(slices.device)
        x_t = q_sample(schedule, slices, t, noise)
        output = model(x_t, self.loaded.process.told(t), labels)
        told = {}
        if output.shape[1] == 2 * slices.shape[1]:
            # The bound's exponentials need float32, also where the network computes in less.
            with torch.autocast(slices.device.type, enabled=False):
                simple, bound = hybrid_loss(schedule, output, slices, x_t, t, noise)
            told["bound"] = bound.detach().mean()
            total = simple + bound
        else:
            simple = total = (output.float() - noise).square().flatten(1).mean(dim=1)
        if self.moments is not None:
            self.moments.learn(t, total)
        return {"loss": (total * weights).mean(), "noise": simple.detach().mean(), **told}

    def memory(self) -> Mapping[str, Tensor]:
        """The losses that timesteps are drawn by."""
        return {} if self.moments is None else self.moments.tensors()

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Go on with them."""
        if self.moments is not None:
            self.moments.restore(memory)

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """On held-out slices: the share of the noise that is explained, and how much of it the
        label is to thank for (by what the unexplained part grows under a wrong label)."""
        if self.held_out is None:
            return {}
        slices, labels = self.held_out.some(VALIDATION_SLICES)
        size = max(1, VALIDATION_PIXELS // slices[0, 0].numel())
        right, wrong = [], []
        for start in range(0, len(slices), size):
            part = slice(start, start + size)
            errors = self._errors(slices[part], labels[part], start)
            right.append(errors[0])
            wrong.append(errors[1])
        own, other = torch.cat(right).mean().item(), torch.cat(wrong).mean().item()
        return {"noise explained": 1.0 - own, "label gain": other / max(own, 1e-12) - 1.0}

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        """A slice that shows something, what CDM makes of it, and both ways' states."""
        source = self.held_out or self.data
        slices, labels = source.some(VALIDATION_SLICES)
        positive = torch.nonzero(labels)[:, 0]
        if not len(positive):
            return {"Slice": slices[0, 0].numpy()}
        chosen = positive[len(positive) // 2]
        level = max(1, int(PREVIEW_LEVEL * self.loaded.schedule.num_timesteps))
        device = self._device
        steps = cdm(
            self.loaded, slices[chosen][None].to(device), labels[chosen][None].to(device),
            NoiseSource([0]), level=level, rounds=min(PREVIEW_ROUNDS, level),
        )  # fmt: skip
        *_, last = steps
        assert last.evidence is not None
        pictures = {
            "Slice": slices[chosen, 0], "Evidence": last.evidence[0, 0],
            "Under its label": last.x0_hat[0, 0], "Under the blend": last.x0_hat[1, 0],
        }  # fmt: skip
        return {name: p.float().cpu().numpy() for name, p in pictures.items()}

    @property
    def _device(self) -> torch.device:
        return next(self.loaded.model.parameters()).device

    def _errors(self, slices: Tensor, labels: Tensor, first: int) -> tuple[Tensor, Tensor]:
        """Mean squared errors (B,) of the noise under the right and under a wrong label."""
        device = self._device
        total = self.loaded.schedule.num_timesteps
        numbers = range(first, first + len(slices))
        t = torch.tensor([int(LEVELS[i % len(LEVELS)] * total) for i in numbers], device=device)
        noise = NoiseSource(list(numbers)).normal(slices.shape[1:], device)
        x_t = q_sample(self.loaded.schedule.to(device), slices.to(device), t, noise)
        labels = labels.to(device)
        # Nothing where there is something; and the first finding where there is nothing.
        others = torch.where(labels > 0, torch.zeros_like(labels), torch.ones_like(labels))
        found = [
            (self.loaded.eps(x_t, t, shown).float() - noise).square().flatten(1).mean(dim=1)
            for shown in (labels, others)
        ]
        return found[0], found[1]


def fit_settings(params: SliceParams) -> FitSettings:
    """The loop's settings."""
    assert isinstance(params, DiffusionParams | ClassifierParams)
    return FitSettings(
        iterations=params.iterations, batch=params.batch, lr=params.lr, seed=params.seed,
        ema_decay=params.ema_decay, save_every=params.save_every,
        validate_every=max(1, params.iterations // 20), preview_every=params.preview_every,
        cosine_end=params.lr_end if params.lr_end >= 0 else None,
        weight_decay=params.weight_decay, patience=params.patience,
        best_by=params.best_by,
    )  # fmt: skip
