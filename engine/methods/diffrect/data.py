"""Slices of labelled and unlabelled cases in memory, and which of them an iteration gets.

Two streams (Yu et al. 2019, as in SSL4MIS): an epoch goes once through the labelled slices in a
random order, and beside them through as many unlabelled ones.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.preparation import prepare
from engine.data.segmentation.reading import read_case
from engine.data.volumes.read import read_volume
from engine.methods.diffrect.recipe import Recipe

MEMORY_SHARE = 0.25
LABELLED, UNLABELLED = 1, 2
"""Streams, for their random orders."""
Labels = Literal["none", "own", "promoted"]
"""Whether a case's labels are looked at: not, those of the set, or some in the run's numbers."""


@dataclass(frozen=True, eq=False)
class Slices:
    """A case as the network sees it.

    Attributes:
        image: (C, D, side, side) float16 in [0, 1].
        labels: (D, side, side) uint8; None where they are not looked at.
    """

    image: NDArray[np.float16]
    labels: NDArray[np.uint8] | None

    @property
    def nbytes(self) -> int:
        return self.image.nbytes + (0 if self.labels is None else self.labels.nbytes)


class SliceStore:
    """Reads cases when they are first asked for; forgets the oldest when memory gets scarce.

    Args:
        recipe: How slices are shown.
        remap: Of the set's labels, see `reading.read_case`.
        limit_bytes: What may be kept; None takes a quarter of what is free.
    """

    def __init__(
        self, recipe: Recipe, remap: Mapping[int, int] | None = None, limit_bytes: int | None = None
    ) -> None:
        self.recipe = recipe
        self.remap = dict(remap) if remap else None
        free = int(psutil.virtual_memory().available * MEMORY_SHARE)
        self._limit = free if limit_bytes is None else limit_bytes
        self._kept: OrderedDict[tuple[Case, Labels], Slices] = OrderedDict()
        self._bytes = 0

    @property
    def kept(self) -> int:
        """How many cases are in memory."""
        return len(self._kept)

    def slices(self, case: Case, labels: Labels) -> Slices:
        """A case, with its labels where they are to be looked at.

        Raises:
            InputError: It cannot be read or used.
        """
        key = case, labels
        if key not in self._kept:
            self._keep(key, self._read(case, labels))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _read(self, case: Case, labels: Labels) -> Slices:
        marked = None
        if labels == "none":
            volume = read_volume(case.image, part=case.image_part, kind="image")
        else:
            read = read_case(case, self.remap if labels == "own" else None)
            volume, marked = read.volume, self.recipe.labels(read.labels)
        # A labelled case has the one channel left that is wanted.
        channel = case.channel if len(volume.array) > 1 else 0
        ready = prepare(volume, self.recipe.preparation, channel)
        return Slices(self.recipe.slices(ready.array).astype(np.float16), marked)

    def _keep(self, key: tuple[Case, Labels], slices: Slices) -> None:
        self._kept[key] = slices
        self._bytes += slices.nbytes
        while self._bytes > self._limit and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            self._bytes -= forgotten.nbytes


@dataclass(frozen=True)
class Place:
    """A slice of a case."""

    case: Case
    index: int


class Streams:
    """The slices of one epoch.

    Args:
        labelled, unlabelled: Cases with the number of their slices; the latter may be none.
        first, second: Slices an iteration of each kind; `second` is 0 without unlabelled ones.
        seed, epoch: What the orders follow from.
    """

    def __init__(
        self,
        labelled: Sequence[tuple[Case, int]],
        unlabelled: Sequence[tuple[Case, int]],
        first: int,
        second: int,
        seed: int,
        epoch: int,
    ) -> None:
        self._first, self._second = first, second
        self._labelled = _order(_places(labelled), first, [seed, LABELLED, epoch])
        self.length = max(1, len(self._labelled) // first)
        wanted = self.length * second
        self._unlabelled = _order(_places(unlabelled), wanted, [seed, UNLABELLED, epoch])

    def draw(self, step: int) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """The labelled and the unlabelled slices of a step, counted from 0, of the epoch."""
        first, second = step * self._first, step * self._second
        return (
            tuple(self._labelled[first : first + self._first]),
            tuple(self._unlabelled[second : second + self._second]),
        )


def some_slices(store: SliceStore, cases: Sequence[tuple[Case, int]], most: int) -> NDArray[Any]:
    """Evenly chosen slices of cases with the number of their slices, always the same ones:
    (at most `most`, C, side, side) float32 in [0, 1], without their labels."""
    places = _places(cases)
    chosen = np.unique(np.linspace(0, len(places) - 1, min(most, len(places))).round().astype(int))
    found = [store.slices(places[i].case, "none").image[:, places[i].index] for i in chosen]
    return np.stack(found).astype(np.float32)


def _places(cases: Sequence[tuple[Case, int]]) -> list[Place]:
    return [Place(case, index) for case, depth in cases for index in range(depth)]


def _order(places: Sequence[Place], least: int, seed: Sequence[int]) -> list[Place]:
    """Once through all in a random order, and again until there are at least so many."""
    rng = np.random.default_rng(seed)
    found: list[Place] = []
    while places and len(found) < max(least, len(places)):
        found += [places[i] for i in rng.permutation(len(places))]
    return found
