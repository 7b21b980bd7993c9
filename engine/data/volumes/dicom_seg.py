"""Masks as DICOM segmentations, which refer to the images that they were drawn on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.atomic import atomic_path
from engine.data.volumes.dicom_series import Series, series_of_files
from engine.data.volumes.dicom_values import decode_errors, quiet
from engine.data.volumes.label_table import LabelEntry, unnamed
from engine.data.volumes.volume import Volume
from engine.errors import InputError

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom.dataset import Dataset

LABEL_PREFIX = "Label "
"""What a segment's tracking identifier begins with; the mask's own number follows, because
segments are numbered 1, 2, 3 without gaps."""
_EXPECTED = (
    "PatientID PatientName PatientBirthDate PatientSex StudyDate StudyTime StudyID "
    "AccessionNumber ReferringPhysicianName"
)
_INSTEAD = "Save the mask as NIfTI (.nii.gz) or .seg.nrrd."


@dataclass(frozen=True)
class Maker:
    """Who drew a mask.

    Attributes:
        by: As DICOM asks.
        name, version: Of the algorithm; needed unless it was drawn by hand.
    """

    by: Literal["MANUAL", "SEMIAUTOMATIC", "AUTOMATIC"] = "MANUAL"
    name: str = ""
    version: str = ""


def write_dicom_seg(
    path: str | os.PathLike[str],
    labels: NDArray[Any],
    like: Volume,
    table: Sequence[LabelEntry] = (),
    maker: Maker | None = None,
) -> Path:
    """Writes a binary segmentation with a segment for each label that is in the mask.

    Args:
        path: Its folder must exist.
        labels: (D, H, W), unsigned, in the geometry of `like`.
        like: A volume that was read from DICOM; its files must still be there.
        table: Names and colours.
        maker: By hand where it is not given.

    Returns:
        The path written.

    Raises:
        InputError: Not from DICOM, source files gone, an empty mask, or headers that lack what a
            segmentation has to repeat.
        DiskError: The disk refuses; an older file stays as it was.
    """
    target = Path(path)
    series = _source(target, like)
    values = [int(v) for v in np.unique(labels) if v]
    if not values:
        raise InputError(f"{target}: the mask is empty, and a DICOM segmentation is not.", _INSTEAD)
    try:
        with quiet():
            segmentation = _segmentation(series, labels, values, table, maker or Maker())
    except decode_errors() as error:
        reason = " ".join(str(error).split())[:160].rstrip(".")
        raise InputError(f"{target} cannot be made: {reason}.", _INSTEAD) from error
    with quiet(), atomic_path(target) as beside:
        segmentation.save_as(beside)
    return target


def _source(target: Path, like: Volume) -> Series:
    """The series as its files are now, in the volume's order."""
    if like.source.format != "dicom" or not like.source.files:
        raise InputError(
            f"{target}: only a mask of a DICOM series can be a DICOM segmentation.", _INSTEAD
        )
    gone = [p for p in like.source.files if not p.is_file()]
    if gone:
        raise InputError(f"{gone[0]}, which the mask belongs to, is gone.", _INSTEAD)
    for series in series_of_files(like.source.files):
        same = np.allclose(series.order.affine, like.affine, atol=1e-3)
        if series.shape == like.geometry.shape and same:
            return series
    raise InputError(
        f"The files of {like.source.path} have changed since they were read.", _INSTEAD
    )


def _segmentation(
    series: Series,
    labels: NDArray[Any],
    values: Sequence[int],
    table: Sequence[LabelEntry],
    maker: Maker,
) -> Segmentation:
    import highdicom as hd

    numbers = np.zeros(max(values) + 1, np.uint16 if len(values) > 255 else np.uint8)
    numbers[values] = np.arange(1, len(values) + 1)
    sources, frames = _planes(series, numbers[labels])
    entries = {entry.value: entry for entry in table}
    segmentation = hd.seg.Segmentation(
        source_images=sources,
        pixel_array=frames,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(number, entries.get(value, unnamed(value)), maker)
            for number, value in enumerate(values, 1)
        ],
        series_instance_uid=hd.UID(),
        series_number=max(1, series.order.frames[0][0].header.number) + 1000,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="Reverie",
        manufacturer_model_name="Reverie",
        software_versions="1",
        device_serial_number="1",
        content_label="SEGMENTATION",
    )
    # UTF-8: names are in any script.
    segmentation.SpecificCharacterSet = "ISO_IR 192"
    segmentation.SeriesDescription = f"Segmentation of {series.title}"[:64]
    if any(source.get("SyntheticData") == "YES" for source in sources):
        segmentation.SyntheticData = "YES"
    return segmentation


def _planes(series: Series, labels: NDArray[Any]) -> tuple[list[Dataset], NDArray[Any]]:
    """The headers of the source images, and a plane for each image in them."""
    line = series.order.frames[0]
    if line[0].header.frames == 1:
        return [_header(frame.header.path) for frame in line], labels
    planes = np.zeros((line[0].header.frames, *labels.shape[1:]), labels.dtype)
    for frame, plane in zip(line, labels, strict=True):
        planes[frame.index] = plane
    return [_header(line[0].header.path)], planes


def _header(path: Path) -> Dataset:
    """A source's header, with what its writer left out and a segmentation repeats."""
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    for keyword in _EXPECTED.split():
        if keyword not in header:
            setattr(header, keyword, "")
    if header.PatientSex not in ("M", "F", "O"):
        header.PatientSex = ""
    return header


def _description(number: int, entry: LabelEntry, maker: Maker) -> SegmentDescription:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    algorithm = None
    if maker.by != "MANUAL":
        algorithm = hd.AlgorithmIdentificationSequence(
            name=maker.name or "unnamed",
            family=codes.DCM.ArtificialIntelligence,
            version=maker.version or "unknown",
        )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=(entry.name.strip() or f"Label {entry.value}")[:64],
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Tissue,
        algorithm_type=maker.by,
        algorithm_identification=algorithm,
        tracking_uid=hd.UID(),
        tracking_id=f"{LABEL_PREFIX}{entry.value}",
        display_color=hd.color.CIELabColor.from_rgb(*entry.colour),
    )
