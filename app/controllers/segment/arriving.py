"""A result on its way: what was run, what came of it, and the labels that it meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.controllers.segment.layers import Map, maps_of
from app.label_values import Naming
from app.segmenters import Structure
from widgets.paint.labels.snapshot import Snapshot
from widgets.paint.labels.table import default_colour
from widgets.viewer.volume.box import Box

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.jobs import Job
    from engine.results import Segmentation


@dataclass(frozen=True, eq=False)
class Run:
    """One request.

    Attributes:
        job: What is run.
        volume: The image it is about.
        name: What its result is called: "cDAL, hippocampus".
        method: The method's title.
        structures: What its checkpoint says that it finds.
    """

    job: Job
    volume: Volume
    name: str
    method: str
    structures: tuple[Structure, ...] = ()


@dataclass(frozen=True, eq=False)
class Arrival:
    """A result that is being taken over.

    Attributes:
        run, result: What was run, and what came of it.
        box: What was segmented.
        naming: Where its classes go.
        snapshot: The labels that it meets.
    """

    run: Run
    result: Segmentation
    box: Box
    naming: Naming
    snapshot: Snapshot

    @cached_property
    def maps(self) -> tuple[Map, ...]:
        """What it shows besides labels; made in a thread."""
        return maps_of(self.result)

    def new(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """The result's labels in its box, numbered as the table has them."""
        found = self.result.labels[self.box.index]
        numbers = np.zeros(max(256, *(v + 1 for v in self.naming.values)), np.uint16)
        for value, label in self.naming.values.items():
            numbers[value] = label
        wide = dtype.itemsize > 1 or int(numbers.max()) > 255
        numbers = numbers.astype(np.uint16 if wide else np.uint8)
        made = np.empty(found.shape, numbers.dtype)
        # Slice by slice: looking up holds Python's lock, which the window needs, too.
        for source, target in zip(found, made, strict=True):
            np.take(numbers, source, out=target)
        return made

    def counts(self) -> NDArray[np.int64]:
        """Voxels of each class in the box, (256,)."""
        found = self.result.labels[self.box.index]
        return np.sum([np.bincount(part.ravel(), minlength=256) for part in found], axis=0)


def structures_of(run: Run, result: Segmentation) -> list[Structure]:
    """The classes of a result, in the colours of its checkpoint."""
    known: Mapping[int, Structure] = {s.value: s for s in run.structures}
    return [
        replace(known[value], name=name)
        if value in known
        else Structure(value, name, default_colour(value))
        for value, name in result.names.items()
        if value
    ]
