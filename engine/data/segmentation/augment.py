"""Random changes to a labelled image, all from one random generator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Augmentation:
    """What is done to a slice.

    Attributes:
        flips: Whether rows and columns are reversed, each in half of the cases.
        degrees: Largest turn to either side.
        zoom: Smallest and largest enlargement.
        jitter: Largest relative change of brightness, contrast and saturation; 0 none.
        hue: Largest turn of the colours, in full circles; of colour images only.
        outside: What comes in from outside: the image mirrored, or its edge drawn out.
    """

    flips: bool = False
    degrees: float = 0.0
    zoom: tuple[float, float] = (1.0, 1.0)
    jitter: float = 0.0
    hue: float = 0.0
    outside: Literal["reflection", "border"] = "reflection"


def augment(
    image: Image, labels: Labels, rng: np.random.Generator, how: Augmentation
) -> tuple[Image, Labels]:
    """A changed copy.

    Args:
        image: (C, H, W) in [0, 1].
        labels: (H, W).
    """
    if how.flips:
        for axis in (-2, -1):
            if rng.random() < 0.5:
                image, labels = np.flip(image, axis), np.flip(labels, axis)
    if how.degrees or how.zoom != (1.0, 1.0):
        turn = math.radians(rng.uniform(-how.degrees, how.degrees))
        image, labels = _affine(image, labels, turn, rng.uniform(*how.zoom), how.outside)
    if how.jitter or how.hue:
        image = colour_jitter(image, rng, how.jitter, how.hue)
    return np.ascontiguousarray(image, np.float32), np.ascontiguousarray(labels)


def _affine(
    image: Image, labels: Labels, turn: float, zoom: float, outside: str
) -> tuple[Image, Labels]:
    """Turned and enlarged about the centre."""
    from monai.transforms import Affine

    # MONAI's parameters are those of the way back, from the new image to the old one.
    move = Affine(
        rotate_params=turn, scale_params=(1 / zoom, 1 / zoom),
        padding_mode=outside, image_only=True,
    )  # fmt: skip
    turned = move(image, mode="bilinear").numpy()
    found = move(labels[np.newaxis].astype(np.float32), mode="nearest").numpy()
    return np.clip(turned, 0, 1), np.rint(found[0]).astype(np.uint8)


def colour_jitter(image: Image, rng: np.random.Generator, jitter: float, hue: float) -> Image:
    """Brightness, contrast, saturation and hue, each changed at random; stays in [0, 1]."""
    bright, contrast, saturation = rng.uniform(1 - jitter, 1 + jitter, 3)
    turn = rng.uniform(-hue, hue)
    image = np.clip(image * bright, 0, 1)
    image = np.clip((image - image.mean()) * contrast + image.mean(), 0, 1)
    if len(image) == 3:
        grey = image.mean(axis=0, keepdims=True)
        image = np.clip(grey + (image - grey) * saturation, 0, 1)
        if turn:
            from skimage.color import hsv2rgb, rgb2hsv

            hsv = rgb2hsv(image, channel_axis=0)
            hsv[0] = (hsv[0] + turn) % 1.0
            image = hsv2rgb(hsv, channel_axis=0)
    return np.asarray(image, np.float32)


def random_patch(
    image: NDArray[np.floating],
    labels: Labels,
    size: tuple[int, int, int],
    rng: np.random.Generator,
    centres: NDArray[np.int32] | None = None,
) -> tuple[Image, Labels]:
    """A box of an image; where the image is smaller, its edge is repeated on both sides.

    Args:
        image: (C, D, H, W).
        labels: (D, H, W).
        size: Of the box.
        centres: Places (n, 3), one of which becomes the centre as far as the box stays inside;
            None or none: any box.
    """
    shape = labels.shape
    centre = None
    if centres is not None and len(centres):
        centre = centres[int(rng.integers(len(centres)))]
    box = []
    for axis, (side, wanted) in enumerate(zip(shape, size, strict=True)):
        room = max(0, side - wanted)
        if centre is None:
            start = int(rng.integers(room + 1))
        else:
            start = int(np.clip(int(centre[axis]) - wanted // 2, 0, room))
        box.append(slice(start, start + min(side, wanted)))
    d, h, w = box
    return padded(image[:, d, h, w].astype(np.float32), labels[d, h, w], size)


def padded(image: Image, labels: Labels, size: tuple[int, int, int]) -> tuple[Image, Labels]:
    """At least of a size, by repeating the edge on both sides, as evenly as can be."""
    missing = [max(0, wanted - side) for side, wanted in zip(labels.shape, size, strict=True)]
    if not any(missing):
        return image, labels
    sides = [(n // 2, n - n // 2) for n in missing]
    return np.pad(image, [(0, 0), *sides], "edge"), np.pad(labels, sides, "edge")
