"""DiffRect's iteration (Liu et al., MICCAI 2024): segmenter, rectifier, segmenter again.

1. The segmenter learns as in `stage.PseudoLabelStage`.
2. The rectifier learns to make the better of two labels out of the coarse one: the truth out of
   the weak view's pseudo-label, then the weak view's out of the strong one's.
3. After the first iterations the segmenter learns from the rectified labels of the weak view.

The release encodes image and weak pseudo-label once for step 2 and again, with the weights that
step 2 has changed, for step 3. Here step 3 takes what step 2 has encoded, and samples before the
weights change. The better label's way through the encoder, and sampling, keep no gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.device import Context
from engine.diffusion.noise import NoiseSource
from engine.diffusion.process import q_sample
from engine.diffusion.samplers import ddim
from engine.diffusion.schedules import Schedule, make_schedule
from engine.diffusion.timesteps import make_timesteps
from engine.methods.diffrect.growing import GrowingData
from engine.methods.diffrect.halves import Halves
from engine.methods.diffrect.losses import (
    MOST_DISTANCE,
    ce_and_dice,
    dice_distance,
    pseudo_labels,
)
from engine.methods.diffrect.palette import encode, palette
from engine.methods.diffrect.params import TrainParams
from engine.methods.diffrect.stage import PseudoLabelStage, Seen, Validate, unlabelled_loss
from engine.methods.diffrect.watching import Watched, pictures
from engine.networks.label_rectifier import Encoded, LabelRectifier
from engine.networks.level_unet import SegmenterUNet
from engine.training.stage import Batch, Turn


@dataclass(frozen=True)
class LatentProcess:
    """The diffusion of the bottleneck: cosine schedule, the network predicts the clean one.

    Attributes:
        timesteps: T in training.
        sample_steps: Of DDIM in use, evenly from T - 1 to 0.
    """

    timesteps: int = 10
    sample_steps: int = 2

    def schedule(self) -> Schedule:
        """On the CPU, in float64."""
        return make_schedule("cosine", self.timesteps)

    def visited(self) -> list[int]:
        """The timesteps that sampling asks about."""
        steps = min(self.sample_steps, self.timesteps)
        return make_timesteps(self.schedule(), steps, "linspace")


def latent_noise(
    schedule: Schedule, t: Tensor, noise: Tensor
) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Clean bottleneck -> its draw from q at timesteps t (B,), and these."""
    return lambda start: (q_sample(schedule, start, t, noise), t)


def sampled(
    rectifier: LabelRectifier, encoded: Encoded, process: LatentProcess, x_T: Tensor
) -> Tensor:
    """Logits (B, K, S, S) of the rectified label, float32: DDIM on the bottleneck from noise x_T,
    its guesses kept within [-1, 1]."""
    condition, clean = encoded.features[-1], x_T
    steps = ddim(
        lambda x_t, t: rectifier.denoise(x_t, t, condition), process.schedule(), x_T,
        NoiseSource([0] * len(x_T)), timesteps=process.visited(), prediction="x0", clip="x0",
    )  # fmt: skip
    for step in steps:
        clean = step.x0_hat
    with torch.no_grad():
        return rectifier.decode(encoded, clean).float()


