"""Reads DICOM segmentations back as masks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.dicom_header import SEGMENTATION_CLASSES, Frame, read_frames
from engine.data.volumes.dicom_order import arrange
from engine.data.volumes.dicom_pixels import decode_frames
from engine.data.volumes.dicom_seg import LABEL_PREFIX
from engine.data.volumes.dicom_values import decode_errors, quiet
from engine.data.volumes.label_table import LabelEntry, unnamed
from engine.data.volumes.volume import Geometry, Source, Volume
from engine.errors import InputError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_TOLERANCE = 0.1
"""In voxels."""


@dataclass(frozen=True, eq=False)
class Segmented:
    """A segmentation as a mask.

    Attributes:
        labels: (D, H, W), uint8, or uint16 where there are more than 255 segments.
        geometry: The image's where the planes fit it, else the segmentation's own.
        matches: Whether the planes fit the image that was given.
        entries: Names and colours.
        warnings: What was lost, each a sentence.
    """

    labels: NDArray[Any]
    geometry: Geometry
    matches: bool
    entries: tuple[LabelEntry, ...]
    warnings: tuple[str, ...] = ()

    def volume(self, path: Path) -> Volume:
        """The same as a label map that was read from `path`."""
        return Volume(
            self.labels[np.newaxis],
            self.geometry,
            "labels",
            source=Source(path, "dicom"),
            notes=self.warnings,
            table=self.entries,
        )


def is_dicom_seg(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a DICOM segmentation."""
    try:
        frames = read_frames(Path(path))
    except (ValueError, OSError):
        return False
    return bool(frames) and frames[0].header.sop_class in SEGMENTATION_CLASSES


def read_dicom_seg(path: str | os.PathLike[str], like: Geometry | None = None) -> Segmented:
    """Reads the segments of a file into one mask.

    Args:
        path: A DICOM segmentation.
        like: The image's geometry; without it, or where a plane does not lie on one of the
            image's, the mask spans the segmentation's own planes.

    Raises:
        InputError: Not a segmentation, damaged, or one whose planes are no volume.
    """
    source = Path(path)
    if not is_dicom_seg(source):
        raise InputError(f"{source} is not a DICOM segmentation.", "Choose another file.")
    try:
        with quiet():
            return _read(source, like)
    except InputError:
        raise
    except decode_errors() as error:
        reason = " ".join(str(error).split())[:120].rstrip(".")
        raise InputError(
            f"{source} is damaged or incomplete: {reason}.", "Copy or export the file again."
        ) from error


def _read(source: Path, like: Geometry | None) -> Segmented:
    import pydicom

    data = pydicom.dcmread(source, stop_before_pixels=True)
    frames = read_frames(source)
    entries = {int(item.SegmentNumber): _entry(item) for item in data.SegmentSequence}
    places = None if like is None else _places(frames, like)
    geometry = like
    if places is None or like is None:
        geometry = _own_geometry(source, frames)
        places = _places(frames, geometry)
        if places is None:
            raise InputError(f"{source}: its planes are no volume.", "Export it as NIfTI.")
    assert geometry is not None
    most = max(entry.value for entry in entries.values())
    labels = np.zeros(geometry.shape, np.uint8 if most < 256 else np.uint16)
    overlap = 0
    for index, plane in _planes(data, frames, entries):
        target = labels[places[index]]
        inside = plane != 0
        overlap += int((inside & (target != 0) & (target != plane)).sum())
        target[inside] = plane[inside]
    warnings: tuple[str, ...] = ()
    if overlap:
        warnings = (f"{overlap:,} voxels belong to several segments: the last one is kept.",)
    named = {entry.value: entry for entry in entries.values()}
    table = tuple(named[value] for value in sorted(named))
    return Segmented(labels, geometry, geometry is like, table, warnings)


def _planes(
    data: Dataset, frames: list[Frame], entries: dict[int, LabelEntry]
) -> Iterator[tuple[int, NDArray[Any]]]:
    """The frames with their label values."""
    stored = decode_frames(frames[0].header)
    values = np.zeros(max(entries) + 1, np.uint16)
    for number, entry in entries.items():
        values[number] = entry.value
    kind = str(data.SegmentationType)
    half = int(data.get("MaximumFractionalValue", 1)) / 2 if kind == "FRACTIONAL" else 0
    for index, plane in enumerate(stored):
        if kind == "LABELMAP":
            yield index, values[plane]
            continue
        group = data.PerFrameFunctionalGroupsSequence[index]
        item = group if "SegmentIdentificationSequence" in group else None
        item = item or data.SharedFunctionalGroupsSequence[0]
        number = int(item.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        yield index, (plane > half) * values[number]


def _places(frames: list[Frame], geometry: Geometry) -> list[int] | None:
    """The slice of the geometry that each frame is, or None where one is none of them."""
    found = []
    depth, height, width = geometry.shape
    for frame in frames:
        if (frame.header.rows, frame.header.columns) != (height, width):
            return None
        corners = _corners(frame)
        if corners is None:
            return None
        voxels = geometry.voxel(corners)
        place = int(np.rint(voxels[0, 0]))
        expected = [(place, 0, 0), (place, height - 1, 0), (place, 0, width - 1)]
        if not 0 <= place < depth or np.abs(voxels - expected).max() > _TOLERANCE:
            return None
        found.append(place)
    return found


def _corners(frame: Frame) -> NDArray[np.float64] | None:
    """The first voxel, the last of its column and the last of its row, in RAS mm (3, 3)."""
    if frame.position is None or frame.orientation is None or frame.spacing is None:
        return None
    down = frame.orientation[1] * frame.spacing[0] * (frame.header.rows - 1)
    right = frame.orientation[0] * frame.spacing[1] * (frame.header.columns - 1)
    lps = np.array([frame.position, frame.position + down, frame.position + right])
    return lps * (-1, -1, 1)


def _own_geometry(source: Path, frames: list[Frame]) -> Geometry:
    """The volume that the planes span; empty planes may be left out of a file."""
    import highdicom as hd

    if any(frame.position is None for frame in frames):
        raise InputError(f"{source} does not say where its planes lie.", "Export it as NIfTI.")
    segmentation = hd.seg.segread(source)
    own = segmentation.get_volume_geometry(allow_missing_positions=True)
    if own is None:
        order = arrange(frames[:1])
        return Geometry((1, frames[0].header.rows, frames[0].header.columns), order.affine)
    lps = np.asarray(own.affine)[:, [2, 1, 0, 3]]
    depth, height, width = own.spatial_shape
    if np.linalg.det(lps[:3, :3]) < 0:
        # highdicom counts slices downwards; series are read upwards, along the normal.
        lps[:3, 3] += (depth - 1) * lps[:3, 2]
        lps[:3, 2] *= -1
    return Geometry((depth, height, width), np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps)


def _entry(item: Dataset) -> LabelEntry:
    """A segment's name, colour and number; the mask's own where this program wrote it."""
    number = int(item.SegmentNumber)
    text = str(item.get("TrackingID", ""))
    own = text.removeprefix(LABEL_PREFIX)
    value = int(own) if text != own and own.isdecimal() and 0 < int(own) < 2**16 else number
    name = str(item.get("SegmentLabel", "")) or f"Segment {number}"
    return LabelEntry(value, name, _colour(item, number))


def _colour(item: Dataset, number: int) -> tuple[int, int, int]:
    import highdicom as hd

    stored = item.get("RecommendedDisplayCIELabValue")
    if stored is None:
        return unnamed(number).colour
    red, green, blue = hd.color.CIELabColor.from_dicom_value(stored).to_rgb()
    return round(red), round(green), round(blue)
