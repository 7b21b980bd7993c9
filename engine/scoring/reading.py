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
from engine.data.volumes.volume import Geometry, Volume
from engine.errors import InputError
from engine.scoring.pairing import Cut, ScoredCase

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
    unit, spacing = unit_of(geometry)
    found = _on(case.prediction, geometry, case.reference)
    other = _on(case.against, geometry, case.reference) if compared else None
    if case.cut is not None:
        truth, found = (_only(labels, case.cut) for labels in (truth, found))
        other = None if other is None else _only(other, case.cut)
    return ReadCase(
        truth, found, other, geometry,
        unit, spacing, table_of(case.reference, volume),
    )  # fmt: skip


def unit_of(geometry: Geometry) -> tuple[str, tuple[float, float, float]]:
    """What distances are told in: mm where the file has a voxel size, else pixels; and the
    spacing along (D, H, W) in it."""
    plain = (1.0, 1.0, 1.0)
    if geometry.oriented or geometry.spacing_mm != plain:
        return "mm", geometry.spacing_mm
    return "px", plain


def _only(labels: Labels, cut: Cut) -> Labels:
    """One slice of them, and nothing elsewhere.

    Raises:
        InputError: There is no such slice.
    """
    axis, place = cut
    if not (0 <= axis < labels.ndim and 0 <= place < labels.shape[axis]):
        raise InputError(
            f"Label maps of {labels.shape} have no slice {place} across axis {axis}.",
            "The evaluation is of other files; make it again.",
        )
    kept = np.zeros_like(labels)
    where = (slice(None),) * axis + (place,)
    kept[where] = labels[where]
    return kept


def read_image_of(case: ScoredCase, geometry: Geometry) -> Volume | None:
    """What was segmented; None where that is not known.

    Args:
        geometry: Of the reference.

    Raises:
        InputError: A file that cannot be read, or an image of another grid.
    """
    if case.image is None:
        return None
    volume = read_volume(case.image, part=case.part, kind="image")
    if volume.geometry.shape != geometry.shape:
        raise InputError(
            f"{case.image} is {volume.geometry.shape} and {case.reference} {geometry.shape}.",
            "Give the images that the references were drawn on.",
        )
    return volume


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
