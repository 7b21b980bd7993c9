"""The layers of a viewer: what each shows, how it looks, and in which order they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from widgets.viewer.volume.box import Box


class LayerKind(Enum):
    """Grey or colour values; integers that name structures; a probability or an uncertainty."""

    IMAGE = "image"
    LABELS = "labels"
    MAP = "map"


class Blend(Enum):
    """How a layer lies on what is below it."""

    OVER = "over"
    ADD = "add"
    CHECKER = "checkerboard"
    CURTAIN = "curtain"


@dataclass(frozen=True)
class Grid:
    """Where voxels lie.

    Attributes:
        shape: (D, H, W).
        affine: (4, 4) float64, voxel (i, j, k) = (w, h, d) to RAS+ mm.
        oriented: False for pictures without a patient.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    oriented: bool = True

    def world(self, voxel: tuple[float, float, float]) -> tuple[float, float, float]:
        """Voxel (d, h, w) to RAS+ millimetres."""
        x, y, z, _ = self.affine @ (*voxel[::-1], 1.0)
        return float(x), float(y), float(z)

    def voxel(self, world: tuple[float, float, float]) -> tuple[float, float, float]:
        """RAS+ millimetres to voxel (d, h, w), not rounded."""
        i, j, k, _ = np.linalg.solve(self.affine, (*world, 1.0))
        return float(k), float(j), float(i)

    def same(self, other: Grid) -> bool:
        """Whether voxels of both coincide."""
        return self.shape == other.shape and np.allclose(self.affine, other.affine, atol=1e-4)


@dataclass(frozen=True)
class Look:
    """How a layer is drawn.

    Attributes:
        low, high: The values shown darkest and brightest (window and level as two ends).
        lut: A name known to `luts`; for labels unused.
        invert: Runs the table backwards.
        opacity: 0 to 1.
        blend: See `Blend`.
        visible: Whether it is drawn.
        outlined: Labels as outlines instead of areas.
        smooth: Interpolated between pixels; labels never are.
        threshold: Values below it are transparent, or None. Also `threshold_high` above it.
    """

    low: float = 0.0
    high: float = 1.0
    lut: str = "grey"
    invert: bool = False
    opacity: float = 1.0
    blend: Blend = Blend.OVER
    visible: bool = True
    outlined: bool = False
    smooth: bool = True
    threshold: float | None = None
    threshold_high: float | None = None


