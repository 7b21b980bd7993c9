"""How good the segmenter is on held-out cases, by volume and on their own voxels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import psutil
import torch
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.reading import read_case
from engine.device import Context
from engine.methods.diffrect.data import SliceStore
from engine.methods.diffrect.inference import probabilities
from engine.networks.level_unet import SegmenterUNet
from engine.training.figures import dice_figures

MEMORY_SHARE = 0.1


class Validation:
    """Mean Dice of the held-out cases.

    Args:
        cases: With labels.
        store: Reads their slices.
        names: Class -> name; the background may be among them.
    """

    def __init__(self, cases: Sequence[Case], store: SliceStore, names: Mapping[int, str]) -> None:
        self._cases, self._store = tuple(cases), store
        self._names = {label: name for label, name in names.items() if label}
        self._labels: dict[str, NDArray[np.uint8]] = {}
        self._room = int(psutil.virtual_memory().available * MEMORY_SHARE)

    def __call__(self, model: SegmenterUNet, context: Context) -> Mapping[str, float]:
        """The mean over cases of the mean over classes; of several, the lowest and each too.

        Raises:
            InputError: A case cannot be read any more.
        """
        rows = [self._scores(model, case, context) for case in self._cases]
        means = np.mean(rows, axis=0)
        each = dict(zip(self._names.values(), means.tolist(), strict=True))
        return dice_figures(float(means.mean()), each)

    def _scores(self, model: SegmenterUNet, case: Case, context: Context) -> list[float]:
        truth = self._truth(case)
        images = self._store.slices(case, "none").image.astype(np.float32)
        maps = self._store.recipe.back(probabilities(model, images, context), truth.shape[1:])
        found = torch.from_numpy(maps).argmax(dim=0).numpy()
        return [dice(found == label, truth == label) for label in self._names]

    def _truth(self, case: Case) -> NDArray[np.uint8]:
        kept = self._labels.get(case.name)
        if kept is not None:
            return kept
        labels = read_case(case, self._store.remap).labels.astype(np.uint8)
        if labels.nbytes <= self._room:
            self._room -= labels.nbytes
            self._labels[case.name] = labels
        return labels


def dice(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """0 where only one of both has anything, 1 where neither has."""
    sizes = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / sizes if sizes else 1.0
