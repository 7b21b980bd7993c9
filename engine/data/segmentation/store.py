"""Prepared cases, read when they are first asked for and kept while memory allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.preparation import Preparation, prepare
from engine.data.segmentation.reading import read_case

MEMORY_SHARE = 0.25
MAX_PLACES = 8192


@dataclass(frozen=True, eq=False)
class Sample:
    """A case in the network's geometry.

    Attributes:
        image: (C, D, H, W) float16 in [0, 1].
        labels: (D, H, W) uint8.
        foreground: (n, 3) places (d, h, w) of voxels that are not background, at most 8192 of
            them, evenly over all.
    """

    name: str
    image: NDArray[np.float16]
    labels: NDArray[np.uint8]
    foreground: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        return self.image.nbytes + self.labels.nbytes + self.foreground.nbytes


class CaseStore:
    """Reads cases; the least recently used ones are forgotten when they take too much memory.

    Args:
        cases: What there is.
        preparation: How an image becomes what the network sees.
        remap: See `reading.read_case`.
        limit_bytes: What may be kept; None takes a quarter of what is free.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        preparation: Preparation,
        remap: Mapping[int, int] | None = None,
        limit_bytes: int | None = None,
    ) -> None:
        self.cases = tuple(cases)
        self.preparation = preparation
        self.remap = dict(remap) if remap else None
        free = int(psutil.virtual_memory().available * MEMORY_SHARE)
        self._limit = free if limit_bytes is None else limit_bytes
        self._kept: OrderedDict[int, Sample] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def kept(self) -> int:
        """How many cases are in memory."""
        return len(self._kept)

    def sample(self, index: int) -> Sample:
        """One case.

        Raises:
            InputError: It cannot be read or used.
        """
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        found = read_case(self.cases[index], self.remap)
        ready = prepare(found.volume, self.preparation)
        labels = ready.labels(found.labels)
        sample = Sample(
            self.cases[index].name, ready.array.astype(np.float16), labels, _places(labels)
        )
        self._keep(index, sample)
        return sample

    def _keep(self, index: int, sample: Sample) -> None:
        self._kept[index] = sample
        self._bytes += sample.nbytes
        while self._bytes > self._limit and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            self._bytes -= forgotten.nbytes


def _places(labels: NDArray[np.uint8]) -> NDArray[np.int32]:
    flat = np.flatnonzero(labels)
    chosen = flat[:: max(1, -(-len(flat) // MAX_PLACES))]
    return np.stack(np.unravel_index(chosen, labels.shape), -1).astype(np.int32)
