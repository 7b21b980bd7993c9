"""Measuring by pointer: rulers, angles and regions are drawn, and their points moved."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QPainter
from PyQt6.QtWidgets import QApplication

from widgets.viewer.volume.measure.model import MeasureKind, Measurement, Measurements, World
from widgets.viewer.volume.measure.overlay import SELECTED, draw_measurement, is_on, view_points
from widgets.viewer.volume.slice_view import SliceView
from widgets.viewer.volume.tool import Pointer

REACH = 9.0  # view pixels from which a point is grabbed
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
Handle = tuple[int, int]  # key and place of a point


class MeasureTool:
    """Drag for a ruler or a region; for an angle drag its first side, then click the second.

    A drag from an end point moves that point. Delete removes the selected measurement; Esc and the
    right button give up the one that is being drawn.
    """

    def __init__(self, measurements: Measurements, kind: MeasureKind) -> None:
        self._measurements, self._kind = measurements, kind
        self._points: list[World] = []  # of the one being drawn, the last following the pointer
        self._start = QPointF()
        self._view: SliceView | None = None
        self._moved: Handle | None = None

    @property
    def kind(self) -> MeasureKind:
        return self._kind

    @property
    def busy(self) -> bool:
        """Whether one is being drawn."""
        return bool(self._points)

    # --- the pointer

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button == RIGHT and self.busy:
            self._give_up()
            return True
        if pointer.button != LEFT:
            return False
        if len(self._points) == 3:  # the second side of an angle
            self._points[-1] = _world(view, pointer)
            self._finish(view)
            return True
        self._moved = self._handle_at(view, pointer.position)
        if self._moved is not None:
            self._measurements.select(self._moved[0])
        else:
            self._view, self._start = view, pointer.position
            self._points = [_world(view, pointer)] * 2
        view.update()
        return True

    def move(self, view: SliceView, pointer: Pointer) -> None:
        if self._moved is not None:
            self._measurements.movePoint(*self._moved, _world(view, pointer))
        elif self._points and view is self._view:
            self._points[-1] = _world(view, pointer)
            view.update()
        view.refreshCursor()

    def release(self, view: SliceView, pointer: Pointer) -> None:
        if self._moved is not None:
            self._moved = None
            return
        if not self._points or len(self._points) == 3:
            return
        if (pointer.position - self._start).manhattanLength() < QApplication.startDragDistance():
            self._measurements.select(None)
            self._give_up()
        elif self._kind is MeasureKind.ANGLE:
            self._points.append(self._points[-1])
        else:
            self._finish(view)

    def double(self, view: SliceView, pointer: Pointer) -> bool:
        return self.press(view, pointer)

    def wheel(self, view: SliceView, pointer: Pointer, notches: float) -> bool:
        # What is being drawn stays on its slice.
        return self.busy

    def key(self, view: SliceView, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        selected = self._measurements.selected()
        if key == Qt.Key.Key_Escape and self.busy:
            self._give_up()
            return True
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and selected is not None:
            self._measurements.remove([selected])
            return True
        return False

    def leave(self, view: SliceView) -> None:
        if view.tool() is not self:
            self._give_up()

    def scrolled(self, view: SliceView) -> None:
        if view is self._view:
            self._give_up()

    def paint(self, view: SliceView, painter: QPainter) -> None:
        if self._points and view is self._view:
            item = Measurement(0, self._kind, tuple(self._points), view.name(), "")
            draw_measurement(painter, view, item, SELECTED)

    def cursor(self, view: SliceView) -> Qt.CursorShape:
        position = QPointF(view.mapFromGlobal(view.cursor().pos()))
        near = not self.busy and self._handle_at(view, position) is not None
        return Qt.CursorShape.SizeAllCursor if near else Qt.CursorShape.CrossCursor

    # --- inside

    def _finish(self, view: SliceView) -> None:
        points, self._points = self._points, []
        self._measurements.add(self._kind, points, view.name())
        view.update()

    def _give_up(self) -> None:
        self._points, self._moved = [], None
        if self._view is not None:
            self._view.update()
        self._view = None

    def _handle_at(self, view: SliceView, position: QPointF) -> Handle | None:
        """The point nearest to a view position, if it is near enough."""
        found: Handle | None = None
        nearest = REACH
        for item in self._measurements.items():
            if not is_on(item, view):
                continue
            for place, point in enumerate(view_points(view, item.points)):
                way = point - position
                distance = (way.x() ** 2 + way.y() ** 2) ** 0.5
                if distance <= nearest:
                    nearest, found = distance, (item.key, place)
        return found


def _world(view: SliceView, pointer: Pointer) -> World:
    grid = view.grid()
    if grid is None:
        return 0.0, 0.0, 0.0
    return grid.world(pointer.plane.voxel(pointer.point.x(), pointer.point.y(), pointer.index))
