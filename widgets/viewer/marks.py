"""Marks on an image: the probed pixel, "a newer one is coming", and what to do without one."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from widgets.theme import DARK
from widgets.viewer.chips import draw_chip

MARKER_GAP, MARKER_ARM = 3.0, 9.0  # view pixels
MARKER_PENS = ((QColor(0, 0, 0, 210), 3.4), (QColor(255, 226, 89), 1.5))


def draw_marker(painter: QPainter, centre: QPointF, scale: float) -> None:
    """Hair lines around a pixel that is `scale` view pixels wide, leaving it in sight."""
    gap = max(MARKER_GAP, scale / 2 + 1)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in MARKER_PENS:
        painter.setPen(QPen(colour, width))
        for way in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
            painter.drawLine(centre + way * gap, centre + way * (gap + MARKER_ARM))
    painter.restore()


def draw_stale(painter: QPainter, area: QRectF) -> None:
    """A thin frame and a chip; the image itself stays as it is."""
    amber = QColor(DARK.warning)
    amber.setAlpha(170)
    painter.setPen(QPen(amber, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))
    corner = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
    draw_chip(painter, area, corner, "updating", QColor(DARK.warning), dot=True)


def draw_placeholder(painter: QPainter, area: QRectF, text: str) -> None:
    """A quiet text in the middle."""
    flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
    painter.setPen(QColor(DARK.muted))
    painter.drawText(area.adjusted(24, 24, -24, -24), flags, text)
