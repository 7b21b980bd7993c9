"""Measurements on the slices that they lie on."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from widgets.viewer.chips import PLATE
from widgets.viewer.volume.decorations import HALO
from widgets.viewer.volume.measure.figures import figures, index_on
from widgets.viewer.volume.measure.model import MeasureKind, Measurement, Measurements, World
from widgets.viewer.volume.slice_pane import SlicePane

COLOUR, SELECTED = QColor("#7fd6ff"), QColor("#ffe259")
RADIUS = 4.0  # of end points, view pixels


class MeasureOverlay:
    """Draws a list of measurements in any view."""

    def __init__(self, measurements: Measurements) -> None:
        self._measurements = measurements

    def paint(self, view: SlicePane, painter: QPainter) -> None:
        """Draw what lies on the view's slice."""
        for item in self._measurements.items():
            if is_on(item, view):
                selected = item.key == self._measurements.selected()
                draw_measurement(painter, view, item, SELECTED if selected else COLOUR)


def is_on(item: Measurement, view: SlicePane) -> bool:
    """Whether a measurement lies on the slice that a view shows."""
    plane, grid = view.plane(), view.grid()
    if plane is None or grid is None or item.plane is not view.name():
        return False
    return index_on(item, plane, grid) == view.index()


def view_points(view: SlicePane, points: Sequence[World]) -> list[QPointF]:
    """Points (RAS+ mm) in view pixels, as seen straight onto the slice."""
    plane, grid = view.plane(), view.grid()
    if plane is None or grid is None:
        return []
    return [view.planeToView(QPointF(*plane.point(grid.voxel(at))[:2])) for at in points]


def draw_measurement(painter: QPainter, view: SlicePane, item: Measurement, colour: QColor) -> None:
    """Lines, end points and the main number."""
    points = view_points(view, item.points)
    path = shape_of(item.kind, points)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(HALO, 3.6), QPen(colour, 1.6)):
        painter.setPen(pen)
        painter.drawPath(path)
    painter.setPen(QPen(HALO, 1))
    painter.setBrush(colour)
    for point in points:
        painter.drawEllipse(point, RADIUS, RADIUS)
    if len(points) == item.kind.points:
        _draw_text(painter, view, path.boundingRect(), figures(item, view.stack()).text, colour)
    painter.restore()


def shape_of(kind: MeasureKind, points: Sequence[QPointF]) -> QPainterPath:
    """The lines of a measurement, perhaps of an unfinished one."""
    path = QPainterPath()
    if not points:
        return path
    if kind.region and len(points) == 2:
        frame = QRectF(points[0], points[1]).normalized()
        if kind is MeasureKind.ELLIPSE:
            path.addEllipse(frame)
        else:
            path.addRect(frame)
        return path
    path.moveTo(points[0])
    for point in points[1:]:
        path.lineTo(point)
    return path


def _draw_text(
    painter: QPainter, view: SlicePane, around: QRectF, text: str, colour: QColor
) -> None:
    """On a plate beside the lines, inside of the view."""
    metrics = QFontMetricsF(QFont(painter.font()))
    lines = text.split("\n")
    width = max(metrics.horizontalAdvance(line) for line in lines) + 10
    plate = QRectF(0, 0, width, metrics.height() * len(lines) + 4)
    plate.moveTopLeft(QPointF(around.right() + 8, around.center().y() - plate.height() / 2))
    room = QRectF(view.rect()).adjusted(4, 4, -4, -4)
    if plate.right() > room.right():
        plate.moveRight(max(around.left() - 8, room.left() + width))
    plate.moveTop(min(max(plate.top(), room.top()), room.bottom() - plate.height()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(colour)
    painter.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), text)
