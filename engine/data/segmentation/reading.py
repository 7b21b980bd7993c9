"""Reading one labelled image, and what is to be known of it before it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.cases import Case
from engine.data.volumes.masks import AS_ONE, LAID, LabelsRead, read_labels
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Volume
from engine.errors import InputError

HALF_VOXEL = 0.5
MOST = 1e30
"""Beyond it arithmetic in float32 overflows."""


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """An image and its labels (D, H, W) uint8 or uint16 on the same voxels.

    `conversions`: what was done to a mask that was no label map, each a phrase.
    """

    case: Case
    volume: Volume
    labels: NDArray[Any]
    conversions: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseFacts:
    """What one case is like.

    Attributes:
        shape: Of the image (D, H, W); () where it cannot be read.
        values: The labels found.
        unusable: Why the case cannot be used, a sentence; "" if it can.
        remedy: What to do about it.
        digest: The same for two cases with the same image.
        conversions: What was done to a mask that was no label map, each a phrase.
    """

    case: Case
    shape: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    unusable: str = ""
    remedy: str = ""
    digest: str = ""
    conversions: tuple[str, ...] = ()


def read_case(case: Case, remap: Mapping[int, int] | None = None) -> LabelledImage:
    """Reads both files.

    Args:
        remap: Label in the file -> label to use; labels that are not in it become 0. None or
            empty: labels stay as they are.

    Raises:
        InputError: A file that cannot be read, two that do not lie on the same voxels, or an
            image without the case's channel.
    """
    volume = _one_channel(case, read_volume(case.image, part=case.image_part, kind="image"))
    read = read_labels(case.label, volume.geometry, part=case.label_part)
    _check_places(case, volume, read)
    labels = renumbered(read.labels, remap) if remap else read.labels
    return LabelledImage(case, volume, labels, conversions_of(read))


def inspect_case(case: Case) -> CaseFacts:
    """Reads a case and tells what it is like; never raises for what is wrong with it."""
    try:
        found = read_case(case)
    except InputError as error:
        return CaseFacts(case, unusable=error.message, remedy=error.hint)
    volume, shape = found.volume, found.volume.geometry.shape
    values = tuple(int(v) for v in np.unique(found.labels))
    array = np.asarray(volume.array)
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    problem = unusable_values(volume)
    if problem:
        return CaseFacts(case, shape, values, f"{case.image}: {problem[0]}.", problem[1], digest)
    return CaseFacts(case, shape, values, digest=digest, conversions=found.conversions)


def unusable_values(volume: Volume) -> tuple[str, str] | None:
    """Why an image's values cannot be segmented, and the remedy; None if they can."""
    array = np.asarray(volume.array)
    if array.dtype.kind == "f":
        bad = int(array.size - np.isfinite(array).sum())
        if bad:
            return (
                f"{bad} of {array.size} values are NaN or infinite",
                "Replace them, for example by the background's value, and save it again.",
            )
        if np.abs(array).max() * max(1.0, abs(volume.slope)) > MOST:
            return f"it has values beyond {MOST:g}", "Rescale it and save it again."
    if array.min() == array.max():
        return (
            f"it is constant: all values are {array.flat[0]:g}",
            "Choose another image, or leave this one out.",
        )
    return None


def renumbered(labels: NDArray[Any], remap: Mapping[int, int]) -> NDArray[np.uint8]:
    """Labels by a table; what is not in it becomes 0.

    Raises:
        InputError: The table leads outside 0 to 255.
    """
    if any(not 0 <= new <= 255 for new in remap.values()):
        raise InputError("Labels can be renumbered to 0 to 255 only.", "Correct the table.")
    table = np.zeros(max(int(labels.max()), *remap, 0) + 1, np.uint8)
    for old, new in remap.items():
        table[old] = new
    return table[labels]


def conversions_of(read: LabelsRead) -> tuple[str, ...]:
    """What made labels of something else; that white is 1 goes without saying."""
    if read.volume.source.format != "raster":
        return ()
    return tuple(n for n in read.notes if n not in (*read.volume.notes, AS_ONE, LAID))


def _one_channel(case: Case, volume: Volume) -> Volume:
    """Of several channels the case's; colours stay."""
    count = len(volume.array)
    if volume.channels == "rgb" or (count == 1 and not case.channel):
        return volume
    if not 0 <= case.channel < count:
        raise InputError(
            f"{case.image} has no channel {case.channel}.",
            f"Choose one from 0 to {count - 1} (0-based).",
        )
    kept = volume.array[case.channel : case.channel + 1]
    return replace(volume, array=kept, channels="single")


def _check_places(case: Case, volume: Volume, read: LabelsRead) -> None:
    if read.matches:
        return
    tolerance = HALF_VOXEL * min(volume.spacing_mm)
    if read.geometry.matches(volume.geometry, tolerance):
        return  # rounded when it was written
    raise InputError(
        f"{case.label} does not lie on {case.image.name}: it has {'; '.join(read.differences)}.",
        "Save the mask again on the image's grid (the Segment workspace can resample it).",
    )
