"""What is drawn over a slice: crosshair, sides of the patient, scale, and where the slice lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from widgets.theme import DARK
from widgets.viewer.chips import MARGIN, PLATE, draw_chip
from widgets.viewer.marks import draw_placeholder
from widgets.viewer.volume.layers import Blend
from widgets.viewer.volume.planes import PlaneName, tilt_degrees

if TYPE_CHECKING:
    from widgets.viewer.volume.slice_pane import SlicePane

PLANE_COLOURS = {
    PlaneName.AXIAL: QColor("#F34A33"),
    PlaneName.CORONAL: QColor("#6EB04B"),
    PlaneName.SAGITTAL: QColor("#EDD54C"),
}
HALO = QColor(0, 0, 0, 200)
GAP = 9.0  # view pixels left free around the crosshair's middle
TILTED = 1.0  # degrees from which a grid counts as oblique
ROUND = (1, 2, 5)
TOP, BOTTOM = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
AT_LEFT = Qt.AlignmentFlag.AlignLeft
SMALL = 260.0  # view pixels below which only what is needed is written
WIDE = 400.0  # from here on there is room for the zoom
EMPTY = "No image is open. Drop a NIfTI, DICOM, NRRD or h5 file here, or press Ctrl+O."


@dataclass(frozen=True)
class Decorations:
    """Which of them are drawn.

    Attributes:
        letters: Of the patient's sides, at the edges.
        crosshair: Lines through what all views look at.
        scale_bar: A length in mm.
        title: The plane's name, its slice, and where that lies.
        convention: Which way the patient is seen.
        frame: A line in the plane's colour around the view.
    """

    letters: bool = True
    crosshair: bool = True
    scale_bar: bool = True
    title: bool = True
    convention: bool = True
    frame: bool = True


NOTHING = Decorations(False, False, False, False, False, False)


def draw_decorations(painter: QPainter, pane: SlicePane, wanted: Decorations) -> None:
    """Draw in view pixels."""
    area = QRectF(pane.rect())
    if pane.plane() is None:
        draw_placeholder(painter, area, pane.placeholder())
        return
    if any(layer.look.blend is Blend.CURTAIN for layer in pane.stack() if layer.look.visible):
        _draw_curtain(painter, area, pane.curtain() * area.width())
    if wanted.crosshair:
        _draw_crosshair(painter, pane)
    if wanted.frame:
        painter.setPen(QPen(PLANE_COLOURS[pane.name()], 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(1, 1, -1, -1))
    above = below = QRectF()
    if wanted.title:
        colour = PLANE_COLOURS[pane.name()]
        above = draw_chip(painter, area, TOP | AT_LEFT, _title(pane, area), colour, bold=True)
    text = _convention(pane) if wanted.convention and area.width() >= SMALL else ""
    if text and area.width() >= WIDE:
        text = f"{text}   zoom {pane.scale():.0%}"
    if text:
        below = draw_chip(painter, area, BOTTOM | AT_LEFT, text, QColor(DARK.text))
    if wanted.scale_bar:
        _draw_scale(painter, pane, area)
    if wanted.letters:
        _draw_letters(painter, pane, area, above, below)


def _title(pane: SlicePane, area: QRectF) -> str:
    plane = pane.plane()
    if plane is None:
        return ""
    text = f"{pane.name().value.title()}  {pane.index() + 1} / {plane.count}"
    only = pane.only()
    if only is not None:
        text = f"{only.name}   {text}"
    place = pane.sliceText()
    return f"{text}   {place}" if place and area.width() >= SMALL else text


def _convention(pane: SlicePane) -> str:
    plane, grid = pane.plane(), pane.grid()
    if plane is None or grid is None:
        return ""
    if not grid.oriented:
        return "no orientation"
    side = plane.letters[0]
    if pane.name() is PlaneName.SAGITTAL:
        text = f"{side} on the left"
    else:
        convention = "Radiological" if pane.isRadiological() else "Neurological"
        text = f"{convention}: {side} on the left"
    tilt = tilt_degrees(grid.affine)
    return f"{text}   oblique {tilt:.0f}°" if tilt > TILTED else text


def _draw_letters(
    painter: QPainter, pane: SlicePane, area: QRectF, above: QRectF, below: QRectF
) -> None:
    """At the middles of the edges, clear of the plates `above` and `below`."""
    plane = pane.plane()
    if plane is None or not plane.letters[0]:
        return
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.Bold)
    metrics = QFontMetricsF(font)
    inset, half = MARGIN + metrics.height() * 0.5, metrics.capHeight() / 2
    middle = area.center()
    top = above.bottom() if above.right() > middle.x() - metrics.height() else area.top()
    bottom = below.top() if below.right() > middle.x() - metrics.height() else area.bottom()
    places = (
        QPointF(area.left() + inset, middle.y()),
        QPointF(area.right() - inset, middle.y()),
        QPointF(middle.x(), top + inset),
        QPointF(middle.x(), bottom - inset),
    )
    side = metrics.height() * 1.15
    for letter, place in zip(plane.letters, places, strict=True):
        plate = QRectF(place.x() - side / 2, place.y() - side / 2, side, side)
        start = place + QPointF(-metrics.horizontalAdvance(letter) / 2, half)
        _draw_plated(painter, plate, start, letter, font)


def _draw_plated(
    painter: QPainter, plate: QRectF, baseline: QPointF, text: str, font: QFont
) -> None:
    """Text on a dark plate, legible on bright and on dark; far quicker than text with a rim."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setFont(font)
    painter.setPen(QColor(DARK.text))
    painter.drawText(baseline, text)
    painter.restore()


