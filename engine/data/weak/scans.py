"""What there is to learn from: images with labels of whole slices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal["", "train", "test"]
"""The part that a data set itself puts an image in; "" where it leaves that open."""


@dataclass(frozen=True)
class Scan:
    """An image or a volume, with what is known of its slices. It has no mask, and leads to none.

    Attributes:
        name: Of its own in the set.
        patient: Whose.
        image: The file or folder.
        part: Which data set of an h5 file; "" elsewhere.
        channel: Which of several that are not colours.
        labels: Of each slice of the plane, what it shows, from 1 on; empty where there is nothing.
        unused: Slices that are not learnt from, because they are empty or their label is doubtful.
        role: See `Role`.
    """

    name: str
    patient: str
    image: Path
    part: str = ""
    channel: int = 0
    labels: tuple[frozenset[int], ...] = ()
    unused: frozenset[int] = frozenset()
    role: Role = ""

    @property
    def used(self) -> tuple[int, ...]:
        """The slices that are learnt from."""
        return tuple(i for i in range(len(self.labels)) if i not in self.unused)
