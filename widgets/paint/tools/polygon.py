"""Polygon: corners one click at a time, closed into a filled area."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from widgets.paint.geometry import polygon
from widgets.paint.tools.base import ToolHandler, ToolHost

CLOSE_WITHIN = 7.0  # view pixels around the first corner
HANDLE = 3.0  # half the side of a corner's handle, view pixels
DARK, LIGHT = QColor(0, 0, 0, 200), QColor(255, 214, 102)


class Polygon(ToolHandler):
    """Left click adds a corner, or closes on the first one; right click takes the last back."""

    clicks = True

    def __init__(self, host: ToolHost) -> None:
        super().__init__(host)
        self._corners: list[QPointF] = []
        self._pointer = QPointF()

    @property
    def active(self) -> bool:
        return bool(self._corners)

    def press(self, point: QPointF, button: Qt.MouseButton) -> None:
        if button == Qt.MouseButton.RightButton:
            self.back()
        elif len(self._corners) >= 3 and self._near_first(point):
            self.finish()
        else:
            self._corners.append(point)
        self._pointer = point
        self.host.refreshOverlay()

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.active:
            self._pointer = point
            self.host.refreshOverlay()

    def finish(self) -> None:
        corners, self._corners = self._corners, []
        model = self.host.model
        stencil = polygon(corners, model.rect()) if len(corners) >= 3 else None
        if stencil is not None:
            model.begin("Polygon")
            model.paint(*stencil, 1)
            model.commit()
        self.host.refreshOverlay()

    def back(self) -> None:
        if self._corners:
            self._corners.pop()
            self.host.refreshOverlay()

    def cancel(self) -> None:
        self._corners = []
        self.host.refreshOverlay()

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        if not self._corners:
            return
        corners = [transform.map(corner) for corner in self._corners]
        outline = QPolygonF([*corners, transform.map(self._pointer)])
        closable = len(corners) >= 3 and self._near_first(self._pointer)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(DARK, 3.0), QPen(LIGHT, 1.4)):
            painter.setPen(pen)
            painter.drawPolyline(outline)
        painter.setPen(QPen(DARK, 1.0))
        painter.setBrush(LIGHT)
        for index, corner in enumerate(corners):
            half = HANDLE * (1.8 if closable and index == 0 else 1.0)
            painter.drawRect(QRectF(corner.x() - half, corner.y() - half, 2 * half, 2 * half))
        painter.restore()

    def _near_first(self, point: QPointF) -> bool:
        distance = (point - self._corners[0]) * self.host.scale()
        return max(abs(distance.x()), abs(distance.y())) <= CLOSE_WITHIN
