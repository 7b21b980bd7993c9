"""Small DICOM series for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT, MR, SC = "CT", "MR", "SC"
CLASSES = {
    CT: "1.2.840.10008.5.1.4.1.1.2",
    MR: "1.2.840.10008.5.1.4.1.1.4",
    SC: "1.2.840.10008.5.1.4.1.1.7",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
}
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
STUDY, SERIES, FRAME = generate_uid(), generate_uid(), generate_uid()


def dataset(
    pixels: np.ndarray, position: Sequence[float] | None = (0, 0, 0), **fields: Any
) -> FileDataset:
    """One image (H, W) or (H, W, 3), axial CT unless the fields say otherwise."""
    modality = fields.get("Modality", CT)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CLASSES[modality]
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.SpecificCharacterSet = "ISO_IR 100"
    data.PatientID, data.PatientName, data.Modality = "P1", "Doe^Jane", modality
    data.PatientBirthDate, data.PatientSex, data.AccessionNumber = "", "", ""
    data.StudyInstanceUID, data.SeriesInstanceUID = STUDY, SERIES
    data.StudyDate, data.StudyTime, data.StudyID = "20240102", "101010", "1"
    data.FrameOfReferenceUID = FRAME
    data.StudyDescription, data.SeriesDescription, data.SeriesNumber = "Head", "Plain", 3
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.InstanceNumber, data.Manufacturer = 1, "Phantom"
    data.PixelSpacing, data.SliceThickness = [0.5, 0.75], 2.5
    if position is not None:
        data.ImageOrientationPatient = list(AXIAL)
        data.ImagePositionPatient = [float(n) for n in position]
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    data.BitsAllocated = data.BitsStored = bits
    data.HighBit = bits - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.tobytes()
    for keyword, value in fields.items():
        setattr(data, keyword, value)
    data["PixelData"].VR = "OW" if bits > 8 else "OB"
    return data


def save(path: Path, data: FileDataset) -> Path:
    """Writes a file, with the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def slices(count: int, shape: tuple[int, int] = (6, 8), seed: int = 0) -> np.ndarray:
    """(D, H, W) int16, of which no two slices are alike."""
    return np.random.default_rng(seed).integers(-500, 1500, (count, *shape)).astype(np.int16)


def stack(
    folder: Path, values: np.ndarray, heights: Sequence[float] | None = None, **fields: Any
) -> list[Path]:
    """A series in a folder: names and instance numbers say nothing about the order of slices."""
    heights = [2.5 * n for n in range(len(values))] if heights is None else heights
    shuffled = np.random.default_rng(1).permutation(len(values))
    paths = []
    for name, place in enumerate(shuffled):
        data = dataset(values[place], (-10, -20, heights[place]), InstanceNumber=name + 1, **fields)
        paths.append(save(folder / f"{name:03d}.dcm", data))
    return [paths[int(i)] for i in np.argsort(shuffled)]