class RectifyingStage(PseudoLabelStage):
    """The three steps; see the module.

    Args: as `SegmenterStage`.
        rectifier: Learns beside the segmenter.
    """

    def __init__(
        self,
        model: SegmenterUNet,
        rectifier: LabelRectifier,
        data: GrowingData,
        params: TrainParams,
        context: Context,
        validation: Validate | None = None,
        watched: Watched | None = None,
    ) -> None:
        super().__init__(model, data, params, context, validation, watched)
        self.critic: nn.Module = rectifier
        self.rectifier = rectifier
        self.process = LatentProcess(params.timesteps, params.sample_steps)
        self.classes = rectifier.config.classes
        self._schedule = self.process.schedule()
        self._colours = torch.from_numpy(palette(self.classes))
        self._seen: dict[int, Seen] = {}
        self._rectified: dict[int, Tensor] = {}
        self._distance = torch.tensor(1.0)

    def begin(self, iteration: int) -> Sequence[str]:
        """See `engine.training.stage.Paced`."""
        self._seen.clear()
        self._rectified.clear()
        return super().begin(iteration)

    def turns_of(self, iteration: int) -> Sequence[Turn]:
        """See `engine.training.stage.TakingTurns`."""
        turns = [
            Turn("model", self.loss, "loss"),
            Turn("critic", self.rectifier_loss, "rectifier"),
        ]
        if self.rectifies:
            turns.append(Turn("model", self.rectification_loss, "rectification"))
        return turns

    @property
    def rectifies(self) -> bool:
        """Whether the segmenter learns from rectified labels in this iteration."""
        return self._iteration > self.params.rectify_after

    def loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Step 1."""
        halves = Halves.of(batch)
        losses, self._seen[halves.key] = self.first_step(model, halves)
        return losses

    def rectifier_loss(self, rectifier: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Step 2; its latent losses, and how far coarse and better labels are from each other."""
        halves = Halves.of(batch)
        seen, known, others = self._seen[halves.key], halves.known, halves.others
        t = self._time(seen.weak[known], halves.labels[known], len(halves.labels))
        better = torch.cat([halves.labels[known], seen.weak[others]])
        latent, logits, encoded = self._learned(rectifier, halves.weak, seen.weak, better, t)
        soft = logits.softmax(dim=1)
        total = latent
        if halves.count:
            self._distance = t[0].detach().cpu() / MOST_DISTANCE
            total = total + ce_and_dice(logits[known], soft[known], halves.labels[known])
        losses = {"latent": latent.detach(), "label distance": self._distance}
        if halves.has_others:
            # Before the weights change: what is encoded is still what they would make of it.
            if self.rectifies:
                self._rectified[halves.key] = self._sampled(encoded)
            second, more = self._second_pass(rectifier, halves, seen, soft)
            total = total + self.weight * second
            losses |= more
        return {"rectifier": total, **losses}

    def rectification_loss(self, model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        """Step 3: CE + Dice of the weak view against the rectified labels."""
        halves = Halves.of(batch)
        logits = model(halves.weak).float()
        if not halves.has_others:
            return {"rectification": 0.0 * logits.sum()}
        others = halves.others
        target = self._rectified[halves.key][others]
        logits = logits[others]
        return {"rectification": ce_and_dice(logits, logits.softmax(dim=1), target)}

    def preview(self, model: nn.Module) -> Mapping[str, np.ndarray]:
        """The case that is watched, its label before and after."""
        if self.watched is None:
            return {}
        self.rectifier.eval()
        self._settle(self.rectifier, then=self.rectify)
        try:
            return pictures(self.watched, self, self.rectify)
        finally:
            self.rectifier.train()

    def rectify(self, images: Tensor, soft: Tensor) -> Tensor:
        """Rectified probabilities (B, K, S, S) of what the segmenter says, always from the same
        noise; the labels' distance to better ones is taken to be that of the last batch."""
        labels = pseudo_labels(soft, self.params.confidence)
        t = (self._distance * MOST_DISTANCE).to(images.device).expand(len(images))
        encoded = self.rectifier.encode(images, self._code(labels), t)
        bottleneck = encoded.features[-1]
        source = NoiseSource([self.params.seed] * len(images))
        x_T = source.normal(bottleneck.shape[1:], bottleneck.device)
        return sampled(self.rectifier, encoded, self.process, x_T).softmax(dim=1)

    def memory(self) -> Mapping[str, Tensor]:
        """See `engine.training.stage.Remembering`."""
        return {**super().memory(), "distance": self._distance}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take over what `memory` gave."""
        super().remember(memory)
        self._distance = memory["distance"]

    def _second_pass(
        self, rectifier: nn.Module, halves: Halves, seen: Seen, soft: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weak pseudo-label out of the strong one, judged by what the first pass found."""
        found, others = pseudo_labels(soft, self.params.confidence), halves.others
        t = self._time(seen.strong[others], found[others], len(halves.labels))
        latent, logits, _ = self._learned(rectifier, halves.strong, seen.strong, seen.weak, t)
        strong_soft = logits.softmax(dim=1)
        total = latent + unlabelled_loss(soft, logits, strong_soft, found, others)
        return total, {"latent unlabelled": latent.detach()}

    def _learned(
        self, rectifier: nn.Module, images: Tensor, coarse: Tensor, better: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor, Encoded]:
        """Latent loss, logits, and what was encoded, of label maps (B, S, S)."""
        bottleneck = (len(images), *self._bottleneck(images))
        noise = torch.randn(bottleneck, device=images.device)
        steps = torch.randint(self.process.timesteps, (len(images),), device=images.device)
        found = rectifier(
            images, self._code(coarse), self._code(better), t,
            latent_noise(self._schedule, steps, noise),
        )  # fmt: skip
        latent = F.mse_loss(found.clean.float(), found.start)
        return latent, found.logits.float(), found.encoded

    def _sampled(self, encoded: Encoded) -> Tensor:
        """Rectified labels (B, S, S)."""
        bottleneck = encoded.features[-1]
        x_T = torch.randn(bottleneck.shape, device=bottleneck.device)
        soft = sampled(self.rectifier, encoded, self.process, x_T).softmax(dim=1)
        return pseudo_labels(soft, self.params.confidence)

    def _bottleneck(self, images: Tensor) -> tuple[int, int, int]:
        widths = self.rectifier.config.widths
        shrinks = 2 ** (len(widths) - 1)
        return widths[-1], images.shape[2] // shrinks, images.shape[3] // shrinks

    def _time(self, labels: Tensor, better: Tensor, count: int) -> Tensor:
        """Dice distance of the batch x 999, the same for all (count,)."""
        if not len(labels):
            return labels.new_zeros(count, dtype=torch.float32)
        return (MOST_DISTANCE * dice_distance(labels, better, self.classes)).expand(count)

    def _code(self, labels: Tensor) -> Tensor:
        self._colours = self._colours.to(labels.device)
        return encode(labels, self._colours)
