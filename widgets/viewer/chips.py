"""Short texts on an image, legible on any grey value."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter

PLATE = QColor(10, 11, 14, 205)
MARGIN = 8.0
PAD_X, PAD_Y = 7.0, 3.0


def draw_chip(
    painter: QPainter,
    pane: QRectF,
    corner: Qt.AlignmentFlag,
    text: str,
    colour: QColor,
    *,
    bold: bool = False,
    dot: bool = False,
) -> QRectF:
    """Draw `text` on a dark plate in a corner of `pane`, elided to its width; returns the plate.

    `dot` puts a filled circle of the same colour before the text.
    """
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    if bold:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.8)
    metrics = QFontMetricsF(font)
    lead = metrics.height() * 0.75 if dot else 0.0
    room = pane.width() - 2 * MARGIN - 2 * PAD_X - lead
    if room <= 0:
        return QRectF()
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    width = metrics.horizontalAdvance(shown) + 2 * PAD_X + lead
    height = metrics.height() + 2 * PAD_Y
    right = bool(corner & Qt.AlignmentFlag.AlignRight)
    bottom = bool(corner & Qt.AlignmentFlag.AlignBottom)
    x = pane.right() - MARGIN - width if right else pane.left() + MARGIN
    y = pane.bottom() - MARGIN - height if bottom else pane.top() + MARGIN
    plate = QRectF(x, y, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    if dot:
        painter.setBrush(colour)
        radius = metrics.height() * 0.2
        painter.drawEllipse(QPointF(x + PAD_X + radius, plate.center().y()), radius, radius)
    painter.setFont(font)
    painter.setPen(colour)
    line = plate.adjusted(PAD_X + lead, 0, 0, 0)
    painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
    painter.restore()
    return plate
