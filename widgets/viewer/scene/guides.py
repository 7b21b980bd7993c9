"""What is painted over a 3D scene: directions, the crosshair, words."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPen

from widgets.theme import DARK, blend
from widgets.viewer.scene.camera import Camera

# Each axis in the colour of the plane that it stands on.
_AXES = (("R", "L", "#EDD54C"), ("A", "P", "#6EB04B"), ("S", "I", "#F34A33"))


def paint_axes(painter: QPainter, camera: Camera, size: QSize) -> None:
    """Letters R A S and their opposites around a point at the lower left, far ones faint."""
    height = painter.fontMetrics().height()
    arm = 1.9 * height
    centre = QPointF(arm + height, size.height() - arm - height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ends = []
    for axis, (positive, negative, colour) in enumerate(_AXES):
        x, y, z = camera.matrix[:, axis].tolist()
        ends.append((z, positive, QPointF(x, -y), colour, True))
        ends.append((-z, negative, QPointF(-x, y), colour, False))
    for depth, letter, toward, colour, positive_end in sorted(ends, key=lambda end: end[0]):
        tone = blend(colour, DARK.canvas, 0.55 if depth < -0.05 else 0.0)
        tip = centre + toward * arm
        painter.setPen(QPen(tone, 2 if positive_end else 1))
        painter.drawLine(centre, centre + toward * (arm * 0.72))
        box = QRectF(tip.x() - height, tip.y() - height, 2 * height, 2 * height)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
    painter.restore()


def paint_crosshair(
    painter: QPainter, camera: Camera, world: tuple[float, float, float], size: QSize
) -> None:
    """A small cross where a world point (mm) is seen."""
    x, y, _ = camera.pixels(np.array([world], np.float64), size.width(), size.height())[0]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((DARK.canvas, 3), (DARK.accent, 1)):
        painter.setPen(QPen(QColor(colour), width))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(QPointF(x + 4 * dx, y + 4 * dy), QPointF(x + 14 * dx, y + 14 * dy))
    painter.restore()


def paint_text(painter: QPainter, size: QSize, middle: str, below: str) -> None:
    """What is missing in the middle, and what is to be known at the foot."""
    painter.setPen(QColor(DARK.muted))
    pad = painter.fontMetrics().height() // 2
    box = QRectF(pad, pad, size.width() - 2 * pad, size.height() - 2 * pad)
    wrapped = int(Qt.TextFlag.TextWordWrap)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter) | wrapped, middle)
    corner = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
    foot = box.adjusted(box.width() * 0.35, 0, 0, 0)
    painter.drawText(foot, corner | wrapped, below)
