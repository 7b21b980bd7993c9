"""Local mutual information (LMI): where two images tell most of each other, window by window.

For each pixel p the 3x3 window of a source at p is compared with nine windows of a target, one
for each displacement d of {-1, 0, 1}^2. The window of d is centred at p + d and knows nothing
beyond the nine pixels around p: what it would see further away is mirrored at its centre. Outside
of the image there is 0 in both, and nothing is mirrored at a centre that lies there.

The mutual information of two windows is found by kernel density. With intensities truncated to
v = int(255 x), K levels b_k evenly from 0 to 255 and k_k(v) = exp(-((v - b_k) / 2 sigma^2)^2 / 2)

    p(s) ~ mean over the window of k(s)      p(t) alike      p(s, t) ~ sum of k(s) k(t)^T
    MI   = H(s) + H(t) - H(s, t), in bits

each p divided by its sum. It may come out slightly below 0: the kernels of neighbouring levels
overlap. The LMI of p is the largest of the nine, and with it goes the target's pixel at p + d.

On a CPU a compiled loop does the work (`local_information_cpu`); elsewhere, and where a gradient
is asked for, torch does (`local_information_plain`), which the loop is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.diffusion import local_information_plain as plain
from engine.diffusion.local_information_plain import Windows
from engine.errors import InputError

if TYPE_CHECKING:
    from engine.diffusion.local_information_cpu import CompiledSource

SIDE = 3
MAX_BINS = 256
NEARLY = 1e-4
"""Bits below which the compiled loop does not say which of two displacements is better."""


@dataclass(frozen=True)
class InformationSettings:
    """How windows are compared.

    Attributes:
        bins: Levels K.
        sigma: Half the width of the kernels is sigma^2, in 255ths of the range.
        normalized: 2 MI / (H(s) + H(t)), between 0 and 1, instead of bits.
    """

    bins: int = 27
    sigma: float = 2.0
    normalized: bool = False

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= MAX_BINS:
            raise InputError(
                f"Mutual information was asked for in {self.bins} bins.", f"Use 2 to {MAX_BINS}."
            )
        if not 0.0 < self.sigma <= 100.0:
            raise InputError(
                f"The kernels of the mutual information have sigma {self.sigma}.",
                "Use a positive number; 2 and 2.5 are published.",
            )


@dataclass(frozen=True, eq=False)
class Aligned:
    """What `SourceImage.aligned` finds.

    Attributes:
        similarity: (B, 1, H, W) LMI.
        centre: (B, 1, H, W), the target's pixel at the best displacement: the first one of the
            best, row by row.
    """

    similarity: Tensor
    centre: Tensor


class SourceImage:
    """A source that targets are compared with, again and again; what is its own is found once.

    Args:
        image: (B, 1, H, W) in [0, 1], any device.
        settings: See `InformationSettings`.

    Raises:
        InputError: more than one channel, or no room for a window.
    """

    def __init__(self, image: Tensor, settings: InformationSettings | None = None) -> None:
        if image.dim() != 4 or image.shape[1] != 1 or not image.is_floating_point():
            raise InputError(
                f"Mutual information was asked of an image of shape {tuple(image.shape)}.",
                "It is defined for one channel: (B, 1, H, W).",
            )
        if min(image.shape[2:]) < SIDE:
            height, width = image.shape[2:]
            raise InputError(
                f"An image of {width} x {height} px has no room for a window of {SIDE} x {SIDE}.",
                f"Choose images of at least {SIDE} px a side.",
            )
        self.image = image.detach().float()
        self.settings = settings or InformationSettings()
        self._windows = Windows(self.settings.bins, self.settings.sigma, self.settings.normalized)
        self._compiled = self._compile() if image.device.type == "cpu" else None

    def similarity(self, target: Tensor) -> Tensor:
        """LMI with a target, (B, 1, H, W) float32.

        Args:
            target: (B, 1, H, W) of the source's size and device; [0, 1] is black to white, and
                what lies beyond counts as it is. With a gradient where it asks for one: that of
                the truncation is taken as 1, and the best displacement is held.

        Raises:
            ValueError: another shape.
        """
        self._check(target)
        if self._differentiates(target) or self._compiled is None:
            return plain.best(self._windows, self.image, target).similarity
        found, _, _ = self._compiled.compare(target)
        return found

    def aligned(self, target: Tensor) -> Aligned:
        """LMI and the target's pixel that goes with it; as `similarity`."""
        self._check(target)
        if self._differentiates(target) or self._compiled is None:
            found = plain.best(self._windows, self.image, target)
            return Aligned(found.similarity, found.centre)
        similarity, place, second = self._compiled.compare(target)
        # Where two are equal but for rounding, the straightforward sums decide.
        image, row, column = torch.nonzero((similarity - second)[:, 0] < NEARLY, as_tuple=True)
        centre = plain.neighbours(target.float()).gather(1, place)
        if len(image):
            places = image, row, column
            exact = plain.best_at(self._windows, self.image, target, places)
            similarity[image, 0, row, column] = exact.similarity
            centre[image, 0, row, column] = exact.centre
        return Aligned(similarity, centre)

    def _compile(self) -> CompiledSource:
        from engine.diffusion.local_information_cpu import CompiledSource

        s = self.settings
        return CompiledSource(self.image, s.bins, s.sigma, s.normalized)

    def _check(self, target: Tensor) -> None:
        if target.shape != self.image.shape:
            raise ValueError(f"a target {tuple(target.shape)} for {tuple(self.image.shape)}")

    @staticmethod
    def _differentiates(target: Tensor) -> bool:
        return torch.is_grad_enabled() and target.requires_grad


def local_information(
    source: Tensor, target: Tensor, settings: InformationSettings | None = None
) -> Tensor:
    """LMI of two images (B, 1, H, W), of the same shape; see `SourceImage.similarity`."""
    return SourceImage(source, settings).similarity(target)
