"""What the headers of DICOM files say: one `Frame` for every image, nothing decoded."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.image_formats import DECODE_ERRORS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Vector = NDArray[np.float64]
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


def decode_errors() -> tuple[type[Exception], ...]:
    """What pydicom raises on damaged bytes."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*DECODE_ERRORS, BytesLengthException, InvalidDicomError)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps back what libraries have to say of odd headers: it is no news to the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


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
            data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS, force=True)
            return _frames_of(path, data)
    except decode_errors() as error:
        raise ValueError(f"damaged header ({error})") from error


def _frames_of(path: Path, data: Dataset) -> list[Frame]:
    rows, columns = _whole(data, "Rows"), _whole(data, "Columns")
    kind = data.get("SOPClassUID")
    if not (rows > 0 and columns > 0 and kind):
        # pydicom takes a file that ends within its header for a short one.
        if kind and "Image Storage" in kind.name:
            raise ValueError("an image without a size")
        return []
    header = _header(path, data)
    if header.frames > min(MAX_FRAMES, os.path.getsize(path)):
        raise ValueError(f"{header.frames:,} frames in {os.path.getsize(path):,} bytes")
    shared = _first(data, "SharedFunctionalGroupsSequence")
    per_frame = data.get("PerFrameFunctionalGroupsSequence") or []
    groups = [_Groups(data, shared, own) for own in per_frame[: header.frames]]
    groups += [_Groups(data, shared, None)] * (header.frames - len(groups))
    return [_frame(header, index, group) for index, group in enumerate(groups)]


def _header(path: Path, data: Dataset) -> Header:
    syntax = _text(data.file_meta, "TransferSyntaxUID") if hasattr(data, "file_meta") else ""
    bits = _whole(data, "BitsAllocated") or 16
    size = 1 if bits <= 8 else 2 if bits <= 16 else 4 if bits <= 32 else 8
    letter = {0: "u", 1: "i"}.get(_whole(data, "PixelRepresentation", -1), "u")
    if "PixelRepresentation" not in data and size >= 4:
        letter = "f"
    modality, unit = _text(data, "Modality"), _text(data, "RescaleType")
    if modality == "CT" and unit in ("", "US"):
        unit = "HU"
    units = {"BQML": "Bq/ml", "GML": "g/ml"}.get(_text(data, "Units"), "")
    date, study = _text(data, "StudyDate"), _text(data, "StudyDescription")
    return Header(
        path=path,
        syntax=syntax,
        sop_class=_text(data, "SOPClassUID"),
        sop_uid=_text(data, "SOPInstanceUID"),
        series_uid=_text(data, "SeriesInstanceUID"),
        study_uid=_text(data, "StudyInstanceUID"),
        patient_id=_text(data, "PatientID"),
        patient_name=_text(data, "PatientName").replace("^", " ").strip(),
        study=f"{study} {date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 else study,
        description=_text(data, "SeriesDescription"),
        modality=modality,
        number=_whole(data, "SeriesNumber"),
        image_type=tuple(str(word).upper() for word in data.get("ImageType") or ()),
        rows=_whole(data, "Rows"),
        columns=_whole(data, "Columns"),
        samples=_whole(data, "SamplesPerPixel") or 1,
        frames=max(1, _whole(data, "NumberOfFrames")),
        photometric=_text(data, "PhotometricInterpretation"),
        stored=np.dtype(f"{letter}{size}"),
        bits=_whole(data, "BitsStored") or bits,
        unit=units or ("" if unit in ("US", "") else unit),
        moving="FrameTime" in data or modality in ("US", "XA", "RF", "ES"),
        curved="ModalityLUTSequence" in data,
    )


class _Groups:
    """Looks an attribute up where a frame may keep it: its own group, the shared one, the file."""

    def __init__(self, data: Dataset, shared: Dataset | None, own: Dataset | None) -> None:
        self._places = [place for place in (own, shared) if place is not None]
        self._data = data

    def item(self, sequence: str, keyword: str) -> Dataset:
        """The data set that holds the keyword, or else the file's."""
        for place in self._places:
            item = _first(place, sequence)
            if item is not None and keyword in item:
                return item
        return self._data


def _frame(header: Header, index: int, groups: _Groups) -> Frame:
    def numbers(sequence: str, keyword: str, count: int) -> tuple[float, ...] | None:
        return _numbers(groups.item(sequence, keyword), keyword, count)

    measures = "PixelMeasuresSequence"
    position = numbers("PlanePositionSequence", "ImagePositionPatient", 3)
    orientation = _unit_vectors(numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6))
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


def _times(groups: _Groups) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    places = {
        "NominalCardiacTriggerDelayTime": "CardiacSynchronizationSequence",
        "DiffusionBValue": "MRDiffusionSequence",
        "EffectiveEchoTime": "MREchoSequence",
    }
    for keyword, _ in TIME_KEYS:
        item = groups.item(places.get(keyword, "FrameContentSequence"), keyword)
        number = None if "Time" in keyword and "Date" in keyword else _numbers(item, keyword, 1)
        if number is not None:
            found[keyword] = number[0]
        elif text := _text(item, keyword):
            found[keyword] = text
    return found


def _unit_vectors(cosines: tuple[float, ...] | None) -> Vector | None:
    """(2, 3) of length one, or None where they are no two directions at right angles."""
    if cosines is None:
        return None
    vectors = np.array(cosines).reshape(2, 3)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if lengths.min() < 0.5:
        return None
    unit: Vector = vectors / lengths
    return unit if abs(float(unit[0] @ unit[1])) < 0.05 else None


def _first(data: Dataset, keyword: str) -> Dataset | None:
    items = data.get(keyword)
    return items[0] if items else None


def _text(data: Dataset, keyword: str) -> str:
    value = data.get(keyword)
    return "" if value is None else str(value).strip()


def _whole(data: Dataset, keyword: str, default: int = 0) -> int:
    numbers = _numbers(data, keyword, 1)
    return default if numbers is None else int(numbers[0])


def _numbers(data: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """The first numbers of an attribute, or None where they are missing or are none."""
    try:
        value = data.get(keyword)
        if value is None or value == "":
            return None
        values = value if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
        found = tuple(float(v) for v in values)[:count]
    except (TypeError, ValueError, OverflowError, AttributeError):
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None
