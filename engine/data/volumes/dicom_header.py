"""What the headers of DICOM files say: one `Frame` for every image, nothing decoded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.data.volumes.dicom_deflated import check_deflated
from engine.data.volumes.dicom_values import (
    Groups,
    Vector,
    decode_errors,
    first_item,
    numbers_of,
    quiet,
    text_of,
    unit_vectors,
    whole_of,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SEGMENTATION_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
MAX_FRAMES = 2**17

# In the order in which they are tried for telling apart images at one position.
TIME_KEYS = (
    ("TemporalPositionIdentifier", "temporal position"),
    ("TemporalPositionIndex", "temporal position"),
    ("TriggerTime", "trigger time"),
    ("NominalCardiacTriggerDelayTime", "trigger delay"),
    ("FrameReferenceTime", "frame reference time"),
    ("DiffusionBValue", "b-value"),
    ("EchoTime", "echo time"),
    ("EffectiveEchoTime", "echo time"),
    ("FrameAcquisitionDateTime", "acquisition time"),
    ("AcquisitionDateTime", "acquisition time"),
    ("AcquisitionTime", "acquisition time"),
    ("ContentTime", "content time"),
    ("AcquisitionNumber", "acquisition number"),
    ("InstanceNumber", "instance number"),
)
_PER_FILE = (
    "SOPClassUID SOPInstanceUID SeriesInstanceUID StudyInstanceUID PatientID PatientName Modality "
    "StudyDescription StudyDate SeriesDescription SeriesNumber ImageType NumberOfFrames Rows "
    "Columns SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored "
    "PixelRepresentation ImagePositionPatient ImageOrientationPatient PixelSpacing "
    "ImagerPixelSpacing SliceThickness SpacingBetweenSlices RescaleSlope RescaleIntercept "
    "RescaleType WindowCenter WindowWidth Units ModalityLUTSequence FrameTime "
    "SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence"
)
_TAGS = _PER_FILE.split() + [name for name, _ in TIME_KEYS]


@dataclass(frozen=True, eq=False)
class Header:
    """What holds for a whole file."""

    path: Path
    syntax: str
    sop_class: str
    sop_uid: str
    series_uid: str
    study_uid: str
    patient_id: str
    patient_name: str
    study: str
    description: str
    modality: str
    number: int
    image_type: tuple[str, ...]
    rows: int
    columns: int
    samples: int
    frames: int
    photometric: str
    stored: np.dtype[np.generic]
    bits: int
    unit: str
    moving: bool
    curved: bool

    @property
    def localizer(self) -> bool:
        """Whether it is a scout, made to plan the scan and crossing its slices."""
        return any(word in ("LOCALIZER", "SCOUT") for word in self.image_type)

    @property
    def patient(self) -> str:
        """The patient's name and number, as far as they are given."""
        if self.patient_id in ("", self.patient_name):
            return self.patient_name or "unnamed"
        return f"{self.patient_name} ({self.patient_id})".strip()


