"""New labels worked out in a thread, so that taking them over costs the window next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from widgets.paint.labels.counts import LabelCounts, as_labels
from widgets.paint.labels.snapshot import Snapshot
from widgets.paint.labels.step import Delta
from widgets.viewer.volume.box import Triple


@dataclass(frozen=True, eq=False)
class Prepared:
    """Labels (D, H, W), uint8 or uint16, that nobody else holds, and how often each occurs."""

    labels: NDArray[Any]
    counts: LabelCounts


@dataclass(frozen=True, eq=False)
class Change:
    """What makes the labels of a snapshot into others; good for one use.

    Attributes:
        snapshot: What it starts from.
        made: The labels after it.
        deltas: Flipped bits of each block that differs.
        voxels: How many differ.
    """

    snapshot: Snapshot
    made: Prepared
    deltas: dict[Triple, Delta]
    voxels: int

    def onto(self, here: NDArray[Any], *, whole: bool) -> tuple[Prepared, tuple[Delta, ...]]:
        """The labels after it and the flips from `here`, the labels (D, H, W) as they are now.

        Args:
            whole: Whether what was written since the snapshot goes. Else it stays wherever the
                change leaves the snapshot as it is.
        """
        labels, counts = self.made.labels, self.made.counts
        if here.itemsize > labels.itemsize:
            labels = labels.astype(here.dtype)
        before, deltas = self.snapshot.take(), dict(self.deltas)
        for key, tile in self.snapshot.touched().items():
            now, new = here[tile.index], labels[tile.index]
            if not whole:
                merged = np.where(new != before[tile.index], new, now.astype(labels.dtype))
                counts.drop(new)
                counts.add(merged)
                new[...] = merged
            delta = Delta.of(now ^ new, tile)
            deltas.pop(key, None)
            if delta is not None:
                deltas[key] = delta
        return Prepared(labels, counts), tuple(deltas.values())


def prepared(values: ArrayLike, at_least: int = 1) -> Prepared:
    """Labels (D, H, W) ready to be taken over, copied; for a thread.

    Args:
        at_least: Bytes of a label.

    Raises:
        ValueError: not three axes, or values that are no labels.
    """
    given = as_labels(values)
    wide = at_least > 1 or int(given.max()) > 255
    labels = np.array(given, np.uint16 if wide else np.uint8, order="C")
    counts = LabelCounts(labels.size)
    counts.restart(labels)
    return Prepared(labels, counts)


def worked_out(snapshot: Snapshot, values: ArrayLike) -> Change:
    """What makes the labels of a snapshot into these (D, H, W); for a thread.

    Raises:
        ValueError: another shape, or values that are no labels.
    """
    before = snapshot.take()
    made = prepared(values, before.itemsize)
    after = made.labels
    if after.shape != before.shape:
        raise ValueError(f"labels of shape {after.shape} do not replace {before.shape}")
    deltas: dict[Triple, Delta] = {}
    voxels = 0
    for key, tile in snapshot.tiles():
        flips = before[tile.index] ^ after[tile.index]
        delta = Delta.of(flips, tile)
        if delta is not None:
            deltas[key] = delta
            voxels += int(np.count_nonzero(flips))
    return Change(snapshot, made, deltas, voxels)
