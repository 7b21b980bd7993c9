"""Brush and eraser: pixels follow the pointer at once."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, Qt

from widgets.paint.geometry import brush_path, stroke
from widgets.paint.tools.base import ToolHandler, ToolHost


class Freehand(ToolHandler):
    """Paints (`value` 1) or erases (0) between successive pointer positions, without gaps."""

    def __init__(self, host: ToolHost, value: int) -> None:
        super().__init__(host)
        self._value = value
        self._last = QPointF()

    def press(self, point: QPointF, button: Qt.MouseButton) -> None:
        self.host.model.begin("Brush stroke" if self._value else "Erase")
        self._last = point
        self._stamp(point)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.active:
            self._stamp(point)

    def release(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.active:
            if point != self._last:
                self._stamp(point)
            self.host.model.commit()

    def _stamp(self, point: QPointF) -> None:
        model, settings = self.host.model, self.host.settings
        size = settings.brush if self._value else settings.eraser
        points, radii = brush_path(self._last, point, size)
        for rect, stencil in stroke(points, radii, model.rect()):
            model.paint(rect, stencil, self._value)
        self._last = point
