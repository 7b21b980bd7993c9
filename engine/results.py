"""What finished jobs return: plain values and numpy, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Box = tuple[tuple[int, int, int], tuple[int, int, int]]
"""Voxels (d, h, w), low inside and high outside of it."""


@dataclass(frozen=True, eq=False)
class SynthesisResult:
    """Images made from one mask.

    Attributes:
        images: (B, H, W) float32 in [0, 1].
        mask: (H, W) uint8 in {0, 1}, as it was used.
        seeds: One an image.
        provenance: Enough to make the same images again.
        notes: What was done to the inputs, for the user.
    """

    images: np.ndarray
    mask: np.ndarray
    seeds: tuple[int, ...]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MaskResult:
    """A mask that a job made, (H, W) uint8 in {0, 1}."""

    mask: np.ndarray
    notes: tuple[str, ...] = ()


class Segmentation(Protocol):
    """What every method that finds structures in a volume returns, on the volume's own voxels."""

    @property
    def labels(self) -> np.ndarray:
        """(D, H, W) uint8."""

    @property
    def names(self) -> Mapping[int, str]:
        """Class -> name, with 0."""

    @property
    def region(self) -> Box:
        """What was segmented; labels and maps are 0 outside."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Enough to make the same result again."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the input, for the user."""

    @property
    def layers(self) -> Mapping[str, np.ndarray]:
        """Name -> map (D, H, W) float32 to lay over the image, the most telling first."""


