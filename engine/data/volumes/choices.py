"""Which data set of a file with several is meant, and how its axes become those of a volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Channels, Kind
from engine.errors import InputError

IMAGE_NAMES = ("image", "img", "images", "data", "volume", "raw")
LABEL_NAMES = ("label", "labels", "mask", "masks", "seg", "segmentation", "gt")
MAX_THUMBNAIL = 96


@dataclass(frozen=True, eq=False)
class Part:
    """One of several images in a file or folder.

    Attributes:
        id: What `read_volume` takes as `part`.
        title: For people.
        detail: Type and what else tells it apart.
        shape: As stored.
        thumbnail: (H, W) uint8, or None.
    """

    id: str
    title: str
    detail: str
    shape: tuple[int, ...]
    thumbnail: NDArray[np.uint8] | None = None


def last_name(name: str) -> str:
    """The last word of a data set's path, in small letters."""
    return name.rstrip("/").rsplit("/", 1)[-1].lower().removesuffix(".npy")


def choose(path: Path, names: Sequence[str], part: str, kind: Kind | None) -> str:
    """The data set to read: the one asked for, the only one, or the one with a usual name.

    Args:
        path: For messages.
        names: All there are.
        part: Asked for; "" leaves the choice.
        kind: "labels" prefers `label`, anything else `image`.

    Raises:
        InputError: None there, not the one asked for, or several with no usual name.
    """
    if not names:
        raise InputError(f"{path} holds no images.", "Choose another file.")
    shown = ", ".join(repr(name) for name in names[:8]) + (" ..." if len(names) > 8 else "")
    if part:
        if part in names:
            return part
        raise InputError(f"{path} has no data set {part!r}.", f"It has {shown}.")
    if len(names) == 1:
        return names[0]
    usual = LABEL_NAMES if kind == "labels" else IMAGE_NAMES
    for wanted in usual:
        fitting = [name for name in names if last_name(name) == wanted]
        if len(fitting) == 1:
            return fitting[0]
    raise InputError(f"{path} holds {len(names)} data sets: {shown}.", "Choose one of them.")


def kind_of(name: str, dtype: np.dtype[Any], kind: Kind | None) -> Kind:
    """What a data set is if nobody says: labels only where its name says so and it is whole."""
    if kind is not None:
        return kind
    return "labels" if dtype.kind in "iub" and last_name(name) in LABEL_NAMES else "image"


def layout_of(
    path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> tuple[tuple[int, int, int, int], bool, Channels]:
    """How an array without names of its axes is meant.

    (H, W), (D, H, W) and (C, D, H, W); with three or four bytes last, colours.

    Returns:
        Its shape as (C, D, H, W) (before its last axis is moved to the front, (D, H, W, C)),
        whether it is that, and what C counts.

    Raises:
        InputError: Other numbers of axes, or values that are no numbers.
    """
    while len(shape) > 4 and shape[0] == 1:
        shape = shape[1:]
    if dtype.kind not in "iufb" or dtype.itemsize > 8 or not 2 <= len(shape) <= 4 or 0 in shape:
        raise InputError(
            f"{path} holds {dtype} values of shape {shape}, not an image.",
            "Give real numbers of shape (H, W), (D, H, W) or (C, D, H, W).",
        )
    if len(shape) > 2 and shape[-1] in (3, 4) and dtype == np.uint8 and min(shape[-3:-1]) > 4:
        d, h, w, c = (1, *shape)[-4:]
        return (d, h, w, c), True, "rgb"
    c, d, h, w = (1, 1, *shape)[-4:]
    return (c, d, h, w), False, "single" if c == 1 else "components"


def arranged(array: NDArray[Any], shape: tuple[int, int, int, int], last: bool) -> NDArray[Any]:
    """An array as (C, D, H, W); `shape` and `last` from `layout_of`. A view."""
    found = array.reshape(shape)
    return np.moveaxis(found, -1, 0)[:3] if last else found


def thumbnail(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """A plane (H, W) made small, from its 1st to its 99th percentile."""
    step = max(1, -(-max(plane.shape) // MAX_THUMBNAIL))
    small = np.nan_to_num(plane[::step, ::step].astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = np.percentile(small, (1, 99))
    if not high > low:
        low, high = small.min(), small.max()
    scale = 255.0 / (high - low) if high > low else 0.0
    return np.asarray(np.clip((small - low) * scale, 0, 255), np.uint8)
