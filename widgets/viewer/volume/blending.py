"""How a layer lies on those below it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PyQt6.QtCore import QRect, QRectF, QSize
from PyQt6.QtGui import QPainter, QRegion

from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.drawn import DrawnLayer
from widgets.viewer.volume.label_outline import draw_outline
from widgets.viewer.volume.layers import Blend

SQUARE = 56  # view pixels of a checkerboard's square


@dataclass(frozen=True)
class Place:
    """Where a slice is painted.

    Attributes:
        exposed: View pixels that are to be painted.
        size: Of the view.
        source: The visible part in plane coordinates.
        scale: Device pixels per plane pixel.
        ratio: Device pixels per view pixel.
        curtain: View pixels left of which curtained layers are not drawn.
        square: View pixels of a checkerboard's square.
    """

    exposed: QRect
    size: QSize
    source: QRectF
    scale: float
    ratio: float
    curtain: float
    square: int = SQUARE


def draw_blended(painter: QPainter, drawn: DrawnLayer, cut: Cut, place: Place) -> None:
    """Paint a layer with its opacity; the painter maps plane to view coordinates."""
    look = drawn.layer.look
    painter.save()
    outlined = drawn.labels and look.outlined
    # A thin line at half opacity would hardly be seen.
    painter.setOpacity((1.0 + look.opacity) / 2 if outlined else look.opacity)
    region = clip_of(look.blend, place)
    if region is not None:
        transform = painter.transform()
        painter.resetTransform()
        painter.setClipRegion(region)
        painter.setTransform(transform)
    if look.blend is Blend.ADD:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
    if outlined:
        draw_outline(painter, drawn, cut, place.exposed, place.ratio)
    else:
        drawn.draw(painter, cut, place.source, place.scale)
    painter.restore()


def clip_of(blend: Blend, place: Place) -> QRegion | None:
    """The view pixels where a layer is drawn, or None for all."""
    width, height = place.size.width(), place.size.height()
    if blend is Blend.CURTAIN:
        edge = round(place.curtain)
        return QRegion(edge, 0, max(width - edge, 0), height)
    if blend is not Blend.CHECKER:
        return None
    region = QRegion()
    side = place.square
    for row in range(math.ceil(height / side)):
        for column in range((row + 1) % 2, math.ceil(width / side), 2):
            region += QRect(column * side, row * side, side, side)
    return region
