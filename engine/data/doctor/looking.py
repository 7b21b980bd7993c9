"""Reading one case of a set, and keeping what the checks need of it: figures, no voxels."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from nibabel.orientations import aff2axcodes
from numpy.typing import NDArray
from PIL import Image

from engine.data.doctor.layouts import Item
from engine.data.segmentation.reading import HALF_VOXEL, conversions_of, unusable_values
from engine.data.volumes.choices import MAX_THUMBNAIL, thumbnail
from engine.data.volumes.masks import LabelsRead, read_labels
from engine.data.volumes.read import read_volume
from engine.data.volumes.volume import Geometry, Volume
from engine.errors import InputError

COLOURS = ((255, 64, 64), (64, 220, 64), (90, 140, 255), (250, 220, 60), (60, 220, 220))
"""Of the outlines of labels 1, 2, ..., over and over."""


@dataclass(frozen=True)
class ImageFacts:
    """What an image is like.

    Attributes:
        shape: (D, H, W).
        channels: How many values a voxel has.
        colour: Whether they are red, green and blue.
        grey: Of colours: all three are the same everywhere.
        dtype: As stored.
        spacing: Along (D, H, W) in mm; () where the file has no place in a patient.
        axes: Where columns, rows and slices lead, such as "LPS"; "" as above.
        bad: Voxels that are NaN or infinite.
        low, high: Of the finite values.
        digest: The same for two images with the same voxels.
        format: As `volume.Source` has it.
    """

    shape: tuple[int, int, int]
    channels: int
    colour: bool
    grey: bool
    dtype: str
    spacing: tuple[float, ...]
    axes: str
    bad: int
    low: float
    high: float
    digest: str
    format: str

    @property
    def constant(self) -> bool:
        return self.low == self.high and not self.bad

    @property
    def picture(self) -> bool:
        """A picture of one slice without a patient."""
        return not self.axes and self.shape[0] == 1


@dataclass(frozen=True)
class MaskFacts:
    """What a mask is like.

    Attributes:
        shape: (D, H, W).
        counts: Label -> voxels.
        axes: As those of an image.
        differences: How its grid differs from the image's, each a phrase; empty if it does not.
        conversions: What was done because it was no label map, each a phrase.
        digest: The same for two masks with the same labels.
    """

    shape: tuple[int, int, int]
    counts: dict[int, int]
    axes: str
    differences: tuple[str, ...]
    conversions: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Look:
    """One case as it was found.

    Attributes:
        image, mask: None where they are missing or cannot be read.
        image_fault, mask_fault: Why they cannot be read, and the remedy; "" where they can.
        unusable: Why the values cannot be learnt from, and the remedy.
        picture: A small PNG with the labels' outlines; b"" where there is nothing to show.
    """

    item: Item
    image: ImageFacts | None = None
    mask: MaskFacts | None = None
    image_fault: tuple[str, str] = ("", "")
    mask_fault: tuple[str, str] = ("", "")
    unusable: tuple[str, str] = ("", "")
    picture: bytes = field(default=b"", repr=False)


def look_at(item: Item) -> Look:
    """Reads a case; never raises for what is wrong with its files."""
    look = Look(item)
    volume = None
    if item.image is not None:
        try:
            volume = read_image(item)
        except InputError as error:
            look = replace(look, image_fault=(error.message, error.hint))
        else:
            unusable = unusable_values(volume) or ("", "")
            look = replace(look, image=_image_facts(volume), unusable=unusable)
    labels = None
    if item.mask is not None and (volume is not None or item.image is None):
        try:
            read = read_mask(item, volume)
        except InputError as error:
            look = replace(look, mask_fault=(error.message, error.hint))
        else:
            labels = read.labels
            look = replace(look, mask=_mask_facts(read, volume))
    return replace(look, picture=_picture(volume, labels))


def read_image(item: Item) -> Volume:
    """The image of a case, of the channel that it names.

    Raises:
        InputError: It cannot be read, or has no such channel.
    """
    assert item.image is not None
    volume = read_volume(item.image, part=item.image_part, kind="image")
    count = len(volume.array)
    if volume.channels == "rgb" or count == 1:
        return volume
    if item.channel >= count:
        raise InputError(
            f"{item.image} has no channel {item.channel}.", f"Choose one from 0 to {count - 1}."
        )
    return volume


def read_mask(item: Item, image: Volume | None) -> LabelsRead:
    """The mask of a case; with no image to lie on, on its own grid.

    Raises:
        InputError: It cannot be read, or is no label map.
    """
    assert item.mask is not None
    if image is not None:
        return read_labels(item.mask, image.geometry, part=item.mask_part)
    own = read_volume(item.mask, part=item.mask_part, kind="labels")
    return read_labels(item.mask, own.geometry, part=item.mask_part)


def fits(mask: Geometry, image: Geometry) -> bool:
    """Whether labels lie on the image's voxels, up to rounding when they were written."""
    return mask.matches(image, HALF_VOXEL * min(image.spacing_mm))


