"""The label maps of a case, on the reference's voxels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.masks import read_labels, table_of, whole_labels
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry
from engine.errors import InputError
from engine.scoring.pairing import ScoredCase

Labels = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ReadCase:
    """A case's label maps (D, H, W) on one grid.

    Attributes:
        truth: The reference.
        found: The prediction; empty where there is none.
        other: Of the other model; None if there is none to compare with.
        unit: What distances are told in, "mm" or "px".
        spacing: Along (D, H, W) in that unit.
        names: Names of labels that the reference's file knows.
    """

    truth: Labels
    found: Labels
    other: Labels | None
    geometry: Geometry
    unit: str
    spacing: tuple[float, float, float]
    names: tuple[LabelEntry, ...]


def read_case(case: ScoredCase, *, compared: bool = False) -> ReadCase:
    """Reads the files of a case.

    Args:
        compared: A case without a prediction of the other model counts as empty there.

    Raises:
        InputError: A file that is no label map, or one that does not lie on the reference.
    """
    volume = read_volume(case.reference, kind="labels")
    truth, _ = whole_labels(case.reference, volume)
    geometry = volume.geometry
    measured = geometry.oriented or geometry.spacing_mm != (1.0, 1.0, 1.0)
    other = _on(case.against, geometry, case.reference) if compared else None
    return ReadCase(
        truth, _on(case.prediction, geometry, case.reference), other, geometry,
        "mm" if measured else "px", geometry.spacing_mm if measured else (1.0, 1.0, 1.0),
        table_of(case.reference, volume),
    )  # fmt: skip


def _on(path: Path | None, geometry: Geometry, reference: Path) -> Labels:
    """Labels on the reference's voxels; nothing where there is no file."""
    if path is None:
        return np.zeros(geometry.shape, np.uint8)
    read = read_labels(path, geometry)
    if not read.matches:
        raise InputError(
            f"{path} does not lie on the voxels of {reference}: {'; '.join(read.differences)}.",
            "Save it on the image that the reference was drawn on, or resample it "
            "(reverie volume resample).",
        )
    return read.labels
