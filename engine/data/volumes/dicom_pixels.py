"""The stored numbers of DICOM files: through pydicom, or through GDCM where there are codecs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.dicom_header import Header
from engine.data.volumes.dicom_values import decode_errors, quiet
from engine.errors import InputError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset

_IMPLICIT = "1.2.840.10008.1.2"
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
# RLE among them: GDCM refuses some small images of it.
_PLAIN_SYNTAXES = {f"1.2.840.10008.1.2{ending}" for ending in ("", ".1", ".1.99", ".2", ".5")}
_GDCM_SYNTAXES = {
    f"1.2.840.10008.1.2.{ending}"
    for ending in ("4.50", "4.51", "4.57", "4.70", "4.80", "4.81", "4.90", "4.91")
}
_MAX_RATIO = 2000
_DESCRIBING = (
    "Rows Columns SamplesPerPixel PhotometricInterpretation PlanarConfiguration BitsAllocated "
    "BitsStored HighBit PixelRepresentation NumberOfFrames"
)


def decode_frames(header: Header) -> NDArray[Any]:
    """All images of a file as stored, (F, H, W), or (F, H, W, 3) in colour.

    Raises:
        InputError: No pixel data, truncated, damaged, or compressed in a way without a codec.
    """
    try:
        with quiet():
            return _shaped(header, _decode(header))
    except InputError:
        raise
    except decode_errors() as error:
        raise _damaged(header.path, str(error)) from error


def _damaged(path: Path, reason: str) -> InputError:
    short = " ".join(reason.split())[:120].rstrip(".")
    return InputError(
        f"{path} is damaged or incomplete: {short}.", "Copy or export the file again."
    )


def _decode(header: Header) -> NDArray[Any]:
    import pydicom

    data = pydicom.dcmread(header.path, force=True)
    present = [k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in data]
    if not present or not data[present[0]].value:
        raise InputError(f"{header.path} holds no pixel data.", "Export the series again.")
    if "TransferSyntaxUID" not in data.file_meta:
        data.file_meta.TransferSyntaxUID = pydicom.uid.UID(_IMPLICIT)
    syntax = data.file_meta.TransferSyntaxUID
    if syntax in _GDCM_SYNTAXES:
        return _lookup(data, header, _decompress(header, data))
    if syntax not in _PLAIN_SYNTAXES:
        told = " ".join(f"{syntax.name} ({syntax})".split())
        raise InputError(
            f"{header.path} is compressed as {told}; there is no codec for it.",
            "Export the series uncompressed, or convert it (for example with gdcmconv --raw).",
        )
    return _lookup(data, header, pydicom.pixels.pixel_array(data, raw=False))


def _lookup(data: Dataset, header: Header, stored: NDArray[Any]) -> NDArray[Any]:
    """Colours where the numbers are places in a palette."""
    if header.photometric != "PALETTE COLOR":
        return stored
    from pydicom.pixels import apply_color_lut

    colours = apply_color_lut(stored, data)[..., :3]
    return colours if colours.dtype == np.uint8 else (colours >> 8).astype(np.uint8)


def _decompress(header: Header, data: FileDataset) -> NDArray[Any]:
    """Decodes a copy with nothing but the pixels in it.

    GDCM applies slopes to some kinds of images and not to others; a copy that names none gives
    the stored numbers for every kind.
    """
    import SimpleITK as sitk

    pixels = header.rows * header.columns * header.samples * header.frames * header.stored.itemsize
    if pixels > _MAX_RATIO * len(data.PixelData) + 2**20:
        raise _damaged(header.path, f"{pixels:,} bytes cannot be in {len(data.PixelData):,}")
    handle, name = tempfile.mkstemp(suffix=".dcm")
    os.close(handle)
    try:
        _write_copy(Path(name), data)
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(name)
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        return sitk.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        syntax = data.file_meta.TransferSyntaxUID.name
        raise _damaged(header.path, f"its {syntax} data cannot be decoded") from error
    finally:
        os.unlink(name)


def _write_copy(target: Path, data: FileDataset) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate, generate_frames
    from pydicom.uid import generate_uid

    copy = Dataset()
    for keyword in _DESCRIBING.split():
        if keyword in data:
            copy[keyword] = data[keyword]
    # Packed anew, for GDCM believes the lengths that a damaged file gives.
    count = int(data.get("NumberOfFrames") or 1)
    copy.PixelData = encapsulate(list(generate_frames(data.PixelData, number_of_frames=count)))
    copy["PixelData"].is_undefined_length = True
    if copy.PhotometricInterpretation == "PALETTE COLOR":
        copy.PhotometricInterpretation = "MONOCHROME2"
    copy.SOPClassUID = _SECONDARY_CAPTURE
    copy.SOPInstanceUID = copy.StudyInstanceUID = copy.SeriesInstanceUID = generate_uid()
    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = data.file_meta.TransferSyntaxUID
    copy.file_meta.MediaStorageSOPClassUID = copy.SOPClassUID
    copy.file_meta.MediaStorageSOPInstanceUID = copy.SOPInstanceUID
    copy.save_as(target, enforce_file_format=True)


def _shaped(header: Header, array: NDArray[Any]) -> NDArray[Any]:
    """(F, H, W) or (F, H, W, 3), whatever axes of length one the decoder left out."""
    colour = header.samples == 3 or header.photometric == "PALETTE COLOR"
    shape = (header.frames, header.rows, header.columns) + ((3,) if colour else ())
    if array.size != int(np.prod(shape)):
        raise ValueError(f"{array.shape} values instead of {shape}")
    return array.reshape(shape)