def _image_facts(volume: Volume) -> ImageFacts:
    array = np.asarray(volume.array)
    finite = array
    bad = 0
    if array.dtype.kind == "f":
        good = np.isfinite(array)
        bad = int(array.size - np.count_nonzero(good))
        finite = array[good] if bad else array
    geometry = volume.geometry
    oriented = geometry.oriented
    colour = volume.channels == "rgb"
    return ImageFacts(
        geometry.shape,
        len(array),
        colour,
        colour and bool((array == array[:1]).all()),
        str(array.dtype.newbyteorder("=")),
        tuple(round(side, 4) for side in geometry.spacing_mm) if oriented else (),
        "".join(aff2axcodes(geometry.affine)) if oriented else "",
        bad,
        float(finite.min()) if finite.size else 0.0,
        float(finite.max()) if finite.size else 0.0,
        _digest(array),
        volume.source.format,
    )


def _mask_facts(read: LabelsRead, image: Volume | None) -> MaskFacts:
    values, counts = np.unique(read.labels, return_counts=True)
    apart = image is not None and not (read.matches or fits(read.geometry, image.geometry))
    return MaskFacts(
        read.labels.shape,
        {int(v): int(n) for v, n in zip(values, counts, strict=True)},
        "".join(aff2axcodes(read.geometry.affine)) if read.geometry.oriented else "",
        read.differences if apart else (),
        conversions_of(read),
        _digest(read.labels),
    )


def _digest(array: NDArray[Any]) -> str:
    found = hashlib.sha256(repr((array.shape, array.dtype.newbyteorder("=").str)).encode())
    found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _picture(volume: Volume | None, labels: NDArray[Any] | None) -> bytes:
    """The slice with most of the labels, or the middle one, as PNG."""
    if volume is not None:
        array = np.asarray(volume.array)
    elif labels is not None:
        array = labels[np.newaxis]
    else:
        return b""
    shown = labels if labels is not None and labels.shape == array.shape[1:] else None
    place = array.shape[1] // 2
    if shown is not None and shown.any():
        place = int(np.argmax(np.count_nonzero(shown, axis=(1, 2))))
    channels = (
        array[:3, place] if volume is not None and volume.channels == "rgb" else array[:1, place]
    )
    small = np.stack([thumbnail(channel) for channel in channels], -1)
    colours = np.array(np.broadcast_to(small, (*small.shape[:2], 3)))
    if shown is not None and volume is not None:
        step = max(1, -(-max(shown.shape[1:]) // MAX_THUMBNAIL))
        _outline(colours, shown[place, ::step, ::step])
    stream = io.BytesIO()
    Image.fromarray(colours).save(stream, "PNG")
    return stream.getvalue()


def _outline(colours: NDArray[np.uint8], labels: NDArray[Any]) -> None:
    """Paints the edges of labels into a picture."""
    edge = np.zeros(labels.shape, bool)
    edge[:-1] |= labels[:-1] != labels[1:]
    edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    for index, value in enumerate(v for v in np.unique(labels) if v):
        own = edge & (labels == value)
        # The last row of a label sees its own edge; its first one that of what lies before it.
        own[1:] |= (labels[1:] == value) & (labels[:-1] != value)
        own[:, 1:] |= (labels[:, 1:] == value) & (labels[:, :-1] != value)
        colours[own] = COLOURS[index % len(COLOURS)]
