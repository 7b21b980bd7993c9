"""From a slice's stored numbers to colours on screen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from widgets.viewer.volume.layers import Layer, LayerKind, Look
from widgets.viewer.volume.luts import lut

Colours = NDArray[np.uint32]  # 0xAARRGGBB, premultiplied
CLEAR, BLACK = np.uint32(0), np.uint32(0xFF000000)
_FIRST = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255),
)  # fmt: skip
NARROWEST = 1e-30  # window
GOLDEN = 0.618034


class Colouring:
    """Turns stored numbers of one layer into colours; tables are kept until the look changes."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._key: object = None
        self._table: Colours = np.zeros(0, np.uint32)

    def colour(self, stored: NDArray[Any], *, nan: np.uint32 = BLACK) -> Colours:
        """Colours (h, w) of stored numbers (h, w) or (h, w, 3); `nan`: that of grey NaN."""
        if self._layer.kind is LayerKind.LABELS:
            return self._labels(stored)
        if stored.ndim == 3:
            return self._mixed(stored)
        if stored.dtype.kind in "iub" and stored.dtype.itemsize <= 2:
            return self._looked_up(stored)
        return self._scaled(stored, nan)

    def indexed(self, stored: NDArray[Any]) -> tuple[NDArray[Any], Colours]:
        """Labels (h, w) as indices of a table of colours; 0 is none, or one that is hidden."""
        table = self._label_table()
        found = indices(stored, len(table), self._layer.palette() is None)
        hidden = table == CLEAR
        return (np.where(hidden[found], 0, found) if hidden[1:].any() else found), table

    def _labels(self, stored: NDArray[Any]) -> Colours:
        table = self._label_table()
        return np.take(table, indices(stored, len(table), self._layer.palette() is None))

    def _label_table(self) -> Colours:
        palette = self._layer.palette()
        if self._key is not palette or not len(self._table):
            self._key = palette
            self._table = packed(default_palette() if palette is None else palette)
        return self._table

    def _looked_up(self, stored: NDArray[Any]) -> Colours:
        """One table entry for each number that the type can hold."""
        layer = self._layer
        unsigned = np.dtype(f"u{stored.dtype.itemsize}")
        key = (_ramp_key(layer.look), layer.slope, layer.intercept, stored.dtype)
        if key != self._key:
            self._key = key
            # In the order of the bits, so that negative numbers need no offset.
            numbers = np.arange(256**stored.dtype.itemsize, dtype=unsigned)
            signed = numbers.view(stored.dtype.newbyteorder("="))
            self._table = self._scaled(signed, nan=BLACK)
        native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
        return np.take(self._table, native.view(unsigned))

    def _scaled(self, stored: NDArray[Any], nan: np.uint32) -> Colours:
        layer, look = self._layer, self._layer.look
        values = in_values(stored, layer)
        colours = np.take(ramp(look), shades(values, look))
        missing = np.isnan(values)
        if missing.any():
            colours[missing] = nan
        outside = np.zeros(values.shape, bool)
        if look.threshold is not None:
            outside |= values < look.threshold
        if look.threshold_high is not None:
            outside |= values > look.threshold_high
        colours[outside] = CLEAR
        return colours

    def _mixed(self, stored: NDArray[Any]) -> Colours:
        values = in_values(stored, self._layer)
        colour = shades(values, self._layer.look).astype(np.uint32)
        if self._layer.look.invert:
            colour = 255 - colour
        mixed = (BLACK | (colour[..., 0] << 16) | (colour[..., 1] << 8) | colour[..., 2]).astype(
            np.uint32
        )
        # Nothing lies where another grid does not reach.
        mixed[np.isnan(values[..., 0])] = CLEAR
        return mixed


def indices(stored: NDArray[Any], size: int, repeat: bool) -> NDArray[Any]:
    """Label values as indices of a table; values past its end repeat it or count as background."""
    if stored.dtype.kind in "ub" and np.iinfo(_bits(stored.dtype)).max < size:
        return stored.astype(stored.dtype.newbyteorder("="), copy=False)
    values = np.nan_to_num(stored).astype(np.int64)
    if repeat:
        return np.where(values > 0, (values - 1) % (size - 1) + 1, 0)
    return np.where((values > 0) & (values < size), values, 0)


def _bits(dtype: np.dtype[Any]) -> str:
    return f"u{dtype.itemsize}"


def in_values(stored: NDArray[Any], layer: Layer) -> NDArray[Any]:
    """Stored numbers in the layer's values, as float32, or float64 where that is not exact."""
    wide = stored.dtype.itemsize > 4 or (stored.dtype.kind in "iu" and stored.dtype.itemsize > 2)
    values: NDArray[np.floating[Any]] = stored.astype(np.float64 if wide else np.float32)
    if (layer.slope, layer.intercept) != (1.0, 0.0):
        with np.errstate(over="ignore", invalid="ignore"):
            values = values * values.dtype.type(layer.slope) + values.dtype.type(layer.intercept)
    return values


def shades(values: NDArray[Any], look: Look) -> NDArray[np.uint8]:
    """Places in a table of 256: 0 up to `low`, 255 from `high`; NaN is 0."""
    width = max(look.high - look.low, NARROWEST)
    # Huge values may overflow to infinity, which is clipped.
    with np.errstate(over="ignore", invalid="ignore"):
        places = (values - values.dtype.type(look.low)) * values.dtype.type(255.0 / width)
        np.clip(places, 0.0, 255.0, out=places)
    places += 0.5
    np.nan_to_num(places, copy=False, nan=0.0)
    return places.astype(np.uint8)


def _ramp_key(look: Look) -> tuple[object, ...]:
    return look.low, look.high, look.lut, look.invert, look.threshold, look.threshold_high


def ramp(look: Look) -> Colours:
    """The look's table of 256 opaque colours."""
    table = lut(look.lut, look.invert)
    return packed(np.hstack([table, np.full((256, 1), 255, np.uint8)]))


def packed(rgba: NDArray[np.uint8]) -> Colours:
    """RGBA (n, 4), not premultiplied, as colours (n,)."""
    parts = rgba.astype(np.uint32)
    alpha = parts[:, 3]
    red, green, blue = ((parts[:, channel] * alpha + 127) // 255 for channel in range(3))
    return ((alpha << 24) | (red << 16) | (green << 8) | blue).astype(np.uint32)


def default_palette(size: int = 256) -> NDArray[np.uint8]:
    """RGBA (size, 4): background clear, six plain colours, then hues far from each other."""
    table = np.full((size, 4), 255, np.uint8)
    table[0] = 0
    hues = (np.arange(size - 1 - len(_FIRST)) * GOLDEN) % 1.0
    wheel = np.abs((hues[:, None] * 6 - np.array([3.0, 2.0, 4.0])) * [1, 1, 1])
    mixed = np.stack([wheel[:, 0] - 1, 2 - wheel[:, 1], 2 - wheel[:, 2]], axis=1)
    table[1 : 1 + len(_FIRST), :3] = _FIRST
    table[1 + len(_FIRST) :, :3] = (np.clip(mixed, 0, 1) * 200 + 55).round()
    return table
