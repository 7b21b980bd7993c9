"""Where a prediction is wrong, as a picture: the slice with most errors, seen radiologically."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.volumes.volume import Geometry
from engine.scoring.errors import KINDS, error_map
from engine.scoring.pairing import ScoredCase
from engine.scoring.planes import across, named, seen, turned_axis
from engine.scoring.reading import Labels, read_case, read_image_of

SIDE = 288
OPACITY = 0.6
TAIL = 0.5
"""Per cent of an image's values at either end that become black and white."""


def errors_png(case: ScoredCase) -> tuple[bytes, str]:
    """A PNG of at most 288 px of the slice with most errors, and what it is.

    Raises:
        InputError: A file that cannot be read, or an image of another grid.
    """
    read = read_case(case)
    grey = _image(case, read.geometry)
    (truth, found, grey), spacing = seen(read.geometry, read.truth, read.found, grey)
    axis = across(spacing) if case.cut is None else turned_axis(read.geometry, case.cut[0])
    wrong = (truth != found).sum(axis=tuple(a for a in range(3) if a != axis))
    marked = (truth != 0).sum(axis=tuple(a for a in range(3) if a != axis))
    place = int(np.argmax(wrong if wrong.any() else marked))
    planes = [np.take(array, place, axis) for array in (truth, found, grey)]
    if axis:  # heads up
        planes = [plane[::-1] for plane in planes]
    rows, columns = (spacing[a] for a in range(3) if a != axis)
    picture = _coloured(*planes)
    height, width = picture.shape[0] * rows, picture.shape[1] * columns
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    stream = io.BytesIO()
    Image.fromarray(picture).resize(size, Image.Resampling.NEAREST).save(stream, "PNG")
    if read.truth.shape[0] == 1:
        return stream.getvalue(), f"{int(wrong[place])} wrong pixels"
    name = named(axis, read.geometry)
    count = truth.shape[axis]
    return stream.getvalue(), f"{name} slice {place + 1} of {count}, {int(wrong[place])} wrong"


def _image(case: ScoredCase, geometry: Geometry) -> NDArray[np.float32]:
    """Grey values 0 to 1; black without an image."""
    volume = read_image_of(case, geometry)
    if volume is None:
        return np.zeros(geometry.shape, np.float32)
    channels = 3 if volume.channels == "rgb" else 1
    values = np.mean([volume.values(c) for c in range(channels)], axis=0, dtype=np.float32)
    low, high = np.nanpercentile(values, (TAIL, 100 - TAIL))
    unit = np.clip((values - low) / max(high - low, 1e-12), 0, 1)
    return np.nan_to_num(unit).astype(np.float32)


def _coloured(truth: Labels, found: Labels, grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    picture = np.repeat(grey[..., np.newaxis] * 255, 3, axis=2)
    kinds = error_map(found, truth)
    for number, kind in KINDS.items():
        mask = kinds == number
        picture[mask] = (1 - OPACITY) * picture[mask] + OPACITY * np.array(kind.colour, np.float32)
    return picture.astype(np.uint8)
