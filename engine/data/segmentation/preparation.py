"""From an image as it is stored to what a segmenter sees, and its answer back again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.reading import unusable_values
from engine.data.volumes.limits import check_memory
from engine.data.volumes.raster import TRANSPARENT
from engine.data.volumes.volume import Affine, Volume
from engine.errors import CheckpointError, InputError

Range = Literal["full", "minmax", "unit"]
# ITU-R BT.601, as Pillow and the published loaders turn colours into grey.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
WORKING_BYTES = 16
"""That a value takes while its range is changed."""


@dataclass(frozen=True)
class Preparation:
    """What is done to every image of a data set.

    Attributes:
        dims: 2: slices are images of their own; 3: a volume is one.
        channels: 1 or 3 of what the network sees.
        size: Rows and columns that slices are resized to, or None.
        range: How values become [0, 1]: "full" takes bytes as 0 to 255 and anything else from
            its least to its largest value, "minmax" always does the latter, and "unit" does it
            where values lie outside of [0, 1] and else leaves them alone.
        mean, std: One a channel, taken off and divided by after that.
        orientation: Where the axes (column, row, slice) lead, such as "LPI"; "" leaves them.
    """

    dims: Literal[2, 3] = 2
    channels: int = 1
    size: tuple[int, int] | None = None
    range: Range = "full"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    orientation: str = ""

    def card(self) -> dict[str, Any]:
        """For a checkpoint's card."""
        return asdict(self)

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Preparation:
        """What `card` gave, also after a way through JSON.

        Raises:
            CheckpointError: A card that says something else.
        """
        try:
            values = {name: card[name] for name in cls.__dataclass_fields__}
            for name in ("size", "mean", "std"):
                values[name] = None if values[name] is None else tuple(values[name])
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise CheckpointError(
                f"The checkpoint does not say how images are prepared for it: {error}.",
                "Import or train it again.",
            ) from error

    def normalise(self, unit: NDArray[np.float32]) -> NDArray[np.float32]:
        """(C, ...) in [0, 1] to what the network takes."""
        along = (-1,) + (1,) * (unit.ndim - 1)
        mean = np.asarray(self.mean, np.float32).reshape(along)
        std = np.asarray(self.std, np.float32).reshape(along)
        return (unit - mean) / std


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image in the network's geometry.

    Attributes:
        array: (C, D, H, W) float32 in [0, 1], not yet normalised.
        shape: (D, H, W) of the image it was made from.
        turn: nibabel's orientation transform that was applied, or None.
        notes: What was converted, for the user.
    """

    array: NDArray[np.float32]
    shape: tuple[int, int, int]
    turn: NDArray[Any] | None
    notes: tuple[str, ...] = ()

    def back(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (K, D, H, W) in the network's geometry to that of the image."""
        turned = self.shape if self.turn is None else _turned_shape(self.shape, self.turn)
        if maps.shape[1:] != turned:
            maps = resized(maps, turned[1:])
        return maps if self.turn is None else _apply(maps, _inverse(self.turn))

    def turned(self, array: NDArray[Any]) -> NDArray[Any]:
        """(K, D, H, W) of the image with the axes of the network's geometry, not resized."""
        return array if self.turn is None else _apply(array, self.turn)

    def labels(self, labels: NDArray[Any]) -> NDArray[np.uint8]:
        """Labels (D, H, W) of the image in the network's geometry; a resized pixel has the label
        of the nearest one."""
        if self.turn is not None:
            labels = _apply(labels[np.newaxis], self.turn)[0]
        rows, columns = (nearest(n, m) for n, m in zip(labels.shape[1:], self._size, strict=True))
        return np.ascontiguousarray(labels[:, rows[:, None], columns], np.uint8)

    @property
    def _size(self) -> tuple[int, int]:
        return self.array.shape[2], self.array.shape[3]


def prepare(volume: Volume, preparation: Preparation, channel: int = 0) -> Prepared:
    """An image as a segmenter takes it.

    Args:
        channel: Of a series in time or of components, which one.

    Raises:
        InputError: NaN, a constant image, a channel that is not there, or too little memory.
    """
    name = volume.source.path or Path("The image")
    check_memory(name, WORKING_BYTES * preparation.channels * math.prod(volume.geometry.shape))
    chosen, told = _chosen(volume, channel)
    problem = unusable_values(chosen)
    if problem:
        raise InputError(f"{name} cannot be segmented: {problem[0]}.", problem[1])
    array, converted = _channels(chosen, preparation.channels)
    array, stretched = _unit(array, volume, preparation.range)
    odd = _unlike_training(volume, preparation)
    notes = (*volume.warnings, *told, *converted, *stretched, *odd)
    turn = None
    if preparation.orientation and volume.geometry.oriented:
        turn = _turn(volume.affine, preparation.orientation)
        array = _apply(array, turn)
    if preparation.size is not None and array.shape[2:] != preparation.size:
        array = resized(array, preparation.size)
    ready = np.ascontiguousarray(array, np.float32)
    return Prepared(ready, volume.geometry.shape, turn, notes)


