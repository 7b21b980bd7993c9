"""Picker and fill: one click does it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QRect, Qt

from widgets.paint.labels.connect import connected
from widgets.paint.labels.place import block_of
from widgets.paint.labels.settings import FillBy
from widgets.paint.labels.tools import LEFT, RIGHT, LabelTool
from widgets.viewer.volume.box import Triple
from widgets.viewer.volume.planes import slice_box

if TYPE_CHECKING:
    from widgets.paint.labels.ink import Ink
    from widgets.viewer.volume.slice_view import SliceView
    from widgets.viewer.volume.tool import Pointer


class Picker(LabelTool):
    """Makes the label under the pointer the active one, and hands back to the brush."""

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button != LEFT:
            return False
        self.follow(view, pointer)
        voxel = voxel_at(pointer)
        if voxel is not None and self.editor.fits(pointer.plane):
            self.editor.pick(int(self.editor.model.array[voxel]))
        return True


class Fill(LabelTool):
    """Fills the area around the pointer; the right button empties one of the active label.

    In 3D the area goes through slices, which may take a while: that is asked for by the editor's
    `fillRequested`.
    """

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button not in (LEFT, RIGHT):
            return False
        self.follow(view, pointer)
        voxel, editor = voxel_at(pointer), self.editor
        if voxel is None or not editor.fits(pointer.plane):
            return True
        erasing = pointer.button == RIGHT
        by_label = erasing or editor.settings.fill_by is FillBy.LABEL
        ink = editor.eraser(only_active=True) if erasing else editor.ink()
        if ink is None or (by_label and int(editor.model.array[voxel]) == ink.value):
            return True
        if not by_label and editor.image is None:
            editor.statusChanged.emit("Filling by intensity needs an image of the mask's grid")
        elif editor.settings.volume:
            by = FillBy.LABEL if by_label else FillBy.INTENSITY
            editor.fillRequested.emit(voxel, by, editor.stored_tolerance(), ink)
        else:
            self._fill(pointer, voxel, by_label, ink)
        return True

    def _fill(self, pointer: Pointer, voxel: Triple, by_label: bool, ink: Ink) -> None:
        editor, plane = self.editor, pointer.plane
        if by_label or editor.image is None:
            seen = plane.slice(editor.model.array, pointer.index)
            region = seen == editor.model.array[voxel]
        else:
            values = plane.slice(editor.image, pointer.index).astype(np.float32)
            region = np.abs(values - float(editor.image[voxel])) <= editor.stored_tolerance()
        # What must not be painted bounds the area, so that the fill does not pass through it.
        box = slice_box(plane, pointer.index)
        allowed = ink.rule.allowed(box, editor.model.peek(box))
        if allowed is not None:
            region &= plane.seen(allowed.squeeze(plane.axis))
        x, y = math.floor(pointer.point.x()), math.floor(pointer.point.y())
        area = connected(region, (y, x))
        name = f"Fill: {editor.table.name(ink.value)}" if ink.value else "Erase area"
        box, stencil = block_of(plane, pointer.index, QRect(0, 0, *plane.size), area)
        editor.write(box, stencil, ink, name)

    def cursor(self, view: SliceView) -> Qt.CursorShape:
        return Qt.CursorShape.PointingHandCursor


def voxel_at(pointer: Pointer) -> Triple | None:
    """The voxel (d, h, w) under the pointer, or None outside."""
    place = pointer.plane.voxel(pointer.point.x(), pointer.point.y(), pointer.index)
    d, h, w = (math.floor(value + 0.5) for value in place)
    inside = all(0 <= n < size for n, size in zip((d, h, w), pointer.plane.shape, strict=True))
    return (d, h, w) if inside else None
