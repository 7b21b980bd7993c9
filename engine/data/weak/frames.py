"""From images and volumes of any grid to square slices of one scale, and maps back again.

Slices of volumes lie in one anatomical plane and show the same width in millimetres, whatever
their voxels measure; what lies outside of the image is as dark as its darkest voxel. Pictures
without a place in a patient are padded to squares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.preparation import Preparation, Prepared, prepare, resized
from engine.data.volumes.volume import Volume
from engine.errors import CheckpointError

Plane = Literal["stored", "axial", "coronal", "sagittal"]
Range = Literal["bytes", "tails"]
Window = tuple[int, int, int, int]
"""First row, first column, rows and columns of a plane; it may exceed the plane."""
LEADS: Mapping[Plane, str] = {"stored": "", "axial": "LPS", "coronal": "LIP", "sagittal": "PIL"}
"""Where columns, rows and slices of a plane lead."""
TAIL = 0.5
"""Per cent of the values at either end that are cut off, unless asked otherwise."""
MOST_TAIL = 5.0
FAINT = 0.05
"""Of the range of values: what is darker is background."""


@dataclass(frozen=True)
class Framing:
    """How the slices of any image become what a network sees.

    Attributes:
        size: Side in pixels.
        plane: Which way volumes are cut.
        channels: 1 grey, 3 colour.
        fov_mm: Side in millimetres; 0 takes the image's longer side.
        range: How values become [-1, 1]: "bytes" are taken from 0 to 255 (other types from least
            to largest), "tails" cuts off the darkest and the brightest.
        tail: How much of them, in per cent; what is brightest may be what is looked for.
    """

    size: int
    plane: Plane = "stored"
    channels: int = 1
    fov_mm: float = 0.0
    range: Range = "tails"
    tail: float = TAIL

    def card(self) -> dict[str, Any]:
        """For a checkpoint's card."""
        return asdict(self)

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Framing:
        """What `card` gave.

        Raises:
            CheckpointError: A card that says something else.
        """
        try:
            found = cls(
                int(card["size"]), card["plane"], int(card["channels"]), float(card["fov_mm"]),
                card["range"], float(card.get("tail", TAIL)),  # older cards lack it
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise _unknown(f"{type(error).__name__} {error}") from error
        if found.plane not in LEADS or found.range not in get_args(Range):
            raise _unknown(f"plane {found.plane}, range {found.range}")
        if not 0 <= found.tail <= MOST_TAIL:
            raise _unknown(f"{found.tail} per cent of the values cut off")
        if found.size < 1 or found.channels not in (1, 3) or found.fov_mm < 0:
            raise _unknown(f"{found.size} px, {found.channels} channels, {found.fov_mm} mm")
        return found


@dataclass(frozen=True, eq=False)
class Frame:
    """Where square slices lie in an image. Made of numbers alone, for use in any thread.

    Attributes:
        axes: How the image's axes are turned into the plane's; without its values.
        plane_shape: Slices, rows and columns of the plane.
        window: What of the plane a square shows.
        size: Side of a square in pixels.
        pixel_mm: Spacing of the plane's rows and columns in mm; 1 in pictures.
    """

    axes: Prepared
    plane_shape: tuple[int, int, int]
    window: Window
    size: int
    pixel_mm: tuple[float, float] = (1.0, 1.0)

    @property
    def across(self) -> tuple[int, bool]:
        """Which axis of (D, H, W) the slices cut, and whether they are counted from its end."""
        if self.axes.turn is None:
            return 0, False
        axis = next(axis for axis, (target, _) in enumerate(self.axes.turn) if target == 2)
        return 2 - axis, bool(self.axes.turn[axis][1] < 0)

    def back(self, maps: NDArray[np.float32], slices: NDArray[Any]) -> NDArray[np.float32]:
        """Maps (K, n, size, size) of some slices to (K, D, H, W) of the image, linear; 0 elsewhere.

        Args:
            slices: (n,) which slices of the plane these are.
        """
        depth, rows, columns = self.plane_shape
        top, left, height, width = self.window
        found = np.zeros((len(maps), depth, rows, columns), np.float32)
        inside = slice(max(0, top), min(rows, top + height))
        across = slice(max(0, left), min(columns, left + width))
        down = _between(self.size, height)[inside.start - top : inside.stop - top]
        over = _between(self.size, width)[across.start - left : across.stop - left]
        for index, number in enumerate(slices):
            found[:, number, inside, across] = down @ maps[:, index] @ over.T
        return self.axes.back(found)

    def slices_of(self, low: tuple[int, ...], high: tuple[int, ...]) -> NDArray[np.intp]:
        """Which slices of the plane a box of voxels (d, h, w) touches."""
        marked = np.zeros((1, *self.axes.shape), bool)
        depth, rows, columns = (slice(a, b) for a, b in zip(low, high, strict=True))
        marked[:, depth, rows, columns] = True
        return np.flatnonzero(self.turn(marked)[0].any(axis=(1, 2)))

    def turn(self, array: NDArray[Any]) -> NDArray[Any]:
        """(K, D, H, W) of the image as the plane has it."""
        return self.axes.turned(array)

    def stored_slices(self) -> NDArray[np.intp] | None:
        """Of each slice of the plane, which slice of the file it is; None if it crosses several."""
        numbers = np.zeros(self.axes.shape, np.intp)
        numbers += np.arange(len(numbers))[:, np.newaxis, np.newaxis]
        planes = self.turn(numbers[np.newaxis])[0].reshape(self.plane_shape[0], -1)
        same = bool((planes == planes[:, :1]).all())
        return planes[:, 0] if same else None


@dataclass(frozen=True, eq=False)
class Framed:
    """An image as the network sees it.

    Attributes:
        slices: (n, C, size, size) float32 in [-1, 1].
        content: (n,) share of each slice that is no background.
        frame: Where they lie.
        notes: What was converted, for the user.
    """

    slices: NDArray[np.float32]
    content: NDArray[np.float32]
    frame: Frame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Content:
    """What of an image is no background.

    Attributes:
        low, high: The values that become black and white.
        rows, columns: The box in the plane that holds it, low inside and high outside.
        spacing: Of rows and columns in mm.
        share: (n,) how much of each slice is content.
    """

    low: float
    high: float
    rows: tuple[int, int]
    columns: tuple[int, int]
    spacing: tuple[float, float]
    share: NDArray[np.float32]

    @property
    def extent_mm(self) -> float:
        """The longer side of the box."""
        sides = (
            (b - a) * s for (a, b), s in zip((self.rows, self.columns), self.spacing, strict=True)
        )
        return max(sides)


def in_plane(
    volume: Volume, plane: Plane, channels: int = 1, channel: int = 0, values: Range = "tails"
) -> Prepared:
    """An image with values in [0, 1] and the axes of a plane, its voxels as they are.

    Args:
        values: "bytes" become 0 to 1 from 0 to 255; else the least value is 0, the largest 1.

    Raises:
        InputError: NaN, a constant image, a channel that is not there, or too little memory.
    """
    deep = volume.geometry.shape[0] > 1
    wanted = Preparation(
        3 if deep else 2, channels, range="full" if values == "bytes" else "minmax",
        orientation=LEADS[plane] if deep else "",
    )  # fmt: skip
    return prepare(volume, wanted, channel)


def content_of(volume: Volume, ready: Prepared, tail: float = TAIL) -> Content:
    """See `Content`; of an image that `in_plane` gave.

    Args:
        tail: See `Framing`.
    """
    values = ready.array
    low, high = _ends(values, TAIL)
    # Few outliers, however bright, make nothing else background.
    body = values.max(axis=0) > low + FAINT * (high - low)
    if tail != TAIL:
        low, high = _ends(values, tail)
    # Of the body alone: in a wide dark margin half a per cent of all is much of what matters.
    high = max(high, float(np.percentile(values[:, body], 100 - tail))) if body.any() else high
    rows, columns = (_range(body.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    share = body.mean(axis=(1, 2), dtype=np.float32)
    return Content(low, high, rows, columns, _plane_spacing(volume, ready), share)


def _ends(values: NDArray[np.float32], tail: float) -> tuple[float, float]:
    """What the rest lies between; of a nearly constant image all does."""
    low, high = (float(v) for v in np.percentile(values, (tail, 100 - tail)))
    return (low, high) if high > low else (float(values.min()), float(values.max()))


def frame_of(volume: Volume, ready: Prepared, window: Window | None = None, size: int = 1) -> Frame:
    """Where squares of a window lie; the whole plane by default."""
    _, depth, rows, columns = ready.array.shape
    empty = replace(ready, array=np.empty((1, 0, 0, 0), np.float32))
    window = window or (0, 0, rows, columns)
    return Frame(empty, (depth, rows, columns), window, size, _plane_spacing(volume, ready))


def frame_volume(volume: Volume, framing: Framing, channel: int = 0) -> Framed:
    """All slices of an image.

    Args:
        channel: Of a series in time or of components, which one.

    Raises:
        InputError: NaN, a constant image, or a channel that is not there.
    """
    ready = in_plane(volume, framing.plane, framing.channels, channel, framing.range)
    content = content_of(volume, ready, framing.tail)
    unit = ready.array
    if framing.range == "tails":
        unit = np.clip((unit - content.low) / (content.high - content.low), 0, 1)
    fov_mm = framing.fov_mm if volume.geometry.oriented else 0.0
    window = _window(content, ready.array.shape[2:], fov_mm)
    squares = _squares(unit, window, framing.size)
    share = (squares > FAINT).any(axis=0).mean(axis=(1, 2), dtype=np.float32)
    frame = frame_of(volume, ready, window, framing.size)
    return Framed(squares.transpose(1, 0, 2, 3) * 2 - 1, share, frame, ready.notes)


def _window(content: Content, shape: tuple[int, ...], fov_mm: float) -> Window:
    """Around the content, or without a width around all of it."""
    spacing = content.spacing
    if fov_mm:
        middle = [(a + b) / 2 for a, b in (content.rows, content.columns)]
        side = fov_mm
    else:
        middle = [n / 2 for n in shape]
        side = max(n * s for n, s in zip(shape, spacing, strict=True))
    lengths = [max(1, round(side / s)) for s in spacing]
    top, left = (round(m - n / 2) for m, n in zip(middle, lengths, strict=True))
    return top, left, lengths[0], lengths[1]


def _squares(unit: NDArray[np.float32], window: Window, size: int) -> NDArray[np.float32]:
    """(C, n, H, W) to (C, n, size, size)."""
    top, left, height, width = window
    rows, columns = unit.shape[2:]
    cut = unit[:, :, max(0, top) : top + height, max(0, left) : left + width]
    sides = [
        (max(0, -top), max(0, top + height - rows)),
        (max(0, -left), max(0, left + width - columns)),
    ]
    if any(n for side in sides for n in side):
        cut = np.pad(cut, [(0, 0), (0, 0), *sides], constant_values=float(unit.min()))
    return cut if cut.shape[2:] == (size, size) else np.clip(resized(cut, (size, size)), 0, 1)


def _plane_spacing(volume: Volume, ready: Prepared) -> tuple[float, float]:
    """Millimetres between rows and between columns of the plane; without a patient 1."""
    if not volume.geometry.oriented:
        return 1.0, 1.0
    spacing = volume.spacing_mm
    if ready.turn is None:
        return spacing[1], spacing[2]
    along = [0.0, 0.0, 0.0]
    for axis, (target, _) in enumerate(ready.turn):
        along[int(target)] = spacing[::-1][axis]
    return along[1], along[0]


def _between(stored: int, wanted: int) -> NDArray[np.float32]:
    """(wanted, stored) weights of linear interpolation over the same length."""
    place = np.clip((np.arange(wanted) + 0.5) * stored / wanted - 0.5, 0, stored - 1)
    low = np.minimum(place.astype(np.intp), max(0, stored - 2))
    weights = np.zeros((wanted, stored), np.float32)
    rows = np.arange(wanted)
    weights[rows, low] = 1 - (place - low)
    weights[rows, np.minimum(low + 1, stored - 1)] += place - low
    return weights


def _range(occupied: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(occupied)
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, len(occupied))


def _unknown(reason: str) -> CheckpointError:
    return CheckpointError(
        f"The checkpoint does not say how slices are cut for it: {reason}.",
        "Import or train it again.",
    )