def _chosen(volume: Volume, channel: int) -> tuple[Volume, tuple[str, ...]]:
    """Colours, or the one channel that is asked for."""
    count = len(volume.array)
    if volume.channels == "rgb":
        return volume, ()
    if not 0 <= channel < count:
        name = volume.source.path or "The image"
        raise InputError(
            f"{name} has no channel {channel}.", f"Choose one from 0 to {count - 1} (0-based)."
        )
    if count == 1:
        return volume, ()
    kept = replace(volume, array=volume.array[channel : channel + 1], channels="single")
    return kept, (f"channel {channel} of {count} (0-based) used",)


def _unlike_training(volume: Volume, preparation: Preparation) -> tuple[str, ...]:
    """In what an image differs from those that the checkpoint knows."""
    told = [note for note in volume.notes if note == TRANSPARENT]
    deep = volume.geometry.shape[0] > 1
    if preparation.dims == 2 and deep:
        told.append("the checkpoint takes single images: each slice is segmented by itself")
    elif preparation.dims == 3 and not deep:
        told.append("the checkpoint takes volumes: this is a single slice")
    elif preparation.orientation and not volume.geometry.oriented:
        told.append(
            "the image has no orientation: columns, rows and slices are taken to lead to "
            + ", ".join(preparation.orientation)
        )
    return tuple(told)


def _channels(volume: Volume, wanted: int) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The channels (C, D, H, W) that are wanted; grey and colour are converted, and told."""
    if volume.channels == "rgb":
        colours = np.stack([volume.values(c) for c in range(3)]).astype(np.float32)
        if wanted == 3:
            return colours, ()
        grey = np.einsum("cdhw,c->dhw", colours, LUMA)[np.newaxis]
        same = bool((colours == colours[:1]).all())
        told = "the checkpoint takes grey images: colours converted to grey (luminance)"
        return (colours[:1], ()) if same else (grey, (told,))
    grey = np.asarray(volume.values(), np.float32)[np.newaxis]
    if wanted == 1:
        return grey, ()
    told = "the checkpoint takes colour images: the grey image is used as red, green and blue"
    return np.repeat(grey, wanted, axis=0), (told,)


def _unit(
    array: NDArray[np.float32], volume: Volume, how: Range
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Values in [0, 1], and what is black and white where bytes are usual."""
    if how == "full" and volume.array.dtype == np.uint8 and not volume.scaled:
        return array / np.float32(255), ()
    low, high = float(array.min()), float(array.max())
    if how == "unit" and low >= 0.0 and high <= 1.0:
        return array, ()
    told = (f"values from {low:g} to {high:g} taken as black to white",) if how == "full" else ()
    # In float64, because some scanners' values exceed what float32 can tell apart.
    scaled = (array.astype(np.float64) - low) / (high - low or 1.0)
    return scaled.astype(np.float32), told


def _turn(affine: Affine, orientation: str) -> NDArray[Any]:
    from nibabel import orientations

    target = orientations.axcodes2ornt(tuple(orientation))
    turn: NDArray[Any] = orientations.ornt_transform(orientations.io_orientation(affine), target)
    return turn


def _apply(array: NDArray[Any], turn: NDArray[Any]) -> NDArray[Any]:
    """Turns (C, D, H, W); nibabel's axes are (W, H, D)."""
    from nibabel import orientations

    turned = orientations.apply_orientation(array.transpose(3, 2, 1, 0), turn)
    return np.ascontiguousarray(turned.transpose(3, 2, 1, 0))


def _inverse(turn: NDArray[Any]) -> NDArray[Any]:
    inverse = np.empty_like(turn)
    for axis, (target, flip) in enumerate(turn):
        inverse[int(target)] = (axis, flip)
    return inverse


def _turned_shape(shape: tuple[int, int, int], turn: NDArray[Any]) -> tuple[int, int, int]:
    found = [0, 0, 0]
    for axis, (target, _) in enumerate(turn):
        found[int(target)] = shape[::-1][axis]
    return found[2], found[1], found[0]


def resized(array: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    """(C, D, H, W) with other rows and columns, linear, smoothed first where it shrinks."""
    import torch.nn.functional as F
    from torch import from_numpy

    shrinks = size[0] < array.shape[2] or size[1] < array.shape[3]
    given = from_numpy(np.ascontiguousarray(array, np.float32))
    found = F.interpolate(given, size, mode="bilinear", align_corners=False, antialias=shrinks)
    result: NDArray[np.float32] = found.numpy()
    return result


def nearest(stored: int, wanted: int) -> NDArray[np.intp]:
    """Which of `stored` pixels lies nearest to each of `wanted` over the same length."""
    return np.minimum(((np.arange(wanted) + 0.5) * stored / wanted).astype(np.intp), stored - 1)
