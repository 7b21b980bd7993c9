"""What AdaptDiff's three training stages give the training loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from monai.losses import DiceLoss
from torch import Tensor, nn

from engine.diffusion.process import q_sample
from engine.diffusion.schedules import Schedule, make_schedule
from engine.methods.adaptdiff.params import DiffusionParams, SegmenterParams, TrainingParams
from engine.methods.adaptdiff.segmentation import mean_dice
from engine.methods.adaptdiff.vessels import (
    VesselImage,
    augment_appearance,
    augment_published,
    min_max,
    pollute,
    random_crop,
)
from engine.networks.residual_unet import ResidualUNet
from engine.training.fit import Batch, FitSettings
from engine.training.stage import last_of_epoch

VALIDATION_CASES = 10


def fit_settings(params: TrainingParams, validate_every: int = 0) -> FitSettings:
    """The loop's settings from a stage's parameters."""
    return FitSettings(
        iterations=params.iterations, batch=params.batch, lr=params.lr, seed=params.seed,
        halve_every=params.halve_every, ema_decay=params.ema_decay,
        save_every=params.save_every, validate_every=validate_every,
        patience=params.patience if isinstance(params, SegmenterParams) else 0,
    )  # fmt: skip


class SegmenterStage:
    """Stages 1 and 4: cross-entropy plus Dice on (image, mask) crops.

    Args:
        published: Stage 4's augmentation instead of stage 1's.
        validation: Cases held out of training, for a Dice while it runs.
    """

    def __init__(
        self,
        model: nn.Module,
        cases: Sequence[VesselImage],
        params: TrainingParams,
        *,
        published: bool,
        validation: Sequence[VesselImage] = (),
    ) -> None:
        self.model = model
        self.cases = cases
        self.params = params
        self.published = published
        self.validation = validation[:VALIDATION_CASES]
        self._dice = DiceLoss(softmax=True, to_onehot_y=True)

    def epoch_end(self, iteration: int, batch: int) -> int:
        """See `engine.training.stage.Epochal`."""
        return last_of_epoch(iteration, len(self.cases), batch)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """images (B, 1, S, S) in [0, 1], masks (B, 1, S, S) in {0, 1}."""
        p = self.params
        images, masks = [], []
        for _ in range(size):
            case = self.cases[int(rng.integers(len(self.cases)))]
            image, mask = random_crop(case, rng, p.crop, (p.zoom_min, p.zoom_max))
            if self.published:
                image = augment_published(image, rng)
            elif isinstance(p, SegmenterParams) and p.augment:
                image = augment_appearance(image, rng)
            images.append(min_max(image))
            masks.append(mask)
        return _stack(images), _stack(masks)

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        images, masks = batch
        logits = model(images).float()
        entropy = F.cross_entropy(logits, masks[:, 0].long())
        dice = self._dice(logits, masks)
        return {"loss": entropy + dice, "cross-entropy": entropy, "dice": dice}

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        if not self.validation:
            return {}
        assert isinstance(model, ResidualUNet)
        return {"validation Dice": mean_dice(model, self.validation)}


class DiffusionStage:
    """Stage 2: L1 between true and predicted noise, given (image, weak mask) crops."""

    def __init__(
        self, model: nn.Module, cases: Sequence[VesselImage], params: DiffusionParams
    ) -> None:
        self.model = model
        self.cases = cases
        self.params = params
        self.schedule: Schedule = make_schedule(
            params.schedule, params.timesteps,
            beta_start=params.beta_start, beta_end=params.beta_end,
        )  # fmt: skip

    def epoch_end(self, iteration: int, batch: int) -> int:
        """See `engine.training.stage.Epochal`."""
        return last_of_epoch(iteration, len(self.cases), batch)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """x0 (B, 1, S, S) in [-1, 1], mask (B, 1, S, S), noise like x0, t (B,)."""
        p = self.params
        images, masks = [], []
        for _ in range(size):
            case = self.cases[int(rng.integers(len(self.cases)))]
            image, mask = random_crop(case, rng, p.crop, (p.zoom_min, p.zoom_max))
            if p.false_positive_rate or p.false_negative_rate:
                mask = pollute(mask, p.false_positive_rate, p.false_negative_rate, rng)
            images.append(min_max(image) * 2 - 1)
            masks.append(mask)
        x0 = _stack(images)
        noise = torch.from_numpy(rng.standard_normal(x0.shape, np.float32))
        t = torch.from_numpy(rng.integers(0, self.schedule.num_timesteps, size))
        return x0, _stack(masks), noise, t

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        x0, mask, noise, t = batch
        x_t = q_sample(self.schedule.to(x0.device), x0, t, noise)
        return {"loss": F.l1_loss(model(x_t, t, mask).float(), noise)}

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """The noise loss says little about the images; they are judged after training."""
        return {}


def _stack(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))[:, None]
