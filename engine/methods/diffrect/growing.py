"""The batches of a run whose labelled cases may become more between two epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.data.segmentation.cases import Case
from engine.data.segmentation.reading import CaseFacts
from engine.errors import InputError
from engine.methods.diffrect.data import Labels, Place, SliceStore, Streams, some_slices
from engine.methods.diffrect.labelled import Promotion, read_labelled
from engine.methods.diffrect.views import two_views

Parts = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Batching:
    """What batches are like.

    Attributes:
        labelled, unlabelled: Slices of each kind an iteration.
        seed: What their order follows from.
        classes: That there are, with the background.
    """

    labelled: int
    unlabelled: int
    seed: int
    classes: int


class GrowingData:
    """Batches of two views, labelled slices among unlabelled ones.

    Args:
        store: Reads slices.
        labelled, unlabelled: Cases at the start.
        facts: Name -> what a case is like.
        run: Folder whose `labelled.json` is read at the start of every epoch; None for none.
    """

    def __init__(
        self,
        store: SliceStore,
        labelled: Sequence[Case],
        unlabelled: Sequence[Case],
        facts: Mapping[str, CaseFacts],
        batching: Batching,
        run: Path | None = None,
    ) -> None:
        self.store = store
        self._first, self._others = tuple(labelled), tuple(unlabelled)
        self._facts, self._batching, self._run = facts, batching, run
        self.labelled, self.unlabelled = self._first, self._others
        self._epoch, self._start, self._taken = -1, 0, 0
        self._known: tuple[Promotion, ...] = ()
        self._streams: Streams | None = None
        self._step = 0

    @property
    def epoch(self) -> int:
        """Counted from 0; -1 before the first."""
        return self._epoch

    def begin(self, iteration: int) -> tuple[str, ...]:
        """Go on to a 0-based iteration; at the start of an epoch the labelled cases may be more.

        Returns:
            What is to be told.
        """
        told: tuple[str, ...] = ()
        if self._streams is None and self._epoch >= 0:
            # Continued within an epoch: with the cases that this epoch began with.
            told = self._open(self._taken)
        assert self._streams is not None or self._epoch < 0
        if self._streams is None or iteration >= self._start + self._streams.length:
            self._epoch, self._start = self._epoch + 1, iteration
            told = (*told, *self._open(None))
        self._step = iteration - self._start
        return told

    def epoch_end(self, iteration: int) -> int:
        """The last iteration, counted from 1, of the epoch that was begun; before the first one
        the given iteration itself."""
        return self._start + self._streams.length if self._streams is not None else iteration

    def batch(self, rng: np.random.Generator) -> Parts:
        """What the iteration that was begun gets.

        Returns:
            Weak views (B, C, S, S), strong views, labels (B, S, S) int64 (0 where there are none),
            whether each is labelled (B,), and its number (B,). Labelled ones and others lie so
            that any two halves have both.
        """
        assert self._streams is not None, "`begin` comes before"
        labelled, others = self._streams.draw(self._step)
        both = [*((place, True) for place in labelled), *((place, False) for place in others)]
        drawn = [both[slot] for slot in _mixed(len(labelled), len(others))]
        read = [self._slice(place, known) for place, known in drawn]
        images = torch.from_numpy(np.stack([image for image, _ in read]))
        labels = torch.from_numpy(np.stack([marked for _, marked in read]))
        weak, strong, labels = two_views(images, labels, rng)
        known = torch.tensor([known for _, known in drawn])
        return weak, strong, labels, known, torch.arange(len(drawn))

    def some(self, most: int) -> Tensor:
        """Images (at most `most`, C, S, S) of labelled and unlabelled slices; see `some_slices`."""
        cases = self._with_depth((*self.labelled, *self.unlabelled))
        return torch.from_numpy(some_slices(self.store, cases, most))

    def memory(self) -> dict[str, Tensor]:
        """For `Remembering`: epoch, its first iteration, promotions taken in."""
        return {"epoch": torch.tensor([self._epoch, self._start, self._taken])}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take over what `memory` gave."""
        self._epoch, self._start, self._taken = (int(v) for v in memory["epoch"])
        self._streams = None

    def _slice(self, place: Place, labelled: bool) -> tuple[np.ndarray, np.ndarray]:
        slices = self.store.slices(place.case, self._labels_of(place.case) if labelled else "none")
        image = slices.image[:, place.index].astype(np.float32)
        if slices.labels is None:
            return image, np.zeros(image.shape[1:], np.int64)
        return image, slices.labels[place.index].astype(np.int64)

    def _open(self, most: int | None) -> tuple[str, ...]:
        """Begin an epoch with the promotions there are, or with the first `most` of them."""
        told: list[str] = []
        promoted = self._promotions(told)
        promoted = promoted if most is None else promoted[:most]
        before, self._taken = self._taken, len(promoted)
        added = [case for p in promoted if (case := self._promoted(p, told)) is not None]
        names = {case.name for case in added}
        self.labelled = (*self._first, *added)
        self.unlabelled = tuple(case for case in self._others if case.name not in names)
        if new := [p.case for p in promoted[before:] if p.case in names]:
            told.append(f"Now labelled: {', '.join(new)}; {len(self.labelled)} cases in all.")
        amounts = self._batching
        self._streams = Streams(
            self._with_depth(self.labelled), self._with_depth(self.unlabelled),
            amounts.labelled, amounts.unlabelled if self.unlabelled else 0,
            amounts.seed, self._epoch,
        )  # fmt: skip
        return tuple(told)

    def _promotions(self, told: list[str]) -> tuple[Promotion, ...]:
        try:
            found = read_labelled(self._run) if self._run is not None else None
        except InputError as error:
            # Nobody is there to answer, and a long run must not end by a slip in this file.
            told.append(f"{error.message} The labelled cases stay as they were.")
            return self._known
        self._known = found.promoted if found is not None else ()
        return self._known

    def _promoted(self, promotion: Promotion, told: list[str]) -> Case | None:
        case = next((c for c in self._others if c.name == promotion.case), None)
        if case is None or self._run is None:
            return None
        made = replace(case, label=self._run / promotion.label, label_part="")
        try:
            labels = self.store.slices(made, "promoted").labels
        except InputError as error:
            told.append(f"{promotion.case} stays unlabelled: {error.message}")
            return None
        most = int(labels.max()) if labels is not None else 0
        if most >= self._batching.classes:
            told.append(f"{promotion.case} stays unlabelled: the run knows no label {most}.")
            return None
        return made

    def _labels_of(self, case: Case) -> Labels:
        return "own" if case in self._first else "promoted"

    def _with_depth(self, cases: Sequence[Case]) -> list[tuple[Case, int]]:
        return [(case, self._facts[case.name].shape[0]) for case in cases]


def _mixed(first: int, second: int) -> list[int]:
    """Numbers 0 to first + second - 1, those below `first` spread as in the Thue-Morse sequence:
    where memory or several devices take a batch apart, each part has its share of both."""
    queues = [list(range(first)), list(range(first, first + second))]
    found: list[int] = []
    for place in range(first + second):
        wanted = place.bit_count() % 2
        found.append((queues[wanted] or queues[1 - wanted]).pop(0))
    return found
