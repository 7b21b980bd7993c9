"""The layers of a slice as pictures: made when they are painted, and only what has changed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, QRectF
from PyQt6.QtGui import QPainter

from widgets.viewer.raster import Raster
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.colours import BLACK, CLEAR, Colouring, Colours
from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.layers import Layer, LayerKind


class DrawnLayer:
    """The slice of one layer that one view shows."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self._colouring = Colouring(layer)
        self._cut: Cut | None = None
        self._stored: NDArray[Any] | None = None
        self._raster: Raster | None = None
        self._recut: QRect | None = None  # what to read again; None: all
        self._recolour = True
        self._coloured_as = _colouring_of(layer)

    @property
    def labels(self) -> bool:
        """Whether labels are drawn."""
        return self.layer.kind is LayerKind.LABELS

    def recolour(self) -> None:
        """The look is another; opacity and the like need no new colours."""
        wanted = _colouring_of(self.layer)
        if wanted != self._coloured_as:
            self._coloured_as = wanted
            self._recolour = True

    def touch(self, box: Box, cut: Cut) -> QRect:
        """Values of a box of the layer's voxels changed; returns the pixels to repaint."""
        whole = QRect(0, 0, *cut.plane.size)
        rect = cut.rect_of(box) if self.layer.grid.same(cut.grid) else whole
        if rect == whole:
            # The numbers may be of another type now.
            self._recut = None
        elif self._recut is not None:
            self._recut |= rect
        return rect

    def stored(self, cut: Cut) -> NDArray[Any]:
        """The numbers on the slice, (h, w) or (h, w, 3), brought up to date."""
        if cut is not self._cut or self._stored is None or self._recut is None:
            self._cut = cut
            # A copy even of what lies in one piece: parts of it are overwritten later.
            self._stored = np.array(cut.stored(self.layer), order="C")
            self._recolour = True
        elif not self._recut.isEmpty():
            part = _index(self._recut)
            self._stored[part] = cut.stored(self.layer, self._recut)
            if not self._recolour and self._raster is not None:
                _pixels(self._raster)[part] = self._coloured(self._stored[part], cut)
                self._raster.touch(self._recut)
        self._recut = QRect()
        return self._stored

    def indices(self, cut: Cut) -> tuple[NDArray[Any], Colours]:
        """Labels (h, w) of the slice, 0 where none is seen, and colours by label."""
        return self._colouring.indexed(self.stored(cut))

    def draw(self, painter: QPainter, cut: Cut, source: QRectF, scale: float) -> None:
        """Paint `source` (plane coordinates); `scale` is device pixels per pixel."""
        stored = self.stored(cut)
        shape = (*stored.shape[:2], 4)
        if self._raster is None or self._raster.base.shape != shape:
            self._raster = Raster(shape, crisp=self.labels)
            self._recolour = True
        if self._recolour:
            self._recolour = False
            _pixels(self._raster)[...] = self._coloured(stored, cut)
            self._raster.touch()
        self._raster.draw(painter, source, scale, self.layer.look.smooth)

    def _coloured(self, stored: NDArray[Any], cut: Cut) -> Colours:
        # NaN is a dark voxel of an image, and of what is laid over it, nothing.
        over = self.layer.kind is LayerKind.MAP or not self.layer.grid.same(cut.grid)
        return self._colouring.colour(stored, nan=CLEAR if over else BLACK)


def _colouring_of(layer: Layer) -> tuple[object, ...]:
    """All of a look that colours depend on."""
    look = layer.look
    ramp = (look.low, look.high, look.lut, look.invert, look.threshold, look.threshold_high)
    return (*ramp, id(layer.palette()))


def _pixels(raster: Raster) -> Colours:
    pixels: Colours = raster.base.view(np.uint32)[..., 0]
    return pixels


def _index(rect: QRect) -> tuple[slice, slice]:
    return np.s_[rect.top() : rect.bottom() + 1, rect.left() : rect.right() + 1]
