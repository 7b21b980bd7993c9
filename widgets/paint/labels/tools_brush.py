"""Brush, eraser and edge brush: voxels follow the pointer at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from widgets.paint.labels.adaptive import structure
from widgets.paint.labels.place import footprint_outline
from widgets.paint.labels.settings import Unit
from widgets.paint.labels.stamp import Footprint, Piece, Place, sweep
from widgets.paint.labels.tools import LEFT, RIGHT, LabelTool, pens, to_view
from widgets.viewer.chips import PAD_X, draw_chip
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import rect_of

if TYPE_CHECKING:
    from widgets.paint.labels.editor import LabelEditor
    from widgets.paint.labels.ink import Ink
    from widgets.viewer.volume.slice_view import SliceView
    from widgets.viewer.volume.tool import Pointer

ERASING = QColor(255, 255, 255)
_ALT = Qt.KeyboardModifier.AltModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_MARGIN = 6.0  # view pixels around the outline that its pen may touch


class SizedTool(LabelTool):
    """A tool with a size, shown at the pointer; Shift+wheel and Alt+move change it."""

    def __init__(self, editor: LabelEditor) -> None:
        super().__init__(editor)
        self._sizing: tuple[float, float] | None = None  # view x and size where Alt went down
        self._shown: QRectF | None = None

    def move(self, view: SliceView, pointer: Pointer) -> None:
        if pointer.modifiers & _ALT and not self.busy:
            self._resize(view, pointer)
        else:
            self._sizing = None
            self.follow(view, pointer)

    def wheel(self, view: SliceView, pointer: Pointer, notches: float) -> bool:
        if not pointer.modifiers & _SHIFT:
            return False
        self.follow(view, pointer)
        self.editor.stepSize(1 if notches > 0 else -1)
        return True

    def cursor(self, view: SliceView) -> Qt.CursorShape:
        return Qt.CursorShape.BlankCursor if self._wide(view) else Qt.CursorShape.CrossCursor

    def follow(self, view: SliceView, pointer: Pointer) -> None:
        super().follow(view, pointer)
        box = self.editor.footprint(pointer.plane).box(self._place(pointer))
        rect = rect_of(pointer.plane, box)
        border = _MARGIN / max(to_view(view).m11(), 1e-6)
        rect.adjust(-border, -border, border, border)
        # The size that is written beside it may lie anywhere.
        if self._shown is None or self.editor.isSizeShown():
            view.updatePlane(None)
        else:
            view.updatePlane(rect | self._shown)
        self._shown = rect

    def paint(self, view: SliceView, painter: QPainter) -> None:
        if view is not self._over or self._pointer is None:
            return
        plane = self._pointer.plane
        footprint = self.editor.footprint(plane)
        rect = rect_of(plane, footprint.box(self._place(self._pointer)))
        outline = footprint_outline(plane, footprint).translated(rect.topLeft())
        path = to_view(view).map(outline)
        painter.save()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in pens(self._colour()):
            painter.setPen(pen)
            painter.drawPath(path)
        painter.restore()
        if self.editor.isSizeShown():
            self._paint_size(painter, view, path.boundingRect())

    def _paint_size(self, painter: QPainter, view: SliceView, around: QRectF) -> None:
        settings = self.editor.settings
        unit = "mm" if settings.unit is Unit.MILLIMETRES else "px"
        text = f"{self.editor.size():g} {unit}"
        corner = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        width = painter.fontMetrics().horizontalAdvance(text) + 4 * PAD_X + 20
        left = min(around.right(), view.width() - width)
        top = min(max(around.bottom(), 0.0), view.height() - 40.0)
        pane = QRectF(left, top, width + 20, 60)
        draw_chip(painter, pane, corner, text, self._colour(), bold=True, dot=True)

    def _colour(self) -> QColor:
        table = self.editor.table
        return QColor(*table.colour(table.active())) if table.active() else ERASING

    def _wide(self, view: SliceView) -> bool:
        """Whether the outline is large enough to be the pointer."""
        plane = view.plane()
        if plane is None:
            return False
        return max(self.editor.footprint(plane).counts) * to_view(view).m11() >= 12

    def _resize(self, view: SliceView, pointer: Pointer) -> None:
        x = pointer.position.x()
        if self._sizing is None or self._over is not view:
            self.follow(view, pointer)
            self._sizing = x, self.editor.size()
        start, size = self._sizing
        per_unit = to_view(view).m11()
        if self.editor.settings.unit is Unit.MILLIMETRES:
            per_unit /= pointer.plane.pixel_mm[0]
        self.editor.setSize(size + (x - start) / max(per_unit, 1e-6))

    def _place(self, pointer: Pointer) -> Place:
        return pointer.plane.voxel(pointer.point.x(), pointer.point.y(), pointer.index)


class Brush(SizedTool):
    """Paints between successive positions of the pointer, on whatever slice is shown."""

    step_name = "Brush stroke"

    def __init__(self, editor: LabelEditor) -> None:
        super().__init__(editor)
        self._ink: Ink | None = None
        self._last: Place = (0.0, 0.0, 0.0)

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button not in (LEFT, RIGHT):
            return False
        self.follow(view, pointer)
        if self.busy:
            return True
        ink = self.ink(pointer.button == RIGHT)
        if ink is not None and self.editor.begin(pointer.plane, self._named(ink)):
            self._ink, self._held = ink, view
            self._last = self._place(pointer)
            self._stamp(pointer)
        return True

    def move(self, view: SliceView, pointer: Pointer) -> None:
        super().move(view, pointer)
        if self._held is view:
            self._stamp(pointer)

    def release(self, view: SliceView, pointer: Pointer) -> None:
        self.follow(view, pointer)
        if self._held is view:
            if self._place(pointer) != self._last:
                self._stamp(pointer)
            self._held = None
            self.editor.model.commit()

    def scrolled(self, view: SliceView) -> None:
        super().scrolled(view)
        if self._held is view and self._pointer is not None:
            self._last = self._place(self._pointer)
            self._stamp(self._pointer)

    def ink(self, erasing: bool) -> Ink | None:
        """What the left button, or the right one, writes."""
        return self.editor.eraser(only_active=True) if erasing else self.editor.ink()

    def pieces(self, footprint: Footprint, start: Place, end: Place) -> Iterator[Piece]:
        """The voxels that a move covers."""
        return sweep(footprint, start, end)

    def _stamp(self, pointer: Pointer) -> None:
        place = self._place(pointer)
        if self._ink is not None:
            for box, stencil in self.pieces(
                self.editor.footprint(pointer.plane), self._last, place
            ):
                self.editor.model.paint(box, stencil, self._ink.value, self._ink.rule)
        self._last = place

    def _named(self, ink: Ink) -> str:
        if ink.value == 0:
            return "Erase"
        return f"{self.step_name}: {self.editor.table.name(ink.value)}"


class Eraser(Brush):
    """Erases every label that is not locked, or with the right button the active one."""

    def ink(self, erasing: bool) -> Ink | None:
        return self.editor.eraser(only_active=erasing)

    def _colour(self) -> QColor:
        return ERASING


class Adaptive(Brush):
    """Paints, of what the brush covers, the structure under its middle."""

    step_name = "Edge brush"

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button == LEFT and self.editor.image is None:
            self.editor.statusChanged.emit("The edge brush needs an image of the mask's grid")
            return True
        return super().press(view, pointer)

    def pieces(self, footprint: Footprint, start: Place, end: Place) -> Iterator[Piece]:
        if self._ink is not None and self._ink.value == 0:
            yield from sweep(footprint, start, end)
            return
        stride = max(1.0, min(footprint.counts[axis] for axis in _others(footprint.axis)) / 6)
        count = max(1, int(np.abs(np.subtract(end, start)).max() / stride))
        for along in np.linspace(0.0, 1.0, count + 1)[1:]:
            middle = np.add(start, along * np.subtract(end, start))
            piece = self._structure(footprint, (middle[0], middle[1], middle[2]))
            if piece is not None:
                yield piece

    def _structure(self, footprint: Footprint, place: Place) -> Piece | None:
        image = self.editor.image
        if image is None:
            return None
        span = footprint.box(place)
        box = span & Box.whole((image.shape[0], image.shape[1], image.shape[2]))
        middle = np.floor(np.add(place, 0.5)).astype(int) - box.low
        if box.empty or (middle < 0).any() or (middle >= box.shape).any():
            return None
        low, high = np.subtract(box.low, span.low), np.subtract(box.high, span.low)
        cut = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        d, h, w = middle.tolist()
        return box, structure(image[box.index], footprint.mask()[cut], (d, h, w))


def _others(axis: int) -> tuple[int, int]:
    first, second = (n for n in range(3) if n != axis)
    return first, second