class Layer(QObject):
    """One volume on show.

    Values are `array * slope + intercept`, with array (C, D, H, W). Labels have C = 1 and share
    memory with the model that is painted into; `touch` tells of a change there.

    Attributes:
        grid: Where the voxels lie.
        home: The values shown darkest and brightest when the window is reset.
        unit: Of the values, for example "HU", or "".
    """

    lookChanged = pyqtSignal()
    nameChanged = pyqtSignal(str)
    dataChanged = pyqtSignal(object)  # Box, in this layer's voxels

    def __init__(
        self,
        name: str,
        array: NDArray[Any],
        grid: Grid,
        kind: LayerKind = LayerKind.IMAGE,
        *,
        slope: float = 1.0,
        intercept: float = 0.0,
        channels: str = "single",
        look: Look | None = None,
        parent: QObject | None = None,
    ) -> None:
        """channels: "single", "rgb", "time" or "components": what C counts."""
        super().__init__(parent)
        if array.ndim != 4 or array.shape[1:] != grid.shape:
            raise ValueError(f"a layer has shape (C, {grid.shape}), not {array.shape}")
        self._name, self._array, self.grid, self.kind = name, array, grid, kind
        self.slope, self.intercept, self.channels = slope, intercept, channels
        self._look = look or Look()
        self._palette: NDArray[np.uint8] | None = None
        self.home = (self._look.low, self._look.high)
        self.unit = ""

    @property
    def name(self) -> str:
        return self._name

    def setName(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self.nameChanged.emit(name)

    @property
    def array(self) -> NDArray[Any]:
        """(C, D, H, W) as stored."""
        return self._array

    @property
    def look(self) -> Look:
        return self._look

    def setLook(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self.lookChanged.emit()

    def change(self, **fields: Any) -> None:
        """Change some fields of the look."""
        self.setLook(replace(self._look, **fields))

    def palette(self) -> NDArray[np.uint8] | None:
        """RGBA (n, 4) of the labels from 0, or None for the default colours."""
        return self._palette

    def setPalette(
        self, colours: NDArray[np.uint8] | Mapping[int, tuple[int, int, int, int]]
    ) -> None:
        """Colour labels: RGBA, not premultiplied, 0..255; alpha 0 hides one.

        colours: (n, 4) by label, or by number; labels that it does not name are not shown.
        """
        if isinstance(colours, Mapping):
            table = np.zeros((max(colours, default=0) + 1, 4), np.uint8)
            for value, colour in colours.items():
                table[value] = colour
        else:
            table = np.array(colours, np.uint8)
        if table.ndim != 2 or table.shape[1] != 4 or not len(table):
            raise ValueError(f"a palette has shape (n, 4), not {table.shape}")
        if self._palette is None or not np.array_equal(table, self._palette):
            self._palette = table
            self.lookChanged.emit()

    def touch(self, box: Box | None = None) -> None:
        """Tell that voxels of `box` (default: all) have other values now."""
        self.dataChanged.emit(box or Box.whole(self.grid.shape))

    def setArray(self, array: NDArray[Any]) -> None:
        """Show other values of the same shape (D, H, W)."""
        if array.ndim != 4 or array.shape[1:] != self.grid.shape:
            raise ValueError(f"a layer has shape (C, {self.grid.shape}), not {array.shape}")
        self._array = array
        self.touch()

    def value(self, voxel: tuple[int, int, int], time: int = 0) -> float | tuple[float, ...]:
        """The value at (d, h, w); three of them where the channels are colours."""
        at = self._array[(np.s_[:], *voxel)].astype(float) * self.slope + self.intercept
        if self.channels == "rgb":
            return tuple(float(value) for value in at)
        return float(at[min(time, len(at) - 1)])


class LayerStack(QObject):
    """Layers from the lowest to the highest, one of them active.

    The lowest image is the reference: its grid is the one that is sliced and painted.
    """

    changed = pyqtSignal()  # layers were added, removed or moved
    activeChanged = pyqtSignal()
    timeChanged = pyqtSignal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers: list[Layer] = []
        self._active: Layer | None = None
        self._time = 0

    def __iter__(self) -> Iterator[Layer]:
        return iter(tuple(self._layers))

    def __len__(self) -> int:
        return len(self._layers)

    def reference(self) -> Layer | None:
        """The lowest image, else the lowest layer."""
        images = [layer for layer in self._layers if layer.kind is LayerKind.IMAGE]
        return next(iter(images or self._layers), None)

    def add(self, layer: Layer, place: int | None = None, *, activate: bool = True) -> None:
        """Put a layer on top, or at a place, 0 being the lowest; and make it active."""
        layer.setParent(self)
        self._layers.insert(len(self._layers) if place is None else place, layer)
        self.changed.emit()
        if activate:
            self.setActive(layer)

    def remove(self, layer: Layer) -> None:
        """Take a layer away; the one below becomes active if it was."""
        place = self._layers.index(layer)
        self._layers.remove(layer)
        layer.setParent(None)
        if self._active is layer:
            self._active = None
        self.changed.emit()
        if self._active is None:
            self.setActive(self._layers[max(place - 1, 0)] if self._layers else None)

    def move(self, layer: Layer, place: int) -> None:
        """Put a layer at another place, 0 being the lowest."""
        if self._layers.index(layer) != place:
            self._layers.remove(layer)
            self._layers.insert(place, layer)
            self.changed.emit()

    def clear(self) -> None:
        """Take all layers away."""
        for layer in self._layers:
            layer.setParent(None)
        self._layers.clear()
        self.changed.emit()
        self.setActive(None)

    def active(self) -> Layer | None:
        return self._active

    def setActive(self, layer: Layer | None) -> None:
        if layer is not self._active:
            self._active = layer
            self.activeChanged.emit()

    def time(self) -> int:
        """The point in time on show."""
        return self._time

    def times(self) -> int:
        """Number of points in time of the longest series."""
        series = [len(layer.array) for layer in self._layers if layer.channels == "time"]
        return max(series, default=1)

    def setTime(self, time: int) -> None:
        time = min(max(time, 0), self.times() - 1)
        if time != self._time:
            self._time = time
            self.timeChanged.emit(time)
