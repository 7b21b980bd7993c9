"""Decoding 2D image files within fixed limits: the header is judged before a pixel is read."""

from __future__ import annotations

import lzma
import struct
import tokenize
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from engine.data.array_formats import decode_nifti, decode_npy
from engine.data.image_limits import MAX_SIDE, Decoded, check_kind, check_size
from engine.errors import InputError

SUPPORTED = ".png, .tif, .bmp, .gif, .jpg, .nii, .nii.gz, .npy"

# What decoders raise on damaged bytes; none of them keeps to one type.
DECODE_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zlib.error,
    lzma.LZMAError,
)


def decode(path: Path) -> Decoded:
    """Reads any of the supported formats, told apart by content (NIfTI by name).

    Raises:
        InputError: Missing, unreadable, empty, a folder, no image, damaged, too small or too large.
    """
    decoder = _decoder(path, first_bytes(path))
    try:
        with warnings.catch_warnings():
            # Complaints about odd metadata are no news to someone whose pixels are fine.
            warnings.simplefilter("ignore")
            return decoder(path)
    except InputError:
        raise
    except DECODE_ERRORS as error:
        raise InputError(
            f"{path} is damaged or incomplete: {short(error)}.",
            "Copy or export the file again.",
        ) from error


def first_bytes(path: Path, count: int = 16) -> bytes:
    """The first bytes of a plain file.

    Raises:
        InputError: Missing, a folder or a device, empty, or not permitted.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder, not an image.", "Choose a file inside it.")
        # Opening a pipe would wait for its writer.
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a plain file.", "Choose an image file.")
        with open(path, "rb") as stream:
            first = stream.read(count)
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist.", "Check the name, or choose it again."
        ) from error
    except PermissionError as error:
        raise InputError(
            f"{path} may not be read: no permission.", "Change its rights, or copy it."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {short(error)}.", "Check the disk.") from error
    if not first:
        raise InputError(f"{path} is empty (0 bytes).", "Copy or export the file again.")
    return first


def _decoder(path: Path, first: bytes) -> Callable[[Path], Decoded]:
    if path.name.lower().endswith((".nii", ".nii.gz")):
        return decode_nifti
    if first[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _decode_tiff
    if first.startswith(b"\x93NUMPY"):
        return decode_npy
    if first.startswith((b"\x89PNG", b"BM", b"GIF8", b"\xff\xd8")):
        return _decode_pillow
    raise InputError(f"{path} is not an image that can be read here.", f"Give one of {SUPPORTED}.")


def short(error: BaseException) -> str:
    """An exception's words, or its name, in at most 120 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:120].rstrip(".")


def _decode_pillow(path: Path) -> Decoded:
    try:
        with Image.open(path, formats=("PNG", "BMP", "GIF", "JPEG", "TIFF")) as image:
            check_size(path, image.height, image.width)
            return from_pillow(image)
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{path} is larger than {MAX_SIDE} pixels a side.", "Crop or resize it first."
        ) from error


def from_pillow(image: Image.Image) -> Decoded:
    """The values of an open image's present frame; palettes and odd modes become grey or RGB."""
    notes: tuple[str, ...] = ()
    if getattr(image, "n_frames", 1) > 1:
        notes = (f"first of {getattr(image, 'n_frames', 1)} frames used",)
    if image.mode == "1":
        return Decoded(np.asarray(image, np.uint8), 1, notes)
    if image.mode == "F" or image.mode.startswith("I"):
        depth = 32 if image.mode in ("F", "I") else 16
        array = np.asarray(image)
        # Pillow unpacks some 16-bit files into 32-bit pixels.
        fits = image.mode == "I" and array.min() >= 0 and array.max() < 2**16
        return Decoded(array, 16 if fits else depth, notes)
    if image.mode == "P":
        colour = np.asarray(image.convert("RGBA" if "transparency" in image.info else "RGB"))
        grey = bool((colour[..., :3] == colour[..., :1]).all())
        return Decoded(colour[..., 0] if grey else colour[..., :3], 8, notes)
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        notes += (f"converted from {image.mode} to RGB",)
        return Decoded(np.asarray(image.convert("RGB")), 8, notes)
    return Decoded(np.asarray(image), 8, notes)


def _decode_tiff(path: Path) -> Decoded:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        check_size(path, page.imagelength, page.imagewidth)
        # Pillow's decoders stop at the size that the header declares, however much a compressed
        # strip holds; tifffile is for the plain 16-bit and float files that Pillow cannot read.
        if page.photometric not in (0, 1, 2) or page.compression != 1:
            return _decode_pillow(path)
        if page.imagedepth != 1 or not 1 <= page.samplesperpixel <= 4:
            raise InputError(
                f"{path} holds {page.samplesperpixel} channels and a depth of {page.imagedepth}.",
                "Export one grey or RGB image.",
            )
        array = page.asarray()
        # Stored (C, H, W) when the planes lie apart.
        if array.ndim == 3 and page.planarconfig == 2:
            array = np.moveaxis(array, 0, -1)
        if page.photometric == 0 and np.issubdtype(array.dtype, np.unsignedinteger):
            array = np.asarray((1 << page.bitspersample) - 1 - array.astype(np.int64))
        pages = len(file.pages)
    notes = (f"first of {pages} pages used",) if pages > 1 else ()
    check_kind(path, array)
    return Decoded(array, int(page.bitspersample), notes)
