"""What cDAL sees of labelled images: the paper's preparations, augmentations and crops.

MoNuSeg: resized to 512, crops of 256, flips, turns of 22 degrees, zooms of 0.75 to 1.25, colours.
Chest X-ray: 256 x 256 grey in [-1, 1]. Hippocampus: LPI axes, intensities in [0, 1], patches of
32^3 with repeated edges, half of them centred on foreground, their slices being the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.segmentation.augment import Augmentation, augment, random_patch
from engine.data.segmentation.preparation import Preparation
from engine.data.segmentation.store import CaseStore, Sample
from engine.errors import CheckpointError, InputError
from engine.methods.cdal.params import DataKind

FOREGROUND_SHARE = 0.5
BOXES = 8
PATCH_OVERLAP = 0.25
# Of MoNuSeg, from the release: means and standard deviations of bytes.
MONUSEG_MEAN = (142.07, 98.48, 132.96)
MONUSEG_STD = (65.78, 57.05, 57.78)
PLAIN = Augmentation()
PAPER = Augmentation(True, 22.0, (0.75, 1.25), 0.25, 0.04)


@dataclass(frozen=True)
class Recipe:
    """How one kind of data is shown to the network, in training and later.

    Attributes:
        preparation: From the file to what the network sees.
        augmentation: Random changes in training.
        window: Rows and columns of what the network sees at once; in 3D all sides of the box.
        overlap: Share of a window that the next one covers again.
        blend: How overlapping windows are averaged: "constant" or "gaussian" weights.
        votes: Runs of the paper's majority vote.
    """

    preparation: Preparation
    augmentation: Augmentation
    window: int
    overlap: float = 0.0
    blend: str = "constant"
    votes: int = 5

    def card(self) -> dict[str, Any]:
        """What inference needs, for `Card.preprocessing`."""
        return {
            **self.preparation.card(), "window": self.window, "overlap": self.overlap,
            "blend": self.blend, "votes": self.votes,
        }  # fmt: skip

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Recipe:
        """What `card` gave, without the augmentation.

        Raises:
            CheckpointError: the card says something else.
        """
        preparation = Preparation.from_card(card)
        try:
            return cls(
                preparation, PLAIN, int(card["window"]), float(card["overlap"]),
                str(card["blend"]), int(card["votes"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"The checkpoint does not say how images are cut for it: {error}.",
                "Import or train it again.",
            ) from error


def recipe(kind: DataKind, size: int, resize: int = 0, *, augmented: bool = True) -> Recipe:
    """The recipe of a kind of data; at `size` 256 (hippocampus: 32) it is the paper's.

    Args:
        size: Side of what the network sees.
        resize: Side that slices are resized to before; 0 takes the paper's: twice `size` for
            MoNuSeg, else `size` itself.

    Raises:
        InputError: slices that would be smaller than what is cut from them.
    """
    if resize and resize < size:
        raise InputError(
            f"Patches of {size} px cannot be cut from images of {resize} px.",
            f"Resize to {size} px or more, or choose a smaller side.",
        )
    whole = resize or (2 * size if kind == "monuseg" else size)
    half = Preparation(2, 1, (whole, whole), "full", (0.5,), (0.5,))
    if kind == "monuseg":
        stained = Preparation(
            2, 3, (whole, whole), "full",
            tuple(m / 255 for m in MONUSEG_MEAN), tuple(s / 255 for s in MONUSEG_STD),
        )  # fmt: skip
        found = Recipe(stained, PAPER, size)
    elif kind == "hippocampus":
        found = Recipe(Preparation(3, 1, None, "minmax", orientation="LPI"), PLAIN, size, 0.75)
    elif kind == "cxr":
        # Nothing mirrored: the heart is on one side, and there are no lungs beside the lungs.
        mild = Augmentation(False, 10.0, (0.85, 1.15), 0.2, outside="border")
        found = Recipe(half, mild, size, votes=30)
    elif kind == "rgb":
        colours = replace(half, channels=3, mean=(0.5,) * 3, std=(0.5,) * 3)
        found = Recipe(colours, PAPER, size)
    else:
        found = Recipe(half, replace(PAPER, hue=0.0), size)
    if resize > size and found.preparation.dims == 2:
        # Patches know little of what lies beyond them: where they meet, both have a say.
        found = replace(found, overlap=PATCH_OVERLAP, blend="gaussian")
    return found if augmented else replace(found, augmentation=PLAIN)


def label_channels(classes: int) -> int:
    """Maps of the network: one for a foreground, else one a class with the background."""
    return 1 if classes == 2 else classes


def one_hot(labels: NDArray[np.uint8], classes: int) -> NDArray[np.float32]:
    """(B, H, W) to (B, L, H, W) in {-1, 1}."""
    if classes == 2:
        return (labels[:, np.newaxis] > 0).astype(np.float32) * 2 - 1
    wanted = np.arange(classes, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    return (labels[:, np.newaxis] == wanted).astype(np.float32) * 2 - 1


class TrainingData:
    """Random batches; all that is random comes from the generator that is given.

    Args:
        store: The cases of one part of the split.
        recipe: How they are shown.
        classes: With the background.
    """

    def __init__(self, store: CaseStore, recipe: Recipe, classes: int) -> None:
        self.store = store
        self.recipe = recipe
        self.classes = classes

    def batch(self, rng: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        """`size` slices.

        Of volumes, as many boxes are drawn as hold that many slices, and at least `BOXES` where
        that many slices are wanted.

        Returns:
            Images (size, C, H, W), normalised, and labels (size, L, H, W) in {-1, 1}; float32.
        """
        boxes = size
        if self.recipe.preparation.dims == 3:
            boxes = max(-(-size // self.recipe.window), min(size, BOXES))
        shares = [size // boxes + (i < size % boxes) for i in range(boxes)]
        images, labels = [], []
        for share in shares:
            sample = self.store.sample(int(rng.integers(len(self.store))))
            image, marked = self._draw(sample, rng, share)
            images.append(image)
            labels.append(marked)
        maps = one_hot(np.concatenate(labels), self.classes)
        return torch.from_numpy(np.concatenate(images)), torch.from_numpy(maps)

    def _draw(
        self, sample: Sample, rng: np.random.Generator, share: int
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """(share, C, H, W) normalised, (share, H, W)."""
        window = self.recipe.window
        centres = sample.foreground if rng.random() < FOREGROUND_SHARE else None
        if self.recipe.preparation.dims == 3:
            box = (window, window, window)
            image, labels = random_patch(sample.image, sample.labels, box, rng, centres)
            kept = np.sort(rng.choice(window, share, replace=False))
            image, labels = image[:, kept], labels[kept]
        else:
            image, labels = self._slice(sample, rng, centres)
        changed = [
            augment(image[:, d], labels[d], rng, self.recipe.augmentation)
            for d in range(labels.shape[0])
        ]
        pictures = np.stack([self.recipe.preparation.normalise(picture) for picture, _ in changed])
        return pictures, np.stack([marked for _, marked in changed])

    def _slice(
        self, sample: Sample, rng: np.random.Generator, centres: NDArray[np.int32] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """One slice (C, 1, H, W), cut to the window where it is larger."""
        window, shape = self.recipe.window, sample.labels.shape
        if shape[0] == 1:
            # Nuclei are everywhere: only slices of volumes need help to meet the structure.
            centres = None
        return random_patch(sample.image, sample.labels, (1, window, window), rng, centres)
