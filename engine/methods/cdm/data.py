"""Random slices with their labels, for training. There are no masks here."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.segmentation.augment import Augmentation, augment
from engine.data.weak.store import SliceStore
from engine.methods.cdm.params import SliceParams

DEGREES = 10.0
ZOOM = (0.9, 1.1)
JITTER = 0.1
PLAIN = Augmentation()


def augmentation(params: SliceParams) -> Augmentation:
    """What the parameters ask for."""
    if not params.augment:
        return Augmentation(flips=params.flips)
    return Augmentation(params.flips, DEGREES, ZOOM, JITTER, outside="border")


class TrainingSlices:
    """Random batches; all that is random comes from the generator that is given.

    Args:
        store: The slices of one part of the split.
        classes: With 0 for nothing.
        how: Random changes.
        balance: Every class that there is comes as often as the others.
    """

    def __init__(
        self,
        store: SliceStore,
        classes: int,
        how: Augmentation = PLAIN,
        *,
        balance: bool = True,
    ) -> None:
        self.store = store
        self.classes = classes
        self.how = how
        self.balance = balance
        self._of_class = {c: s for c in range(classes) if (s := store.of_class(c))}

    def batch(self, rng: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        """`size` slices (size, C, S, S) in [-1, 1] and their labels (size,).

        Of a slice that shows several findings, one is drawn.
        """
        pictures, labels = [], []
        for _ in range(size):
            index, label = self._draw(rng)
            pictures.append(self._changed(self.store.picture(index), rng))
            labels.append(label)
        return torch.from_numpy(np.stack(pictures)), torch.tensor(labels)

    def some(self, count: int) -> tuple[Tensor, Tensor]:
        """The same `count` slices every time, as many of each class as can be, unchanged."""
        chosen: list[tuple[int, int]] = []
        share = -(-count // len(self._of_class))
        for label, slices in self._of_class.items():
            places = np.linspace(0, len(slices) - 1, min(share, len(slices))).round().astype(int)
            chosen += [(slices[place], label) for place in places]
        pictures = np.stack([self.store.picture(index) for index, _ in chosen])
        return torch.from_numpy(pictures), torch.tensor([label for _, label in chosen])

    def _draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """A slice and its label."""
        if self.balance:
            present = list(self._of_class)
            label = present[int(rng.integers(len(present)))]
            slices = self._of_class[label]
            return slices[int(rng.integers(len(slices)))], label
        index = int(rng.integers(len(self.store)))
        shown = sorted(self.store.places[index].labels) or [0]
        return index, shown[int(rng.integers(len(shown)))]

    def _changed(
        self, picture: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        if self.how == PLAIN:
            return picture
        nothing = np.zeros(picture.shape[1:], np.uint8)
        unit = np.asarray((picture + 1) / 2, np.float32)
        changed, _ = augment(unit, nothing, rng, self.how)
        return np.asarray(np.clip(changed, 0, 1) * 2 - 1, np.float32)
