"""DiffRect's iteration in the straightforward form that the fast one is measured against.

Palettes go through NumPy and PIL on the CPU; features lie channel by channel and dropout is
torch's; one-hot maps are compared class by class and every loss takes its own softmax; the better
label's way through the encoder and the sampling keep their graphs; and for the third step image
and pseudo-label are encoded again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.distributions import Categorical

from engine.methods.diffrect import halves, rectifying, stage
from engine.methods.diffrect.losses import SMOOTH
from engine.methods.diffrect.rectifying import RectifyingStage
from engine.networks.label_rectifier import Encoded, LabelRectifier, Learned
from engine.networks.level_unet import SLOPE, ConvBlock

Noised = Callable[[Tensor], tuple[Tensor, Tensor]]


def encode(labels: Tensor, colours: Tensor) -> Tensor:
    """Label maps as pictures, one at a time."""
    palette = (colours.cpu().numpy() * 255).round().astype(np.uint8)
    pictures = []
    for labelled in labels.detach().cpu().numpy():
        coloured = np.zeros((*labelled.shape, 3), np.uint8)
        for label, colour in enumerate(palette):
            coloured[labelled == label] = colour
        picture = np.asarray(Image.fromarray(coloured))
        pictures.append(torch.from_numpy(picture.transpose(2, 0, 1).copy()).float() / 255)
    return torch.stack(pictures).to(labels.device)


def pseudo_labels(soft: Tensor, threshold: float) -> Tensor:
    """The masked maximum."""
    low, high = soft.min(dim=1, keepdim=True)[0], soft.max(dim=1, keepdim=True)[0]
    mask = ((soft - low) / high > threshold).float()
    return (soft * mask).detach().argmax(dim=1)


def ce_and_dice(logits: Tensor, soft: Tensor, labels: Tensor) -> Tensor:
    """Class by class."""
    del soft
    own = logits.softmax(dim=1)
    classes = own.shape[1]
    target = labels[:, None]
    maps = torch.cat([target == i * torch.ones_like(target) for i in range(classes)], dim=1)
    loss = F.cross_entropy(logits, labels)
    for i in range(classes):
        score, wanted = own[:, i], maps[:, i].float()
        both, sizes = (score * wanted).sum(), (score * score).sum() + (wanted * wanted).sum()
        loss = loss + (1 - (2 * both + SMOOTH) / (sizes + SMOOTH)) / classes
    return loss


def complementary_loss(weak: Tensor, strong: Tensor) -> tuple[Tensor, Tensor]:
    """With torch's categorical distribution over the pixels."""
    shares = strong.flatten(2)
    entropy = Categorical(probs=shares, validate_args=False).entropy()
    weight = (1 - entropy / math.log(shares.shape[2])).mean()
    return weight * F.cross_entropy(1 - strong, weak.detach().argmin(dim=1)), weight


def _block(self: ConvBlock, x: Tensor, time: Tensor | None = None) -> Tensor:
    x = F.leaky_relu(self.norm_in(self.conv_in(x)), SLOPE)
    if self.time is not None:
        assert time is not None
        x = x + self.time(F.silu(time))[:, :, None, None]
    x = self.conv_out(F.dropout(x, self.dropout, self.training))
    return F.leaky_relu(self.norm_out(x), SLOPE)


def _forward(
    self: LabelRectifier, image: Tensor, coarse: Tensor, better: Tensor, t: Tensor, noised: Noised
) -> Learned:
    encoded = self.encode(image, coarse, t)
    both = torch.cat([image, better], dim=1)
    start = self.encoder(both, encoded.time, encoded.of_image)[-1].detach()
    x_t, step = noised(start)
    clean = self.denoise(x_t, step, encoded.features[-1])
    return Learned(start, clean, self.decode(encoded, clean), encoded)


@contextmanager
def plain_layers() -> Iterator[None]:
    """Meanwhile layers and losses are the straightforward ones."""
    with ExitStack() as patches:
        for function in (ce_and_dice, pseudo_labels, complementary_loss):
            for module in (stage, rectifying):
                if hasattr(module, function.__name__):
                    patches.enter_context(patch.object(module, function.__name__, function))
        patches.enter_context(patch.object(rectifying, "encode", encode))
        patches.enter_context(patch.object(halves, "LAYOUT", torch.contiguous_format))
        patches.enter_context(patch.object(ConvBlock, "forward", _block))
        patches.enter_context(patch.object(LabelRectifier, "forward", _forward))
        yield


class PlainStage(RectifyingStage):
    """Encodes again what was encoded; to be used inside `plain_layers`."""

    def _learned(
        self, rectifier: nn.Module, images: Tensor, coarse: Tensor, better: Tensor, t: Tensor
    ) -> tuple[Tensor, Tensor, Encoded]:
        self._last = images, coarse, t
        return super()._learned(rectifier, images, coarse, better, t)

    def _sampled(self, encoded: Encoded) -> Tensor:
        images, coarse, t = self._last
        return super()._sampled(self.rectifier.encode(images, self._code(coarse), t))
