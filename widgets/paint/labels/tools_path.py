"""Line and vessel: the whole path is drawn anew with every move, and stays on release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, Qt

from widgets.paint.geometry import snapped, vessel_path
from widgets.paint.labels.stamp import Piece, sweep, tapered
from widgets.paint.labels.tools import LEFT, RIGHT, to_view
from widgets.paint.labels.tools_brush import SizedTool

if TYPE_CHECKING:
    from widgets.paint.labels.editor import LabelEditor
    from widgets.paint.labels.ink import Ink
    from widgets.viewer.volume.slice_view import SliceView
    from widgets.viewer.volume.tool import Pointer

SMOOTHING = 6.0  # standard deviation in view pixels: a hand trembles on the screen
SPACING = 0.5  # view pixels between recorded positions
_GRAIN = 8  # radii are rounded to this part of a voxel, so that stamps are found again


class PathTool(SizedTool):
    """A stroke that is rasterised from its whole path, so the preview is the result."""

    step_name = "Line"

    def __init__(self, editor: LabelEditor) -> None:
        super().__init__(editor)
        self._ink: Ink | None = None
        self._points: list[QPointF] = []  # in millimetres on the plane

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button not in (LEFT, RIGHT):
            return False
        self.follow(view, pointer)
        if self.busy:
            return True
        erasing = pointer.button == RIGHT
        ink = self.editor.eraser(only_active=True) if erasing else self.editor.ink()
        if ink is not None:
            shown = self.editor.table.name(ink.value)
            name = f"{self.step_name}: {shown}" if ink.value else "Erase"
            if self.editor.begin(pointer.plane, name):
                self._ink, self._held, self._points = ink, view, [self._flat(pointer)]
                self._redraw(pointer)
        return True

    def move(self, view: SliceView, pointer: Pointer) -> None:
        super().move(view, pointer)
        if self._held is view and self.add(view, pointer):
            self._redraw(pointer)

    def release(self, view: SliceView, pointer: Pointer) -> None:
        self.move(view, pointer)
        if self._held is view:
            self._held = None
            self.editor.model.commit()

    def scrolled(self, view: SliceView) -> None:
        super().scrolled(view)
        if self._held is view and self._pointer is not None:
            self._redraw(self._pointer)

    def add(self, view: SliceView, pointer: Pointer) -> bool:
        """Take the pointer's place into the path; False when that changes nothing."""
        raise NotImplementedError

    def pieces(self, pointer: Pointer) -> Iterator[Piece]:
        """The voxels that the path covers."""
        raise NotImplementedError

    def _redraw(self, pointer: Pointer) -> None:
        model, ink = self.editor.model, self._ink
        model.restore()
        if ink is not None:
            for box, stencil in self.pieces(pointer):
                model.paint(box, stencil, ink.value, ink.rule)

    def _flat(self, pointer: Pointer) -> QPointF:
        width, height = pointer.plane.pixel_mm
        return QPointF(pointer.point.x() * width, pointer.point.y() * height)

    def _places(self, pointer: Pointer, points: np.ndarray) -> np.ndarray:
        """Millimetres on the plane (N, 2) to voxels (N, 3)."""
        plane = pointer.plane
        pixels = points / plane.pixel_mm
        return np.array([plane.voxel(x, y, pointer.index) for x, y in pixels])


class Line(PathTool):
    """A straight stroke of the brush's size; Shift turns it to multiples of 15 degrees."""

    def add(self, view: SliceView, pointer: Pointer) -> bool:
        end = self._flat(pointer)
        if pointer.modifiers & Qt.KeyboardModifier.ShiftModifier:
            end = snapped(self._points[0], end)
        changes = end != self._points[-1]
        self._points[1:] = [end]
        return changes

    def pieces(self, pointer: Pointer) -> Iterator[Piece]:
        ends = np.array([(p.x(), p.y()) for p in (self._points[0], self._points[-1])])
        start, end = self._places(pointer, ends).tolist()
        yield from sweep(self.editor.footprint(pointer.plane), tuple(start), tuple(end))


class Vessel(PathTool):
    """A smooth freehand stroke that tapers from the brush's size to the vessel's end size."""

    step_name = "Vessel"

    def add(self, view: SliceView, pointer: Pointer) -> bool:
        point, last = self._flat(pointer), self._points[-1]
        moved = point - last
        if np.hypot(moved.x(), moved.y()) * self._pixels_per_mm(view, pointer) < SPACING:
            return False
        self._points.append(point)
        return True

    def pieces(self, pointer: Pointer) -> Iterator[Piece]:
        editor, plane = self.editor, pointer.plane
        # Widths in millimetres along the path; in voxels a pixel's width is the measure.
        unit = editor.unit_mm(plane)
        raw = np.array([(p.x(), p.y()) for p in self._points]) / plane.pixel_mm[0]
        view = self._held
        scale = to_view(view).m11() if view is not None else 1.0
        widths = [size * unit / plane.pixel_mm[0] for size in (editor.size(), editor.vesselEnd())]
        points, radii = vessel_path(raw, widths[0], widths[1], SMOOTHING / max(scale, 1e-6))
        points, radii = _halved(points), _halved(radii)
        sizes = np.round(2 * radii * plane.pixel_mm[0] / unit * _GRAIN) / _GRAIN
        prints = [editor.footprint(plane, max(float(size), 1 / _GRAIN)) for size in sizes]
        yield from tapered(prints, self._places(pointer, points * plane.pixel_mm[0]))

    def _pixels_per_mm(self, view: SliceView, pointer: Pointer) -> float:
        return to_view(view).m11() / pointer.plane.pixel_mm[0]


def _halved(values: np.ndarray) -> np.ndarray:
    """Values (N, ...) with their means in between: stamps on whole voxels need the overlap."""
    between = (values[1:] + values[:-1]) / 2
    both = np.empty((len(values) + len(between), *values.shape[1:]))
    both[::2], both[1::2] = values, between
    return both
