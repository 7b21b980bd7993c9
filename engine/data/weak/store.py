"""Slices to learn from: read when they are first asked for, kept while memory allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psutil
from numpy.typing import NDArray

from engine.data.volumes.read import read_volume
from engine.data.weak.frames import Framing, frame_volume
from engine.data.weak.scans import Scan

MEMORY_SHARE = 0.25


@dataclass(frozen=True)
class Place:
    """A slice of a set.

    Attributes:
        scan: Number of its scan.
        slice: Of the plane.
        labels: What it shows; empty for nothing.
    """

    scan: int
    slice: int
    labels: frozenset[int]


class SliceStore:
    """The slices of some scans; scans that were not used for longest are forgotten first.

    Args:
        scans: What there is. They carry no masks, so nothing that learns from here sees any.
        framing: How images become squares.
        limit_bytes: What may be kept; None takes a quarter of what is free.
    """

    def __init__(
        self, scans: Sequence[Scan], framing: Framing, limit_bytes: int | None = None
    ) -> None:
        self.scans = tuple(scans)
        self.framing = framing
        self.places = tuple(
            Place(number, index, scan.labels[index])
            for number, scan in enumerate(self.scans)
            for index in scan.used
        )
        free = int(psutil.virtual_memory().available * MEMORY_SHARE)
        self._limit = free if limit_bytes is None else limit_bytes
        self._kept: OrderedDict[int, NDArray[np.float16]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.places)

    @property
    def kept(self) -> int:
        """How many scans are in memory."""
        return len(self._kept)

    def of_class(self, label: int) -> tuple[int, ...]:
        """Numbers of the slices that show a class; of 0, those that show nothing."""
        return tuple(
            i for i, p in enumerate(self.places) if (label in p.labels if label else not p.labels)
        )

    def picture(self, index: int) -> NDArray[np.float32]:
        """A slice (C, size, size) in [-1, 1].

        Raises:
            InputError: It cannot be read or used.
        """
        place = self.places[index]
        return self._slices(place.scan)[place.slice].astype(np.float32)

    def _slices(self, number: int) -> NDArray[np.float16]:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        scan = self.scans[number]
        volume = read_volume(scan.image, part=scan.part, kind="image")
        slices = frame_volume(volume, self.framing, scan.channel).slices.astype(np.float16)
        self._kept[number] = slices
        self._bytes += slices.nbytes
        while self._bytes > self._limit and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            self._bytes -= forgotten.nbytes
        return slices