@dataclass(frozen=True, eq=False)
class SegmentationResult:
    """Labels of a volume with what the votes say of them, on the volume's own voxels.

    Outside of the region all maps and labels are 0.

    Attributes:
        labels: (D, H, W) uint8, the class of most votes, or of a threshold where one is given.
        probability: (K, D, H, W) float32, the mean of the votes before rounding; K counts the
            background.
        variance: (D, H, W) float32 over the votes, of the class that varies most; 0 to 0.25.
        entropy: (D, H, W) float32 of the probability, over log K; 0 to 1.
        votes: (N, h, w) uint8, the labels of each vote on one slice, for a contact sheet; h and w
            are the two other axes in the order of (D, H, W).
        shown: Where that slice cuts `axis`.
        region: What was segmented: voxels (d, h, w), low inside and high outside of it.
        names: Class -> name.
        provenance: Enough to make the same result again.
        notes: What was done to the input, for the user.
        axis: The axis of (D, H, W) that the slice of the votes cuts.
    """

    labels: np.ndarray
    probability: np.ndarray
    variance: np.ndarray
    entropy: np.ndarray
    votes: np.ndarray
    shown: int
    region: Box
    names: Mapping[int, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    axis: int = 0

    @property
    def foreground(self) -> np.ndarray:
        """The probability of any class but the background, (D, H, W) float32."""
        found: np.ndarray = self.probability[1:].sum(axis=0)
        return found

    @property
    def layers(self) -> Mapping[str, np.ndarray]:
        """See `Segmentation`."""
        return {
            "Probability": self.foreground, "Uncertainty": self.variance, "Entropy": self.entropy,
        }  # fmt: skip


class Grid(Protocol):
    """Where the squares that a network sees lie in an image."""

    @property
    def across(self) -> tuple[int, bool]:
        """Which axis of (D, H, W) the slices cut, and whether they are counted from its end."""

    def back(self, maps: np.ndarray, slices: np.ndarray) -> np.ndarray:
        """Maps (K, n, S, S) of slices (n,) to (K, D, H, W) of the image; 0 elsewhere."""


@dataclass(frozen=True, eq=False)
class Squares:
    """What a network told of the slices that show something, as it sees them.

    Attributes:
        images: (n, S, S) float32 in [-1, 1], the slices.
        maps: (n, R, S, S) float32, the evidence that each of R steps adds.
        slices: (n,) which slice of the network's plane; one may come once for each finding.
        classes: (n,) which finding.
        grid: Where they lie in the image.
        chances: (slices of the plane, K) float32, what the classifier says of every slice; NaN
            where it was not asked.
        states: (R, 2, S, S) float32, the shown slice after every step under its label and under
            the blend it is compared with; (0, ...) where there are none.
        shown: Which of the n that is; -1 without any.
        each: How many of the sampler's steps each of the R adds up, where memory is short.
    """

    images: np.ndarray
    maps: np.ndarray
    slices: np.ndarray
    classes: np.ndarray
    grid: Grid
    chances: np.ndarray
    states: np.ndarray
    shown: int = -1
    each: int = 1

    def used(self, steps: int) -> int:
        """How many of the R so many of the sampler's steps are; all for 0."""
        most = self.maps.shape[1]
        return min(-(-steps // self.each), most) if steps else most

    def index(self, number: int, depth: int) -> int:
        """Slice of the plane -> its place along the image's axis of that length, or back."""
        return depth - 1 - number if self.grid.across[1] else number

    def entry(self, index: int, depth: int, label: int) -> int:
        """Which of the n is a finding at a place along the axis of `grid.across`; -1 for none."""
        here = (self.slices == self.index(index, depth)) & (self.classes == label)
        return int(here.argmax()) if here.any() else -1


@dataclass(frozen=True, eq=False)
class SaliencyResult:
    """Labels that were cut from heat maps, on the volume's own voxels.

    Other numbers of steps and other thresholds follow from `squares` without the network
    (`engine.methods.cdm.cutting.recut`).

    Attributes:
        labels: (D, H, W) uint8; slices that show nothing are empty.
        heat: (K - 1, D, H, W) float32, normalised evidence of each finding; 0 to 1.
        thresholds: (n,) float32, that of each entry of `squares`.
        squares: See `Squares`.
        names, region, provenance, notes: See `Segmentation`.
    """

    labels: np.ndarray
    heat: np.ndarray
    thresholds: np.ndarray
    squares: Squares
    region: Box
    names: Mapping[int, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def layers(self) -> Mapping[str, np.ndarray]:
        """See `Segmentation`."""
        several = len(self.heat) > 1
        return {
            f"Heat map, {self.names.get(k, str(k))}" if several else "Heat map": heat
            for k, heat in enumerate(self.heat, 1)
        }


@dataclass(frozen=True, eq=False)
class TranslationResult:
    """An image as another modality would show it, on its source's own voxels; synthetic.

    Attributes:
        image: (D, H, W) float32, in values from `window[0]` (black) to `window[1]` (white).
        spread: (D, H, W) float32, standard deviation over the samples in the same values; 0 of a
            single one.
        information: (D, H, W) float32, local mutual information of source and result in bits:
            where it is low, little of the source ties the result.
        window: See `image`.
        provenance: Enough to make the same result again, with the mapping of intensities.
        notes: What was done to the source, for the user.
    """

    image: np.ndarray
    spread: np.ndarray
    information: np.ndarray
    window: tuple[float, float]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def layers(self) -> Mapping[str, np.ndarray]:
        """Name -> map (D, H, W) float32 to lay over the image, the most telling first."""
        maps = {"Local mutual information": self.information}
        return {**maps, "Spread": self.spread} if self.spread.any() else maps

    @property
    def summary(self) -> str:
        """A sentence."""
        slices = self.provenance["slices"]
        unit = "" if slices["translated"] == slices["of"] else f" of {slices['of']}"
        return f"{slices['translated']}{unit} slices translated."


@dataclass(frozen=True)
class FileResult:
    """Files that a job wrote.

    Attributes:
        path: The main file or folder.
        summary: One sentence for the user.
        figures: What was measured.
    """

    path: Path
    summary: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measures:
    """What a few iterations of a training took.

    Attributes:
        iterations, batch: Of the whole training.
        step_s: Seconds of an iteration.
        extra_s: Seconds of all validations, saves and previews together.
        memory, available: Bytes that it takes beyond what was taken before, and that it may take.
        tried: Largest batch whose parts went through the device at once.
        memory_of: Bytes that are needed whatever the batch, and for each sample of it more.
        device: Where it ran.
    """

    iterations: int
    batch: int
    step_s: float
    extra_s: float
    memory: int
    available: int
    tried: int
    memory_of: tuple[float, float]
    device: str

    @property
    def fits(self) -> bool:
        """Whether the whole batch has room."""
        return self.memory <= self.available

    def largest(self) -> int:
        """The batch for which there is room, 0 for none."""
        base, each = self.memory_of
        if self.fits:
            return self.batch
        room = self.available - base
        return max(0, min(self.batch - 1, int(room / each))) if each > 0 and room > 0 else 0


@dataclass(frozen=True)
class Estimate:
    """What a training would take, measured by a few iterations of it on this machine.

    Attributes:
        measures: As it was asked for.
        preparation_s: Seconds until the first iteration: finding and checking the data.
        change: Parameters with which it fits where it does not; empty if it does, or if none is
            known.
        changed: What it takes with them.
        split: Part -> names of cases, as the run would have it; empty where it has none.
        patients: Case -> patient, of the split.
        notes: What the training said of its data.
    """

    measures: Measures
    preparation_s: float
    change: Mapping[str, Any] = field(default_factory=dict)
    changed: Measures | None = None
    split: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patients: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def seconds(self, measures: Measures | None = None) -> float:
        """Of the whole training."""
        found = measures or self.measures
        return self.preparation_s + found.iterations * found.step_s + found.extra_s

    @property
    def summary(self) -> str:
        """Sentences for people."""
        found = self.measures
        told = (
            f"About {duration(self.seconds())} on this machine ({found.device}): "
            f"{duration(self.preparation_s)} before the first iteration, then {found.iterations:,} "
            f"of {_step(found.step_s)} each, {duration(found.extra_s)} to validate and save. "
            f"{_gib(found.memory)} of {_gib(found.available)} of memory: "
        )
        if found.fits:
            return f"{told}it fits."
        if self.changed is None:
            return f"{told}it does not fit, and no smaller batch or image was found that does."
        named = ", ".join(f"{name} {value}" for name, value in self.change.items())
        return (
            f"{told}it does not fit. With {named} it does: {_gib(self.changed.memory)}, about "
            f"{duration(self.seconds(self.changed))}."
        )


def _step(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 10 else duration(seconds)


def duration(seconds: float) -> str:
    """For people, such as "40 s", "12 min", "3.5 h", "4 days"."""
    for unit, length, digits in (("days", 86400.0, 1), ("h", 3600.0, 1), ("min", 60.0, 0)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.{digits}f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**29 else f"{count / 2**20:.0f} MiB"
