"""PNGs that carry their provenance in text chunks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.data.atomic import atomic_path
from engine.data.image_formats import decode

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's term for an image that a trained model made."""

_XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{DIGITAL_SOURCE_TYPE}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)

SYNTHETIC_METADATA = {
    "XML:com.adobe.xmp": _XMP,
    "DigitalSourceType": DIGITAL_SOURCE_TYPE,
    "Synthetic": "true",
}
"""Text chunks that mark a PNG as made by a model, for people and for programs."""


def write_png(
    path: str | os.PathLike[str],
    array: NDArray[Any],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes a PNG atomically, with text chunks (iTXt, UTF-8).

    Args:
        path: Target; its folder must exist.
        array: (H, W) or (H, W, 3): uint8 or bool, uint16 (grey only), or float in [0, 1], which
            is rounded to 8 bits.
        metadata: Keywords of 1 to 79 Latin-1 characters; values are any text, such as JSON.

    Raises:
        DiskError: The file cannot be written.
        ValueError: The array is no image.
    """
    pixels = np.ascontiguousarray(_to_pixels(array))
    info = PngInfo()
    for key, text in (metadata or {}).items():
        info.add_itxt(key, text)
    with atomic_path(path) as beside:
        Image.fromarray(pixels).save(beside, format="PNG", pnginfo=info)


def read_png_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The text chunks of a PNG.

    Raises:
        InputError: Not a readable PNG.
    """
    source = Path(path)
    decode(source)
    with Image.open(source) as image:
        image.load()
        return {key: str(text) for key, text in getattr(image, "text", {}).items()}


def _to_pixels(array: NDArray[Any]) -> NDArray[Any]:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[-1] != 3) or 0 in array.shape:
        raise ValueError(f"an image is (H, W) or (H, W, 3), not {array.shape}")
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8 or (array.dtype == np.uint16 and array.ndim == 2):
        return array
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise ValueError("an image with NaN or infinity cannot be written")
        return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    raise ValueError(f"{array.dtype} values cannot be written as PNG")
