"""Drawing a box by pointer: a frame in one slice, its sides moved in any."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPainter
from PyQt6.QtWidgets import QApplication

from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import Plane, box_at, rect_of
from widgets.viewer.volume.region.model import RegionModel
from widgets.viewer.volume.region.overlay import frame_of
from widgets.viewer.volume.slice_view import SliceView
from widgets.viewer.volume.tool import Pointer

REACH = 8.0  # view pixels from which a side is grabbed
LEFT = Qt.MouseButton.LeftButton
_SHAPES = {
    (True, False): Qt.CursorShape.SizeHorCursor,
    (False, True): Qt.CursorShape.SizeVerCursor,
}


@dataclass(frozen=True)
class Grip:
    """What of the frame is held: its sides (-1 left or top, 1 right or bottom, 0 neither), or all
    of it where both are 0."""

    across: int
    down: int


@dataclass
class Drag:
    """A drag under way: where it began, in which view, and the box of before."""

    view: SliceView
    pointer: Pointer
    before: Box
    grip: Grip | None  # None draws a new frame


class RegionTool:
    """Drag for a new frame; drag a side, a corner or the inside of the one that is there.

    A new frame keeps the slices that the box had. Esc gives a drag up.
    """

    def __init__(self, model: RegionModel) -> None:
        self._model = model
        self._drag: Drag | None = None

    @property
    def busy(self) -> bool:
        """Whether a drag is under way."""
        return self._drag is not None

    def cancel(self) -> None:
        """Go back to the box of before the drag."""
        drag, self._drag = self._drag, None
        if drag is not None:
            self._model.setBox(drag.before)

    # --- the pointer

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button != LEFT or pointer.plane.shape != self._model.whole().shape:
            return False
        grip = self.gripAt(view, pointer.position)
        self._drag = Drag(view, pointer, self._model.box(), grip)
        return True

    def move(self, view: SliceView, pointer: Pointer) -> None:
        drag = self._drag
        if drag is not None and view is drag.view:
            frame = _dragged(drag, pointer)
            self._model.setBox(_box_of(pointer.plane, frame, drag.before, pointer.index))
        view.refreshCursor()

    def release(self, view: SliceView, pointer: Pointer) -> None:
        drag = self._drag
        if drag is None:
            return
        way = (pointer.position - drag.pointer.position).manhattanLength()
        if way < QApplication.startDragDistance():
            self.cancel()
            return
        self.move(view, pointer)
        self._drag = None

    def double(self, view: SliceView, pointer: Pointer) -> bool:
        return self.press(view, pointer)

    def wheel(self, view: SliceView, pointer: Pointer, notches: float) -> bool:
        # What is being drawn stays on its slice.
        return self.busy

    def key(self, view: SliceView, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        if key == Qt.Key.Key_Escape and self.busy:
            self.cancel()
            return True
        return False

    def leave(self, view: SliceView) -> None:
        if view.tool() is not self:
            self.cancel()

    def scrolled(self, view: SliceView) -> None:
        if self._drag is not None and view is self._drag.view:
            self.cancel()

    def paint(self, view: SliceView, painter: QPainter) -> None:
        """The box itself is an overlay of all views."""

    def cursor(self, view: SliceView) -> Qt.CursorShape:
        if self._drag is not None:
            return self.shapeOf(self._drag.grip)
        return self.shapeOf(self.gripAt(view, QPointF(view.mapFromGlobal(view.cursor().pos()))))

    # --- what is under the pointer

    def shapeOf(self, grip: Grip | None) -> Qt.CursorShape:
        """The pointer's shape over it."""
        if grip is None:
            return Qt.CursorShape.CrossCursor
        if not grip.across and not grip.down:
            return Qt.CursorShape.SizeAllCursor
        falling = Qt.CursorShape.SizeFDiagCursor, Qt.CursorShape.SizeBDiagCursor
        diagonal = falling[0 if grip.across == grip.down else 1]
        return _SHAPES.get((bool(grip.across), bool(grip.down)), diagonal)

    def gripAt(self, view: SliceView, position: QPointF) -> Grip | None:
        """What a press there takes hold of; None where it begins a new frame."""
        frame, plane = frame_of(self._model, view), view.plane()
        if frame is None or plane is None:
            return None
        reach = frame.adjusted(-REACH, -REACH, REACH, REACH)
        if not reach.contains(position):
            return None
        across = _near(position.x(), frame.left(), frame.right())
        down = _near(position.y(), frame.top(), frame.bottom())
        if across or down:
            return Grip(across, down)
        # A frame around all of a slice cannot be moved: a drag within it draws a smaller one.
        covers = rect_of(plane, self._model.box()) == QRectF(0, 0, *plane.size)
        return None if covers else Grip(0, 0)


def _near(at: float, low: float, high: float) -> int:
    to_low, to_high = abs(at - low), abs(at - high)
    if min(to_low, to_high) > REACH:
        return 0
    return -1 if to_low <= to_high else 1


def _dragged(drag: Drag, pointer: Pointer) -> QRectF:
    """The frame that a drag has made so far, in plane coordinates and whole pixels."""
    plane, start, point = pointer.plane, drag.pointer.point, pointer.point
    if drag.grip is None:
        left, right = sorted((start.x(), point.x()))
        top, bottom = sorted((start.y(), point.y()))
        left, top = math.floor(left), math.floor(top)
        return QRectF(QPointF(left, top), QPointF(math.ceil(right), math.ceil(bottom)))
    frame = rect_of(plane, drag.before)
    x, y = round(point.x() - start.x()), round(point.y() - start.y())
    width, height = plane.size
    if not drag.grip.across and not drag.grip.down:
        x = min(max(x, -round(frame.left())), width - round(frame.right()))
        y = min(max(y, -round(frame.top())), height - round(frame.bottom()))
        return frame.translated(x, y)
    sides = (
        *_moved(frame.left(), frame.right(), drag.grip.across, x, width),
        *_moved(frame.top(), frame.bottom(), drag.grip.down, y, height),
    )
    return QRectF(QPointF(sides[0], sides[2]), QPointF(sides[1], sides[3]))


def _moved(low: float, high: float, held: int, by: int, size: int) -> tuple[float, float]:
    """Two sides, one of them moved; at least a pixel stays between them."""
    if held < 0:
        low = min(max(low + by, 0), high - 1)
    elif held > 0:
        high = max(min(high + by, size), low + 1)
    return low, high


def _box_of(plane: Plane, frame: QRectF, before: Box, index: int) -> Box:
    """A frame on a slice, with the slices of `before` and this one."""
    box = box_at(plane, frame, before)
    low, high = list(box.low), list(box.high)
    low[plane.axis] = min(low[plane.axis], index)
    high[plane.axis] = max(high[plane.axis], index + 1)
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
