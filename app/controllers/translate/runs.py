"""What is translated, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.study import grid_of
from widgets.viewer.volume.layers import Grid
from widgets.viewer.volume.planes import Plane, PlaneName, planes_of

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume
    from engine.jobs import Job
    from engine.results import TranslationResult
    from engine.training.checkpoint import Card

MODEL, STORED = "model", "stored"


@dataclass(frozen=True, eq=False)
class Run:
    """One request.

    Attributes:
        job: What is run.
        volume: The image it is about.
        title: Of the checkpoint, which tells the modality.
        plane: Which way it is cut.
        index: The slice that is translated alone, along the array's axis; None for all.
        unit: Of the mutual information.
    """

    job: Job
    volume: Volume
    title: str
    plane: PlaneName
    index: int | None
    unit: str = "bits"


@dataclass(frozen=True, eq=False)
class Landed:
    """What came of a run, in this session or in an earlier one.

    Attributes:
        volume, title, plane, index, unit: As in `Run`.
        result: See `TranslationResult`.
        file: Where it is kept; None for a single slice, which is not.
    """

    volume: Volume
    title: str
    plane: PlaneName
    index: int | None
    unit: str
    result: TranslationResult
    file: Path | None = None

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.volume.source.name} as {self.title}"

    def synthetic(self) -> Volume:
        """The result as an image in its file, on the voxels of its source."""
        from engine.methods.midiffusion.outputs import as_volume

        made = as_volume(self.result, self.volume)
        source = replace(
            made.source, path=self.file, format="nifti", part="", files=(), title=self.name
        )
        return replace(made, source=source)

    def grid(self) -> Grid:
        """Where the voxels of `shown` lie."""
        whole = grid_of(self.volume.geometry)
        if self.index is None:
            return whole
        axis = plane_of(self.volume, self.plane).axis
        affine = whole.affine.copy()
        affine[:3, 3] += self.index * affine[:3, 2 - axis]
        shape = [1 if n == axis else size for n, size in enumerate(whole.shape)]
        return Grid((shape[0], shape[1], shape[2]), affine, whole.oriented)

    def shown(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values (D, H, W) as (1, d, h, w) of what was translated; a view."""
        if self.index is None:
            return values[np.newaxis]
        axis = plane_of(self.volume, self.plane).axis
        part: list[Any] = [np.s_[:]] * 3
        part[axis] = np.s_[self.index : self.index + 1]
        return values[tuple(part)][np.newaxis]


def plane_of(volume: Volume, name: PlaneName) -> Plane:
    """How a plane cuts an image."""
    geometry = volume.geometry
    return planes_of(geometry.shape, geometry.affine, oriented=geometry.oriented)[name]


def plane_for(volume: Volume, card: Card, values: Mapping[str, Any]) -> PlaneName:
    """The plane that a run with these parameters cuts an image in."""
    wanted = values["plane"]
    if wanted == MODEL:
        wanted = card.preprocessing.get("plane", STORED)
    deep = volume.geometry.shape[0] > 1
    names = {plane.value: plane for plane in PlaneName}
    if deep and volume.geometry.oriented and wanted in names:
        return names[wanted]
    # The network sees the slices as they are stored, along the array's first axis.
    return next(name for name in PlaneName if plane_of(volume, name).axis == 0)
