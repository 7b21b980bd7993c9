"""MIDiffusion's training step: noise or velocity, from the state and what windows tell.

The condition is (LMI(g, x_{t+1}), LMI(g, g)), x_{t+1} being noised like x_t but one level further:
in use the state that the source is compared with is not yet denoised either. The guide g is x_0,
as published, or x_0 in another contrast.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from engine.diffusion.local_information import SourceImage
from engine.diffusion.noise import NoiseSource
from engine.diffusion.process import eps_from_v, q_sample, v_from
from engine.methods.midiffusion.data import TrainingSlices
from engine.methods.midiffusion.networks import NO_MAP, LoadedTranslator
from engine.methods.midiffusion.params import TrainParams
from engine.methods.midiffusion.sampling import Translated, translate_slices, way_of
from engine.methods.midiffusion.use_params import SampleParams
from engine.training.fit import Batch, FitSettings
from engine.training.stage import last_of_epoch

VALIDATION_SLICES = 64
VALIDATION_PIXELS = 8 * 128**2
"""Of the slices in one call."""
LEVELS = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.75, 0.95)
"""Parts of T that held-out slices are noised to, one after the other."""
PREVIEW_STEPS = 10


class TranslatorStage:
    """A network that learns from slices of one modality.

    Args:
        loaded: The untrained network with its process.
        held_out: Slices to validate on; None without any.
    """

    def __init__(
        self,
        loaded: LoadedTranslator,
        data: TrainingSlices,
        params: TrainParams,
        held_out: TrainingSlices | None = None,
    ) -> None:
        self.model: nn.Module = loaded.model
        self.loaded = loaded
        self.data, self.held_out = data, held_out
        self.params = params

    def epoch_end(self, iteration: int, batch: int) -> int:
        """See `engine.training.stage.Epochal`."""
        return last_of_epoch(iteration, len(self.data), batch)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """x0 (B, 1, S, S) in [0, 1]; its guide, the guide's own LMI and noise, all of that shape;
        antithetic timesteps (B,), and which slices (B,) are shown without the condition."""
        x0, guide, own = self.data.batch(rng, size)
        total = self.loaded.schedule.num_timesteps
        half = rng.integers(0, total, (size + 1) // 2)
        t = np.concatenate([half, total - 1 - half])[:size]
        noise = torch.from_numpy(rng.standard_normal(tuple(x0.shape), np.float32))
        without = torch.from_numpy(rng.random(size) < self.params.unguided)
        return x0, guide, own, noise, torch.from_numpy(t), without

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """The squared error of the noise, or of the velocity, summed over pixels."""
        x0, guide, own, noise, t, without = batch
        schedule = self.loaded.schedule.to(x0.device)
        x_t = q_sample(schedule, x0, t, noise)
        if self.loaded.guided:
            maps = self._condition(x0, guide, own, noise, t)
            maps = torch.where(without[:, None, None, None], NO_MAP, maps)
            x_t = torch.cat([x_t, maps], dim=1)
        of_noise = self.loaded.process.prediction == "eps"
        wanted = noise if of_noise else v_from(schedule, x0, t, noise)
        errors = (model(x_t, t).float() - wanted).square().flatten(1)
        a_pixel = {"noise" if of_noise else "velocity": errors.detach().mean()}
        return {"loss": errors.sum(dim=1).mean(), **a_pixel}

    def _condition(
        self, x0: Tensor, guide: Tensor, own: Tensor, noise: Tensor, t: Tensor
    ) -> Tensor:
        """(B, 2, S, S)."""
        schedule = self.loaded.schedule.to(x0.device)
        following = (t + 1).clamp(max=schedule.num_timesteps - 1)
        # The kernels' sums need float32, also where the network computes in less.
        with torch.no_grad(), torch.autocast(x0.device.type, enabled=False):
            x_next = q_sample(schedule, x0, following, noise)
            seen = SourceImage(guide, self.loaded.process.information).similarity(x_next)
        return torch.cat([seen, own], dim=1)

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """The share of the noise in held-out slices that is explained, over several levels."""
        if self.held_out is None:
            return {}
        x0, own = self.held_out.some(VALIDATION_SLICES)
        size = max(1, VALIDATION_PIXELS // x0[0].numel())
        errors = [
            self._errors(x0[start : start + size], own[start : start + size], start)
            for start in range(0, len(x0), size)
        ]
        return {"noise explained": 1.0 - torch.cat(errors).mean().item()}

    def _errors(self, x0: Tensor, own: Tensor, first: int) -> Tensor:
        """Mean squared errors (B,) of the noise, which is the same every time."""
        device = next(self.loaded.model.parameters()).device
        numbers = range(first, first + len(x0))
        total = self.loaded.schedule.num_timesteps
        t = torch.tensor([int(LEVELS[i % len(LEVELS)] * total) for i in numbers], device=device)
        x0, own = x0.to(device), own.to(device)
        noise = NoiseSource(list(numbers)).normal(x0.shape[1:], device)
        schedule = self.loaded.schedule.to(device)
        x_t = q_sample(schedule, x0, t, noise)
        maps = self._condition(x0, x0, own, noise, t) if self.loaded.guided else None
        found = self.loaded.predict(x_t, t, maps)
        if self.loaded.process.prediction == "v":
            found = eps_from_v(schedule, x_t, t, found)
        return (found - noise).square().flatten(1).mean(dim=1)

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        """A slice, itself with its contrast turned round, what is made of that, and what ties the
        two: modalities that were never seen are translated as well."""
        x0, _ = (self.held_out or self.data).some(3)
        image = x0[len(x0) // 2][None]
        body = image > 0.05
        turned = torch.where(body, 1.05 - image, image).clamp(0, 1)
        found = self._translated(turned if self.loaded.guided else image)
        pictures = {
            "Slice": image, "Turned round": turned, "Translated": found.image,
            "Local mutual information": found.information,
        }  # fmt: skip
        return {name: p[0, 0].float().cpu().numpy() for name, p in pictures.items()}

    def _translated(self, image: Tensor) -> Translated:
        guided = self.loaded.guided
        params = SampleParams(
            steps=min(PREVIEW_STEPS, max(1, self.loaded.schedule.num_timesteps // 2)),
            guidance="information" if guided else "none", start="noise" if guided else "source",
        )  # fmt: skip
        device = next(self.loaded.model.parameters()).device
        steps = translate_slices(self.loaded, image, way_of(self.loaded, params), params, device)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found: Translated = end.value
                return found


def fit_settings(params: TrainParams) -> FitSettings:
    """The loop's settings."""
    return FitSettings(
        iterations=params.iterations, batch=params.batch, lr=params.lr, seed=params.seed,
        ema_decay=params.ema_decay, clip_norm=params.clip_norm, save_every=params.save_every,
        validate_every=max(1, params.iterations // 20), preview_every=params.preview_every,
        cosine_end=params.lr_end if params.lr_end >= 0 else None,
        weight_decay=params.weight_decay, optimizer=params.optimizer,
        momentum=0.9 if params.optimizer == "sgd" else 0.0, patience=params.patience,
    )  # fmt: skip
