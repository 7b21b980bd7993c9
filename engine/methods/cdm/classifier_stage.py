"""Training the classifier of noisy slices (Dhariwal & Nichol 2021, section 4.1)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.diffusion.noise import NoiseSource
from engine.diffusion.process import q_sample
from engine.diffusion.schedules import Schedule
from engine.methods.cdm.data import TrainingSlices
from engine.methods.cdm.networks import Process
from engine.networks.noisy_classifier import NoisyClassifier
from engine.training.stage import Batch, last_of_epoch

VALIDATION_SLICES = 256
VALIDATION_PIXELS = 4 * 256**2
"""Of the slices in one call."""
CLEAN_SHARE = 0.25
"""Of every batch, slices without noise: those are what it is asked about first."""
GUIDED_LEVEL = 0.4
"""Part of T at which CG-CDM asks."""


class ClassifierStage:
    """A classifier that learns from slices and their labels.

    Args:
        held_out: Slices to validate on; None without any.
    """

    def __init__(
        self,
        model: NoisyClassifier,
        process: Process,
        data: TrainingSlices,
        held_out: TrainingSlices | None = None,
    ) -> None:
        self.model: nn.Module = model
        self.process = process
        self.schedule: Schedule = process.make()
        self.data, self.held_out = data, held_out

    def epoch_end(self, iteration: int, batch: int) -> int:
        """See `engine.training.stage.Epochal`."""
        return last_of_epoch(iteration, len(self.data.store), batch)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """Slices (B, C, S, S), labels (B,), timesteps (B,) with -1 for clean, noise like the
        slices."""
        slices, labels = self.data.batch(rng, size)
        t = rng.integers(0, self.schedule.num_timesteps, size)
        t[rng.random(size) < CLEAN_SHARE] = -1
        noise = torch.from_numpy(rng.standard_normal(tuple(slices.shape), np.float32))
        return slices, labels, torch.from_numpy(t), noise

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Cross-entropy of the labels, and how many are right."""
        slices, labels, t, noise = batch
        logits = model(*self._shown(slices, t, noise)).float()
        right = (logits.argmax(dim=1) == labels).float().mean()
        return {"loss": F.cross_entropy(logits, labels), "accuracy": right}

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """Share of held-out slices that are told right, mean of the classes: clean ones, and
        those as noisy as CG-CDM has them."""
        if self.held_out is None:
            return {}
        slices, labels = self.held_out.some(VALIDATION_SLICES)
        level = int(GUIDED_LEVEL * self.schedule.num_timesteps)
        return {
            "balanced accuracy": self._accuracy(model, slices, labels, -1),
            "balanced accuracy, noisy": self._accuracy(model, slices, labels, level),
        }

    def _accuracy(self, model: nn.Module, slices: Tensor, labels: Tensor, level: int) -> float:
        device = next(model.parameters()).device
        size = max(1, VALIDATION_PIXELS // slices[0, 0].numel())
        found = []
        for start in range(0, len(slices), size):
            part = slices[start : start + size].to(device)
            numbers = list(range(start, start + len(part)))
            noise = NoiseSource(numbers).normal(part.shape[1:], device)
            t = torch.full((len(part),), level, device=device)
            found.append(model(*self._shown(part, t, noise)).argmax(dim=1).cpu())
        right = torch.cat(found) == labels
        shares = [right[labels == c].float().mean().item() for c in labels.unique()]
        return float(np.mean(shares))

    def _shown(self, slices: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Slices noised to t, or clean at -1, and the time as the network is told it."""
        noisy = q_sample(self.schedule.to(slices.device), slices, t.clamp(min=0), noise)
        clean = (t < 0)[:, None, None, None]
        return torch.where(clean, slices, noisy), self.process.told(t.clamp(min=0))
