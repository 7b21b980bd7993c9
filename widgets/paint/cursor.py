"""The brush's outline under the pointer, at its true size."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

DARK, LIGHT, ERASING = QColor(0, 0, 0, 220), QColor(255, 255, 255), QColor(255, 150, 140)
CROSS_BELOW = 10.0  # view pixels: smaller circles get hair lines so that they can be found
CROSS = 6.0
BORDER = 10


def cursor_rect(centre: QPointF, diameter: float) -> QRect:
    """What `draw_cursor` may touch, in view pixels."""
    reach = diameter / 2 + BORDER
    box = QRectF(centre.x() - reach, centre.y() - reach, 2 * reach, 2 * reach)
    return box.toAlignedRect()


def draw_cursor(painter: QPainter, centre: QPointF, diameter: float, erasing: bool) -> None:
    """A circle of `diameter` view pixels, light within dark: seen on black and on white."""
    radius = diameter / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(DARK, 3.0))
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(QPen(ERASING if erasing else LIGHT, 1.2))
    painter.drawEllipse(centre, radius, radius)
    if diameter < CROSS_BELOW:
        for pen in (QPen(DARK, 3.0), QPen(ERASING if erasing else LIGHT, 1.2)):
            painter.setPen(pen)
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                way = QPointF(dx, dy)
                painter.drawLine(centre + way * (radius + 3), centre + way * (radius + 3 + CROSS))
    painter.restore()
