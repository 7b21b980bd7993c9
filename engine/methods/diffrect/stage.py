"""Training the segmenter: on labelled slices alone, or on pseudo-labels of the others too.

These are step 1 of DiffRect's iteration, and by themselves what it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from engine.device import BatchRecord, Context
from engine.methods.diffrect.growing import GrowingData
from engine.methods.diffrect.halves import Halves
from engine.methods.diffrect.losses import (
    ce_and_dice,
    certainty,
    complementary_loss,
    pseudo_labels,
    ramp,
)
from engine.methods.diffrect.params import TrainParams
from engine.methods.diffrect.watching import Rectify, Watched, pictures
from engine.networks.level_unet import SegmenterUNet
from engine.networks.norms import measuring_norms
from engine.training.figures import best_dice
from engine.training.stage import Batch, FitSettings

NORM_SLICES = 96
NORM_BATCH = 24
"""Slices that norms are measured on, and how many of them at a time at most."""
Validate = Callable[[SegmenterUNet, Context], Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class Seen:
    """What the segmenter said of a part of a batch, for later steps of the iteration.

    Attributes:
        weak, strong: Pseudo-labels (B, S, S) of both views.
    """

    weak: Tensor
    strong: Tensor


class SegmenterStage:
    """Learns from labelled slices alone: cross-entropy and Dice on their weak views.

    Args:
        validation: Figures on held-out cases, the one to be judged by first; None without any.
        context: That validation and pictures run in; training follows the loop's.
        watched: What pictures are made of; None for none.
    """

    def __init__(
        self,
        model: SegmenterUNet,
        data: GrowingData,
        params: TrainParams,
        context: Context,
        validation: Validate | None = None,
        watched: Watched | None = None,
    ) -> None:
        self.model: nn.Module = model
        self.segmenter = model
        self.data, self.params, self.watched = data, params, watched
        self._validation = validation
        # In float32, as the weights are while they are trained, and apart from the loop's batches.
        self._context = replace(context, dtype=torch.float32, loaded={})
        self._iteration = 0

    def begin(self, iteration: int) -> Sequence[str]:
        """See `engine.training.stage.Paced`."""
        self._iteration = iteration - 1
        return self.data.begin(self._iteration)

    def epoch_end(self, iteration: int, batch: int) -> int:
        """See `engine.training.stage.Epochal`."""
        return self.data.epoch_end(iteration)

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        """See `growing.GrowingData.batch`; its size is the data's own."""
        del size
        return self.data.batch(rng)

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """CE + Dice."""
        halves = Halves.of(batch)
        logits = model(halves.weak).float()
        return {"loss": ce_and_dice(logits, logits.softmax(dim=1), halves.labels)}

    def validate(self, model: nn.Module) -> Mapping[str, float]:
        """The figures on held-out cases."""
        self._settle()
        return {} if self._validation is None else self._validation(self.segmenter, self.context)

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        """The case that is watched, and what is made of it."""
        if self.watched is None:
            return {}
        self._settle()
        return pictures(self.watched, self, None)

    def _settle(self, *others: nn.Module, then: Rectify | None = None) -> None:
        """Give the segmenter, and other networks that `then` runs on images (B, C, S, S), norms
        for use; the statistics of training stay out of account in training itself."""
        if self.params.norms == "running":
            return
        device = self.context.device
        with torch.no_grad(), measuring_norms(self.segmenter, *others):
            images = self.data.some(NORM_SLICES).to(device)
            # In parts of one size, as each of them counts alike.
            for part in images.tensor_split(-(-len(images) // NORM_BATCH)):
                soft = self.segmenter(part).float().softmax(dim=1)
                if then is not None:
                    then(part, soft)

    def memory(self) -> Mapping[str, Tensor]:
        """See `engine.training.stage.Remembering`."""
        return self.data.memory()

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take over what `memory` gave."""
        self.data.remember(memory)

    @property
    def context(self) -> Context:
        """Where the network lies now."""
        device = next(self.segmenter.parameters()).device
        return replace(self._context, device=device, taken=BatchRecord())


class PseudoLabelStage(SegmenterStage):
    """Learns from pseudo-labels too, as they are: DiffRect without its rectifier.

    L = L_sup + lambda (CE + Dice of the strong view against the weak one's pseudo-label
    + w * complementary loss).
    """

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """As the class says."""
        losses, _ = self.first_step(model, Halves.of(batch))
        return losses

    def first_step(self, model: nn.Module, halves: Halves) -> tuple[dict[str, Tensor], Seen]:
        """The losses, and what later steps of the iteration need."""
        threshold = self.params.confidence
        weak, strong = model(halves.weak).float(), model(halves.strong).float()
        weak_soft, strong_soft = weak.softmax(dim=1), strong.softmax(dim=1)
        seen = Seen(pseudo_labels(weak_soft, threshold), pseudo_labels(strong_soft, threshold))
        losses: dict[str, Tensor] = {}
        if halves.count:
            known = halves.known
            losses["supervised"] = ce_and_dice(weak[known], weak_soft[known], halves.labels[known])
        if halves.has_others:
            others = halves.others
            losses["unlabelled"] = unlabelled_loss(
                weak_soft, strong, strong_soft, seen.weak, others
            )
            sure = certainty(weak_soft[others].detach()) > threshold
            losses["confident"] = sure.float().mean()
        total = losses.get("supervised", weak.new_zeros(()))
        if "unlabelled" in losses:
            total = total + self.weight * losses["unlabelled"]
        return {"loss": total, **{name: value.detach() for name, value in losses.items()}}, seen

    @property
    def weight(self) -> float:
        """lambda of the iteration."""
        return ramp(self._iteration, self.params.ramp, self.params.consistency)


def unlabelled_loss(
    weak_soft: Tensor, strong: Tensor, strong_soft: Tensor, target: Tensor, others: slice
) -> Tensor:
    """CE + Dice of the strong outputs against labels on the unlabelled slices, and on all the
    complementary loss, weighted once more as in the release."""
    complement, weight = complementary_loss(weak_soft, strong_soft)
    fit = ce_and_dice(strong[others], strong_soft[others], target[others])
    return fit + weight * complement


def fit_settings(params: TrainParams, structures: Sequence[str] = ()) -> FitSettings:
    """The loop's settings.

    Args:
        structures: Names of those that are learned.

    Raises:
        InputError: the best weights are to be told by another one.
    """
    return FitSettings(
        iterations=params.iterations, batch=params.batch, lr=params.lr,
        critic_lr=params.lr_rectifier, critic_falls=False, seed=params.seed,
        save_every=params.save_every, validate_every=params.validate_every,
        preview_every=params.preview_every, optimizer="sgd", momentum=params.momentum,
        weight_decay=params.weight_decay, poly=params.poly, patience=params.patience,
        best_by=best_dice(params.best_by, structures),
    )  # fmt: skip
