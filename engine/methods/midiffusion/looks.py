"""How images are looked at: in which plane, and which of their values become black and white."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from engine.data.segmentation.preparation import LUMA, Preparation, Prepared, prepare
from engine.data.segmentation.reading import unusable_values
from engine.data.volumes.volume import Volume
from engine.errors import CheckpointError, InputError
from engine.methods.midiffusion.params import Plane
from engine.metrics.images import TAIL, intensity_range

LEADS: Mapping[Plane, str] = {"stored": "", "axial": "LPS", "coronal": "LIP", "sagittal": "PIL"}
"""Where columns, rows and slices of a plane lead."""
SMALLEST = 3
"""Pixels a side that a window of the mutual information needs."""
DARK, BRIGHT = TAIL, TAIL
QUANTILES = 256


@dataclass(frozen=True)
class Framing:
    """How the slices of any image become what the network sees.

    Attributes:
        size: Side of the squares of training, in pixels.
        plane: Which way volumes are cut.
        pixel_mm: Of a square's pixel; 0 scales the longer side of an image to `size`.
        dark: Per cent of the values that become black.
        bright: Per cent of what is no background that becomes white.
    """

    size: int
    plane: Plane = "axial"
    pixel_mm: float = 0.0
    dark: float = DARK
    bright: float = BRIGHT

    def card(self) -> dict[str, Any]:
        """For a checkpoint's card."""
        return asdict(self)

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Framing:
        """What `card` gave.

        Raises:
            CheckpointError: a card that says something else.
        """
        try:
            found = cls(
                int(card["size"]), card["plane"], float(card["pixel_mm"]), float(card["dark"]),
                float(card["bright"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise _unknown(f"{type(error).__name__} {error}") from error
        tails = found.dark >= 0 and found.bright >= 0 and found.dark + found.bright < 100
        if found.plane not in get_args(Plane) or found.size < SMALLEST or not tails:
            raise _unknown(f"{found.size} px, plane {found.plane}")
        if found.pixel_mm < 0:
            raise _unknown(f"pixels of {found.pixel_mm} mm")
        return found


@dataclass(frozen=True)
class Intensities:
    """How values become [0, 1], and back.

    Attributes:
        low, high: The values that become 0 and 1; what lies beyond is cut off.
        dark, bright: The percentiles that they are: `dark` of all values, 100 - `bright` of those
            that are no background.
        background: Values up to it count as background.
    """

    low: float
    high: float
    dark: float
    bright: float
    background: float

    def record(self) -> dict[str, Any]:
        """For the record that goes with a result."""
        return {
            "low": self.low, "high": self.high,
            "rule": f"low is the percentile {self.dark:g} of all values, high the percentile "
            f"{100 - self.bright:g} of those above {self.background:g}, which are no background",
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Look:
    """An image in a plane.

    Attributes:
        unit: (n, rows, columns) float32 in [0, 1].
        body: The same shape: what is no background.
        intensities: How values became that.
        axes: How the image's axes are turned into the plane's; without its values.
        spacing: Between slices, rows and columns, in mm; 1 in pictures.
        notes: What was converted, for the user.
    """

    unit: NDArray[np.float32]
    body: NDArray[np.bool_]
    intensities: Intensities
    axes: Prepared
    spacing: tuple[float, float, float]
    notes: tuple[str, ...]

    @property
    def content(self) -> NDArray[np.float32]:
        """(n,) share of each slice that is no background; 0 of a constant one, which tells
        nothing."""
        varies = self.unit.max(axis=(1, 2)) > self.unit.min(axis=(1, 2))
        return np.where(varies, self.body.mean(axis=(1, 2)), 0).astype(np.float32)

    def extent(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Rows and columns of the content's box, low inside and high outside."""
        _, height, width = self.body.shape
        rows = np.flatnonzero(self.body.any(axis=(0, 2)))
        columns = np.flatnonzero(self.body.any(axis=(0, 1)))
        return _range(rows, height), _range(columns, width)


@dataclass(frozen=True, eq=False)
class Facts:
    """What an image is like, whatever window of it is seen.

    Attributes:
        content: See `Look`.
        widest_mm: The longer side of the content; 0 of what has no place in a patient.
        quantiles: (256,) of what is no background, in [0, 1].
    """

    content: NDArray[np.float32]
    widest_mm: float
    quantiles: NDArray[np.float32]


def look_at(volume: Volume, framing: Framing, channel: int = 0) -> Look:
    """An image in the plane of a framing.

    Args:
        channel: Of a series in time or of components, which one.

    Raises:
        InputError: NaN, a constant image, or a channel that is not there.
    """
    name = name_of(volume)
    problem = unusable_values(volume)
    if problem:
        raise InputError(f"{name} cannot be translated: {problem[0]}.", problem[1])
    deep = volume.geometry.shape[0] > 1
    turned = deep and volume.geometry.oriented
    wanted = Preparation(
        3 if deep else 2, 1, range="minmax", orientation=LEADS[framing.plane] if turned else ""
    )
    ready = prepare(volume, wanted, channel)
    values = ready.array[0]
    if values.min() == values.max():
        raise InputError(
            f"{name} cannot be translated: channel {channel} is constant.",
            "Choose another channel.",
        )
    low, high, background = intensity_range(values, framing.dark, framing.bright)
    body: NDArray[np.bool_] = values > background
    unit = np.clip((values - low) / (high - low), 0, 1, dtype=np.float32)
    least, largest = _ends(volume, channel)
    scale = largest - least
    intensities = Intensities(
        least + low * scale, least + high * scale, framing.dark, framing.bright,
        least + background * scale,
    )  # fmt: skip
    axes = replace(ready, array=np.empty((1, 0, 0, 0), np.float32))
    return Look(unit, body, intensities, axes, _spacing(volume, ready), ready.notes)


def facts_of(volume: Volume, framing: Framing, channel: int = 0) -> Facts:
    """See `Facts`.

    Raises:
        InputError: as `look_at`.
    """
    look = look_at(volume, framing, channel)
    sides = zip(look.extent(), look.spacing[1:], strict=True)
    widest = max((b - a) * s for (a, b), s in sides) if volume.geometry.oriented else 0.0
    quantiles = np.quantile(look.unit[look.body], np.linspace(0, 1, QUANTILES))
    return Facts(look.content, float(widest), quantiles.astype(np.float32))


def name_of(volume: Volume) -> str:
    """For messages."""
    return str(volume.source.path or "The image")


def _ends(volume: Volume, channel: int) -> tuple[float, float]:
    """The least and the largest of the values that `prepare` maps to 0 and 1."""
    if volume.channels != "rgb":
        values = volume.values(channel)
        return float(values.min()), float(values.max())
    colours = np.stack([volume.values(c) for c in range(3)]).astype(np.float32)
    if bool((colours == colours[:1]).all()):
        return float(colours.min()), float(colours.max())
    grey = np.einsum("cdhw,c->dhw", colours, LUMA)
    return float(grey.min()), float(grey.max())


def _spacing(volume: Volume, ready: Prepared) -> tuple[float, float, float]:
    """Between slices, rows and columns of the plane, in mm; without a patient 1."""
    if not volume.geometry.oriented:
        return 1.0, 1.0, 1.0
    spacing = volume.spacing_mm
    if ready.turn is None:
        return spacing
    along = [0.0, 0.0, 0.0]
    for axis, (target, _) in enumerate(ready.turn):
        along[int(target)] = spacing[::-1][axis]
    return along[2], along[1], along[0]


def _range(places: NDArray[np.intp], length: int) -> tuple[int, int]:
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, length)


def _unknown(reason: str) -> CheckpointError:
    return CheckpointError(
        f"The checkpoint does not say how slices are cut for it: {reason}.",
        "Import or train it again.",
    )