def _draw_crosshair(painter: QPainter, pane: SlicePane) -> None:
    point = pane.crosshairPoint()
    if point is None:
        return
    at = pane.planeToView(point)
    area = QRectF(pane.rect())
    gap = max(GAP, pane.scale() / 2 + 3)
    other = [name for name in PLANE_COLOURS if name is not pane.name()]
    across, down = crossing(pane.name(), other)
    painter.save()
    lines = (
        (across, QLineF(area.left(), at.y(), at.x() - gap, at.y())),
        (across, QLineF(at.x() + gap, at.y(), area.right(), at.y())),
        (down, QLineF(at.x(), area.top(), at.x(), at.y() - gap)),
        (down, QLineF(at.x(), at.y() + gap, at.x(), area.bottom())),
    )
    for name, line in lines:
        painter.setPen(QPen(QColor(0, 0, 0, 110), 3))
        painter.drawLine(line)
        painter.setPen(QPen(PLANE_COLOURS[name], 1))
        painter.drawLine(line)
    painter.restore()


def crossing(name: PlaneName, others: list[PlaneName]) -> tuple[PlaneName, PlaneName]:
    """The planes whose slices are seen as the horizontal and the vertical line."""
    vertical = PlaneName.CORONAL if name is PlaneName.SAGITTAL else PlaneName.SAGITTAL
    horizontal = next(other for other in others if other is not vertical)
    return horizontal, vertical


def _draw_curtain(painter: QPainter, area: QRectF, x: float) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(HALO, 3))
    painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
    painter.setPen(QPen(QColor(DARK.text), 1.4))
    painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
    painter.setBrush(QColor(DARK.raised))
    painter.drawRoundedRect(QRectF(x - 5, area.center().y() - 14, 10, 28), 4, 4)
    painter.restore()


def nice_length(most: float) -> float:
    """The longest of 1, 2, 5, 10, 20 ... (and of tenths) that is not above `most` mm."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in ROUND if step * power <= most * (1 + 1e-9))


def length_text(millimetres: float) -> str:
    """In cm from 1 cm, in µm below 1 mm."""
    if millimetres >= 10:
        return f"{millimetres / 10:g} cm"
    return f"{millimetres:g} mm" if millimetres >= 1 else f"{millimetres * 1000:g} µm"


def _draw_scale(painter: QPainter, pane: SlicePane, area: QRectF) -> None:
    grid = pane.grid()
    if grid is None or not grid.oriented:
        return
    length = nice_length(max(area.width() * 0.25, 20.0) * pane.mmPerPixel())
    width = length / pane.mmPerPixel()
    font = QFont(painter.font())
    text = length_text(length)
    metrics = QFontMetricsF(font)
    right, y = area.right() - MARGIN - 6, area.bottom() - MARGIN - 8
    start = QPointF(right - width / 2 - metrics.horizontalAdvance(text) / 2, y - 7)
    start.setX(min(start.x(), right - metrics.horizontalAdvance(text)))
    plate = metrics.boundingRect(text).translated(start).adjusted(-5, -2, 5, 2)
    _draw_plated(painter, plate, start, text, font)
    painter.save()
    bar = (
        QLineF(right - width, y, right, y),
        QLineF(right - width, y - 4, right - width, y + 4),
        QLineF(right, y - 4, right, y + 4),
    )
    for pen in (QPen(HALO, 4), QPen(QColor(DARK.text), 1.6)):
        painter.setPen(pen)
        for line in bar:
            painter.drawLine(line)
    painter.restore()