@dataclass(frozen=True, eq=False)
class Frame:
    """One image: a file, or a frame of a multi-frame file.

    Attributes:
        position: Centre of the first voxel in mm, DICOM's own axes (LPS), or None.
        orientation: (2, 3) unit vectors along a row and along a column (LPS), or None.
        spacing: Distance of rows and of columns in mm, or None.
        thickness: Distance of slices as the header gives it, or None.
        times: What may tell images at one position apart, by the names of `TIME_KEYS`.
    """

    header: Header
    index: int
    position: Vector | None
    orientation: Vector | None
    spacing: tuple[float, float] | None
    thickness: float | None
    slope: float
    intercept: float
    window: tuple[float, float] | None
    times: dict[str, float | str]


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do, with or without the usual preamble."""
    try:
        with open(path, "rb") as stream:
            start = stream.read(132)
    except OSError:
        return False
    return start[128:] == b"DICM" or start[:4] in (b"\x08\0\0\0", b"\x08\0\x05\0", b"\x08\0\x08\0")


def read_frames(path: Path) -> list[Frame]:
    """The images of a file; none for DICOM files that hold no image, such as reports.

    Raises:
        ValueError: The file begins as DICOM but its header is damaged.
    """
    import pydicom

    try:
        with quiet():
            check_deflated(path)
            data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS, force=True)
            return _frames_of(path, data)
    except decode_errors() as error:
        raise ValueError(f"damaged header ({error})") from error


def _frames_of(path: Path, data: Dataset) -> list[Frame]:
    rows, columns = whole_of(data, "Rows"), whole_of(data, "Columns")
    kind = data.get("SOPClassUID")
    if not (rows > 0 and columns > 0 and kind):
        # pydicom takes a file that ends within its header for a short one.
        if kind and "Image Storage" in kind.name:
            raise ValueError("an image without a size")
        return []
    header = _header(path, data)
    if header.frames > min(MAX_FRAMES, os.path.getsize(path)):
        raise ValueError(f"{header.frames:,} frames in {os.path.getsize(path):,} bytes")
    shared = first_item(data, "SharedFunctionalGroupsSequence")
    per_frame = data.get("PerFrameFunctionalGroupsSequence") or []
    groups = [Groups(data, shared, own) for own in per_frame[: header.frames]]
    groups += [Groups(data, shared, None)] * (header.frames - len(groups))
    return [_frame(header, index, group) for index, group in enumerate(groups)]


def _header(path: Path, data: Dataset) -> Header:
    syntax = text_of(data.file_meta, "TransferSyntaxUID") if hasattr(data, "file_meta") else ""
    bits = whole_of(data, "BitsAllocated") or 16
    size = 1 if bits <= 8 else 2 if bits <= 16 else 4 if bits <= 32 else 8
    letter = {0: "u", 1: "i"}.get(whole_of(data, "PixelRepresentation", -1), "u")
    if "PixelRepresentation" not in data and size >= 4:
        letter = "f"
    modality, unit = text_of(data, "Modality"), text_of(data, "RescaleType")
    if modality == "CT" and unit in ("", "US"):
        unit = "HU"
    units = {"BQML": "Bq/ml", "GML": "g/ml"}.get(text_of(data, "Units"), "")
    date, study = text_of(data, "StudyDate"), text_of(data, "StudyDescription")
    return Header(
        path=path,
        syntax=syntax,
        sop_class=text_of(data, "SOPClassUID"),
        sop_uid=text_of(data, "SOPInstanceUID"),
        series_uid=text_of(data, "SeriesInstanceUID"),
        study_uid=text_of(data, "StudyInstanceUID"),
        patient_id=text_of(data, "PatientID"),
        patient_name=text_of(data, "PatientName").replace("^", " ").strip(),
        study=f"{study} {date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 else study,
        description=text_of(data, "SeriesDescription"),
        modality=modality,
        number=whole_of(data, "SeriesNumber"),
        image_type=tuple(str(word).upper() for word in data.get("ImageType") or ()),
        rows=whole_of(data, "Rows"),
        columns=whole_of(data, "Columns"),
        samples=whole_of(data, "SamplesPerPixel") or 1,
        frames=max(1, whole_of(data, "NumberOfFrames")),
        photometric=text_of(data, "PhotometricInterpretation"),
        stored=np.dtype(f"{letter}{size}"),
        bits=whole_of(data, "BitsStored") or bits,
        unit=units or ("" if unit in ("US", "") else unit),
        moving="FrameTime" in data or modality in ("US", "XA", "RF", "ES"),
        curved="ModalityLUTSequence" in data,
    )


def _frame(header: Header, index: int, groups: Groups) -> Frame:
    def numbers(sequence: str, keyword: str, count: int) -> tuple[float, ...] | None:
        return numbers_of(groups.item(sequence, keyword), keyword, count)

    measures = "PixelMeasuresSequence"
    position = numbers("PlanePositionSequence", "ImagePositionPatient", 3)
    orientation = unit_vectors(numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6))
    spacing = numbers(measures, "PixelSpacing", 2) or numbers(measures, "ImagerPixelSpacing", 2)
    gap = numbers(measures, "SpacingBetweenSlices", 1) or numbers(measures, "SliceThickness", 1)
    rescale = "PixelValueTransformationSequence"
    slope = numbers(rescale, "RescaleSlope", 1) or (1.0,)
    centre = numbers("FrameVOILUTSequence", "WindowCenter", 1)
    width = numbers("FrameVOILUTSequence", "WindowWidth", 1)
    window = None
    if centre and width and width[0] > 0:
        window = (centre[0] - width[0] / 2, centre[0] + width[0] / 2)
    return Frame(
        header=header,
        index=index,
        position=None if position is None else np.array(position),
        orientation=orientation,
        spacing=(spacing[0], spacing[1]) if spacing and min(spacing) > 0 else None,
        thickness=abs(gap[0]) if gap and gap[0] else None,
        slope=slope[0] or 1.0,
        intercept=(numbers(rescale, "RescaleIntercept", 1) or (0.0,))[0],
        window=window,
        times=_times(groups),
    )


def _times(groups: Groups) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    places = {
        "NominalCardiacTriggerDelayTime": "CardiacSynchronizationSequence",
        "DiffusionBValue": "MRDiffusionSequence",
        "EffectiveEchoTime": "MREchoSequence",
    }
    for keyword, _ in TIME_KEYS:
        item = groups.item(places.get(keyword, "FrameContentSequence"), keyword)
        number = None if "Time" in keyword and "Date" in keyword else numbers_of(item, keyword, 1)
        if number is not None:
            found[keyword] = number[0]
        elif text := text_of(item, keyword):
            found[keyword] = text
    return found
