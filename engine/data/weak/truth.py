"""Masks of a set, to judge by. Nothing that learns may import this module; a test sees to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.segmentation.reading import read_case
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from engine.data.weak.listing import Entry, Told, list_entries
from engine.data.weak.opening import Wanted
from engine.errors import InputError


@dataclass(frozen=True, eq=False)
class Judged:
    """An image with what is marked in it, on its own voxels.

    Attributes:
        name, patient: As in `Scan`.
        labels: (D, H, W) uint8 in the classes of the set.
    """

    name: str
    patient: str
    volume: Volume
    labels: NDArray[np.uint8]


class Truths:
    """The masks of a set.

    Args:
        source, masks: See `list_entries`.
        wanted: As the set was opened with.
        names: Class -> name, as the set was opened with.
    """

    def __init__(
        self, source: Path, masks: Path | None, wanted: Wanted, names: Mapping[int, str]
    ) -> None:
        listing = list_entries(
            source, masks, channel=wanted.channel, patient_pattern=wanted.patient_pattern
        )
        self._entries = {entry.name: entry for entry in listing.entries}
        self._wanted = wanted
        self._marked = dict(listing.marked)
        self._numbers = {name: number for number, name in names.items() if number}

    def has(self, name: str) -> bool:
        """Whether it is known where something is: by a mask, or because there is nothing."""
        entry = self._entries.get(name)
        return entry is not None and (entry.mask is not None or not _shows(entry.told))

    def read(self, name: str) -> Judged:
        """One image with its truth; without a mask there is nothing in it.

        Raises:
            InputError: It cannot be read, or marks what is no class of the set.
        """
        entry = self._entries[name]
        if entry.mask is None:
            volume = read_volume(entry.image, part=entry.part, kind="image")
            return Judged(name, entry.patient, volume, np.zeros(volume.geometry.shape, np.uint8))
        case = Case(
            name, entry.patient, entry.image, entry.mask, entry.part, entry.mask_part,
            entry.channel,
        )  # fmt: skip
        found = read_case(case)
        labels = self._classes(entry, found.labels)
        return Judged(name, entry.patient, found.volume, labels)

    def _classes(self, entry: Entry, labels: NDArray[Any]) -> NDArray[np.uint8]:
        """What is marked, in classes: the image's own where it has one, else by name, else 1."""
        marked = np.asarray(labels > 0)
        if entry.told is not None:
            shown = _shows(entry.told)
            if len(shown) == 1:
                return (marked * np.uint8(min(shown))).astype(np.uint8)
        elif not self._wanted.each:
            return marked.astype(np.uint8)
        found = np.zeros(labels.shape, np.uint8)
        for value in np.unique(labels[marked]).tolist():
            name = self._marked.get(int(value), f"label {value}")
            if name not in self._numbers:
                known = ", ".join(self._numbers) or "none"
                raise InputError(
                    f"{entry.mask} marks {name}, which is no class here: {known}.",
                    "Judge by masks of what was learnt.",
                )
            found[labels == value] = self._numbers[name]
        return found


def _shows(told: Told | None) -> frozenset[int]:
    """All that an image is said to show."""
    if told is None:
        return frozenset({-1})
    return frozenset(label for labels in told.values() for label in labels)


def judged_names(truths: Truths, names: Sequence[str]) -> tuple[str, ...]:
    """Those that can be judged."""
    return tuple(name for name in names if truths.has(name))
