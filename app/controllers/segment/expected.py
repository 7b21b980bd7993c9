"""What the labels would be if nobody had painted since the results: what differs is by hand."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.volume.box import Box, Triple


@dataclass(frozen=True, eq=False)
class MadeBy:
    """A result in the labels.

    Attributes:
        record: Where it comes from, see `engine.provenance.of_job`.
        classes: Its class -> label.
    """

    record: Mapping[str, Any]
    classes: Mapping[int, int]


@dataclass(frozen=True)
class Expected:
    """Labels (D, H, W) as results left them, 0 where there was none; compressed.

    Attributes:
        shape: (D, H, W).
        data: uint16 in C order, zlib-compressed; b"" stands for zeros alone.
        made: The results, one laid over the other.
        recut: Whether one of them was cut anew since it came.
    """

    shape: Triple
    data: bytes = b""
    made: tuple[MadeBy, ...] = ()
    recut: bool = False

    def labels(self) -> NDArray[np.uint16]:
        """Unpacked; for a thread."""
        if not self.data:
            return np.zeros(self.shape, np.uint16)
        return np.frombuffer(zlib.decompress(self.data), np.uint16).reshape(self.shape)

    def after(self, box: Box, part: NDArray[Any], made: MadeBy | None = None) -> Expected:
        """The same with the labels of a result in a box; for a thread.

        Args:
            made: Which result; None for one that is there already, and is cut anew.
        """
        labels = self.labels().copy()
        labels[box.index] = part
        # What lies under a result of the whole image is gone.
        whole = made is not None and part.shape == self.shape
        before = () if whole else self.made
        return Expected(
            self.shape, zlib.compress(labels.data, 1), before if made is None else (*before, made),
            made is None or (self.recut and not whole),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Clash:
    """What a result meets in the labels that are there.

    Attributes:
        mine: Of the box, which voxels are not as the results before left them.
        painted: Label -> voxels painted by hand that the result would change.
        erased: Voxels erased by hand that the result would fill.
    """

    mine: NDArray[np.bool_]
    painted: dict[int, int]
    erased: int

    @property
    def lost(self) -> int:
        """Voxels done by hand that would be lost."""
        return sum(self.painted.values()) + self.erased


def clash_of(
    now: NDArray[Any], new: NDArray[Any], expected: NDArray[Any], locked: frozenset[int]
) -> Clash:
    """Compares three times the labels of one box; for a thread.

    Args:
        now: As they are.
        new: As the result would have them.
        expected: As the results before left them.
        locked: Labels that stay as they are whatever is chosen, so they cannot be lost.
    """
    mine = now != expected
    lost = mine & (now != new) & ~held(now, new, locked)
    values, counts = np.unique(now[lost], return_counts=True)
    found = dict(zip(values.tolist(), counts.tolist(), strict=True))
    erased = found.pop(0, 0)
    return Clash(mine, found, erased)


def held(now: NDArray[Any], new: NDArray[Any], locked: frozenset[int]) -> NDArray[np.bool_]:
    """Which voxels a lock keeps as they are: those that would leave a locked label or join one."""
    if not locked:
        return np.zeros(now.shape, bool)
    values = np.array(sorted(locked))
    return (now != new) & (np.isin(now, values) | np.isin(new, values))
