"""Outlines of areas over the slices of any view: what a threshold takes, where votes disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QColor, QPainter

from widgets.viewer.volume.colours import packed
from widgets.viewer.volume.label_outline import THICKNESS, draw_outlined
from widgets.viewer.volume.layers import Grid
from widgets.viewer.volume.planes import Plane
from widgets.viewer.volume.slice_pane import SlicePane

Source = Callable[[Plane, int], NDArray[Any] | None]
"""(plane, slice) -> areas (h, w) as they are seen: bool, or numbers of colours; None for none."""
HALO = np.uint32(0xC8000000)
"""Around the line, so that it is seen on bright and on dark."""


class SliceOutline:
    """Draws the outline of areas in every view that slices one grid.

    Args:
        colours: Of area 1, 2 and so on.
        thickness: View pixels.
    """

    def __init__(self, colours: Sequence[QColor], thickness: float = THICKNESS) -> None:
        self._thickness = thickness
        self._source: Source | None = None
        self._grid: Grid | None = None
        self.setColours(colours)

    def setColours(self, colours: Sequence[QColor]) -> None:
        """Other colours of area 1, 2 and so on."""
        table = [(0, 0, 0, 0), *((c.red(), c.green(), c.blue(), 255) for c in colours)]
        self._table = packed(np.array(table, np.uint8))

    def show(self, source: Source, grid: Grid) -> None:
        """Draw these areas from now on; whoever says so asks the views to repaint."""
        self._source, self._grid = source, grid

    def hide(self) -> None:
        """Draw nothing."""
        self._source = self._grid = None

    def isShown(self) -> bool:
        return self._source is not None

    def paint(self, view: SlicePane, painter: QPainter) -> None:
        """Outline the areas on the view's slice, in the order in which overlays were added."""
        plane, grid = view.plane(), view.grid()
        if self._source is None or self._grid is None or plane is None or grid is None:
            return
        if grid is not self._grid and not grid.same(self._grid):
            return
        areas = self._source(plane, view.index())
        if areas is None:
            return
        painter.save()
        painter.setTransform(view.transform())
        draw_outlined(
            painter, areas.astype(np.uint8, copy=False), self._table, view.rect(),
            view.devicePixelRatioF(), self._thickness, HALO,
        )  # fmt: skip
        painter.restore()
