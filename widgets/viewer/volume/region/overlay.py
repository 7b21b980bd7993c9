"""The chosen box on the slices: dashed, with what lies outside of it dimmed."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

from widgets.viewer.volume.planes import rect_of
from widgets.viewer.volume.region.model import RegionModel
from widgets.viewer.volume.slice_pane import SlicePane

LINE, SHADE = QColor("#ffffff"), QColor(0, 0, 0, 110)
HALO = QColor(0, 0, 0, 190)
FAINT = QColor(255, 255, 255, 110)
HANDLE = 3.0  # half the side of a handle, view pixels
DASHES = [5.0, 4.0]


class RegionOverlay:
    """Draws a box in any view."""

    def __init__(self, model: RegionModel) -> None:
        self._model = model

    def paint(self, view: SlicePane, painter: QPainter) -> None:
        """Draw the box on the view's slice, fainter where the slice lies beside it."""
        frame = frame_of(self._model, view)
        plane = view.plane()
        if frame is None or plane is None or not self._model.isShown():
            return
        box = self._model.box()
        inside = box.low[plane.axis] <= view.index() < box.high[plane.axis]
        image = _on_view(view, QRectF(0, 0, *plane.size))
        painter.save()
        shade = QPainterPath()
        shade.addRect(image)
        if inside:
            hole = QPainterPath()
            hole.addRect(frame)
            shade -= hole
        painter.fillPath(shade, SHADE)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if inside:
            painter.setPen(QPen(HALO, 3.0))
            painter.drawRect(frame)
        dashed = QPen(LINE if inside else FAINT, 1.4, Qt.PenStyle.CustomDashLine)
        dashed.setDashPattern(DASHES)
        painter.setPen(dashed)
        painter.drawRect(frame)
        if inside:
            _draw_handles(painter, frame)
        painter.restore()


def frame_of(model: RegionModel, view: SlicePane) -> QRectF | None:
    """The box's outline in view pixels, whatever slice is shown; None on another image."""
    plane = view.plane()
    if plane is None or plane.shape != model.whole().shape:
        return None
    return _on_view(view, rect_of(plane, model.box()))


def _on_view(view: SlicePane, rect: QRectF) -> QRectF:
    corners = view.planeToView(rect.topLeft()), view.planeToView(rect.bottomRight())
    return QRectF(*corners).normalized()


def _draw_handles(painter: QPainter, frame: QRectF) -> None:
    middle = frame.center()
    painter.setPen(QPen(HALO, 1))
    painter.setBrush(LINE)
    for x in (frame.left(), middle.x(), frame.right()):
        for y in (frame.top(), middle.y(), frame.bottom()):
            if QPointF(x, y) != middle:
                painter.drawRect(QRectF(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE))
