"""Small valid files of every format, as bytes."""

from __future__ import annotations

import gzip
import io
import pickle
from pathlib import Path

import numpy as np
import tifffile
from nibabel.nifti1 import Nifti1Image
from PIL import Image

SIDE = 20


def disc(height: int = SIDE, width: int = SIDE + 4) -> np.ndarray:
    """A bool mask of a disc, off centre so that flips and transpositions show."""
    rows, columns = np.ogrid[:height, :width]
    return np.asarray((rows - 7) ** 2 + (columns - 9) ** 2 < 25)


def pillow_bytes(array: np.ndarray, kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind)
    return stream.getvalue()


def tiff_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array)
    return stream.getvalue()


def npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def nifti_bytes(array: np.ndarray) -> bytes:
    return bytes(Nifti1Image(array, np.eye(4)).to_bytes())


def all_samples() -> dict[str, bytes]:
    grey = disc().astype(np.uint8) * 255
    volume = np.stack([disc().T * 0, disc().T], -1).astype(np.uint8)
    return {
        "a.png": pillow_bytes(grey, "PNG"),
        "a.bmp": pillow_bytes(grey, "BMP"),
        "a.gif": pillow_bytes(grey, "GIF"),
        "a.jpg": pillow_bytes(grey, "JPEG"),
        "a.tif": tiff_bytes(grey.astype(np.uint16)),
        "packed.tif": pillow_bytes(grey, "TIFF"),
        "a.npy": npy_bytes(grey),
        "a.nii": nifti_bytes(volume),
        "a.nii.gz": gzip.compress(nifti_bytes(volume), mtime=0),
    }


def sample_pickle() -> bytes:
    arrays = [disc().astype(np.float32)]
    return pickle.dumps({"a_im": arrays, "a_gt": [disc().astype(np.uint8)]}, protocol=4)


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
