"""Polygon and lasso: areas drawn by their border on one slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from widgets.paint.geometry import polygon
from widgets.paint.labels.place import block_of
from widgets.paint.labels.tools import DARK, LEFT, RIGHT, LabelTool, pens, to_view
from widgets.viewer.volume.planes import Plane

if TYPE_CHECKING:
    from widgets.paint.labels.editor import LabelEditor
    from widgets.paint.labels.ink import Ink
    from widgets.viewer.volume.slice_view import SliceView
    from widgets.viewer.volume.tool import Pointer

CLOSE_WITHIN = 7.0  # view pixels around the first corner
HANDLE = 3.0  # half the side of a corner's handle, view pixels
SPACING = 3.0  # view pixels between points of a freehand border
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class AreaTool(LabelTool):
    """Holds a border: corners in plane coordinates, and which slice they lie on."""

    step_name = "Lasso"
    edits = False

    def __init__(self, editor: LabelEditor) -> None:
        super().__init__(editor)
        self._corners: list[QPointF] = []
        self._plane: Plane | None = None
        self._index = 0

    @property
    def busy(self) -> bool:
        return bool(self._corners)

    def cancel(self) -> None:
        self.refresh()
        self._corners, self._held = [], None
        self.editor.borderChanged.emit()

    def start(self, view: SliceView, pointer: Pointer) -> None:
        """Begin a border with the pointer's place as its first corner."""
        if self.editor.fits(pointer.plane):
            self._held, self._plane, self._index = view, pointer.plane, pointer.index
            self._corners = [pointer.point]
            self.editor.borderChanged.emit()

    def finish(self, ink: Ink | None) -> None:
        """Fill the area with ink, as one step."""
        corners, plane = self._corners, self._plane
        self.cancel()
        if plane is None or ink is None or len(corners) < 3 or not self.editor.fits(plane):
            return
        inside = polygon(corners, QRect(0, 0, *plane.size))
        if inside is not None:
            name = f"{self.step_name}: {self.editor.table.name(ink.value)}"
            box, stencil = block_of(plane, self._index, *inside)
            self.editor.write(box, stencil, ink, name if ink.value else "Erase area")

    def here(self, view: SliceView) -> bool:
        """Whether the border lies on the slice that this view shows."""
        return self._held is view and view.index() == self._index

    def far(self, view: SliceView, point: QPointF, other: QPointF) -> float:
        """The larger of two points' distances in x and y, in view pixels."""
        apart = view.planeToView(point) - view.planeToView(other)
        return max(abs(apart.x()), abs(apart.y()))

    def trace(self, view: SliceView, pointer: Pointer) -> None:
        """Add the pointer's place unless it is very close to the last one."""
        if self.far(view, pointer.point, self._corners[-1]) >= SPACING:
            self._corners.append(pointer.point)

    def paint(self, view: SliceView, painter: QPainter) -> None:
        if not self._corners or not self.here(view):
            return
        table = self.editor.table
        colour = QColor(*table.colour(table.active()))
        line = to_view(view).map(QPolygonF([*self._corners, *self.tail()]))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in pens(colour):
            painter.setPen(pen)
            painter.drawPolyline(line)
        closing = QPen(colour, 1.0, Qt.PenStyle.DotLine)
        painter.setPen(closing)
        painter.drawLine(line[len(line) - 1], line[0])
        painter.restore()

    def tail(self) -> list[QPointF]:
        """What is drawn after the last corner."""
        return []


class Lasso(AreaTool):
    """A drag around an area; the right button erases the active label in it."""

    def __init__(self, editor: LabelEditor) -> None:
        super().__init__(editor)
        self._ink: Ink | None = None

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button not in (LEFT, RIGHT):
            return False
        self.follow(view, pointer)
        if not self.busy:
            erasing = pointer.button == RIGHT
            self._ink = self.editor.eraser(only_active=True) if erasing else self.editor.ink()
            if self._ink is not None:
                self.start(view, pointer)
        return True

    def move(self, view: SliceView, pointer: Pointer) -> None:
        self.follow(view, pointer)
        if self.busy and self.here(view):
            self.trace(view, pointer)
            view.update()

    def release(self, view: SliceView, pointer: Pointer) -> None:
        self.move(view, pointer)
        if self.busy and self._held is view:
            self.finish(self._ink)


class Polygon(AreaTool):
    """Corners by clicks, or borders by drags; the area is filled when it is closed."""

    step_name = "Polygon"

    def __init__(self, editor: LabelEditor) -> None:
        super().__init__(editor)
        self._marks: list[int] = []  # number of corners before each press, to take back
        self._down = False

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button not in (LEFT, RIGHT):
            return False
        self.follow(view, pointer)
        if pointer.button == RIGHT:
            self.back()
        elif not self.busy:
            self._marks = [0]
            if self.editor.ink() is not None:
                self.start(view, pointer)
            self._down = self.busy
        elif self.here(view):
            if len(self._corners) >= 3 and self._near_first(view, pointer.point):
                self.finish(self.editor.ink())
            else:
                self._marks.append(len(self._corners))
                self._corners.append(pointer.point)
                self._down = True
        else:
            self.editor.statusChanged.emit("The polygon is on another slice: Esc cancels it")
        view.update()
        return True

    def move(self, view: SliceView, pointer: Pointer) -> None:
        self.follow(view, pointer)
        if self.busy and self.here(view):
            if self._down:
                self.trace(view, pointer)
            view.update()

    def release(self, view: SliceView, pointer: Pointer) -> None:
        self.move(view, pointer)
        self._down = False

    def double(self, view: SliceView, pointer: Pointer) -> bool:
        if pointer.button != LEFT or not self.busy:
            return self.press(view, pointer)
        if len(self._corners) >= 3:
            self.finish(self.editor.ink())
        return True

    def key(self, view: SliceView, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        if self.busy and key in _ENTER:
            self.finish(self.editor.ink())
            return True
        if self.busy and key == Qt.Key.Key_Backspace:
            self.back()
            return True
        return super().key(view, key, modifiers)

    def back(self) -> None:
        if self.busy:
            self.refresh()
            del self._corners[self._marks.pop() :]
            if not self._corners:
                self.cancel()

    def cancel(self) -> None:
        super().cancel()
        self._down = False

    def tail(self) -> list[QPointF]:
        return [] if self._pointer is None else [self._pointer.point]

    def paint(self, view: SliceView, painter: QPainter) -> None:
        super().paint(view, painter)
        if not self._corners or not self.here(view):
            return
        closable = (
            len(self._corners) >= 3
            and self._pointer is not None
            and self._near_first(view, self._pointer.point)
        )
        painter.save()
        painter.setPen(QPen(DARK, 1.0))
        painter.setBrush(QColor(255, 255, 255))
        for place in self._marks:
            corner = view.planeToView(self._corners[place])
            half = HANDLE * (1.8 if closable and place == 0 else 1.0)
            painter.drawRect(QRectF(corner.x() - half, corner.y() - half, 2 * half, 2 * half))
        painter.restore()

    def _near_first(self, view: SliceView, point: QPointF) -> bool:
        return self.far(view, point, self._corners[0]) <= CLOSE_WITHIN
