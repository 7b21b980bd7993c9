"""Outlines of labels, as thin at every zoom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, QRectF
from PyQt6.QtGui import QImage, QPainter

from widgets.viewer.raster import wrapped
from widgets.viewer.volume.colours import CLEAR, Colours
from widgets.viewer.volume.cut import Cut
from widgets.viewer.volume.drawn import DrawnLayer

THICKNESS = 1.6  # view pixels, inside of the label


def draw_outline(
    painter: QPainter, drawn: DrawnLayer, cut: Cut, exposed: QRect, ratio: float
) -> None:
    """Outline labels in `exposed` (view pixels); the painter maps plane to view coordinates."""
    draw_outlined(painter, *drawn.indices(cut), exposed, ratio)


def draw_outlined(
    painter: QPainter,
    labels: NDArray[Any],
    palette: Colours,
    exposed: QRect,
    ratio: float,
    thickness: float = THICKNESS,
    halo: np.uint32 = CLEAR,
) -> None:
    """Outline labels (h, w) of a slice; the painter maps plane to view coordinates.

    Args:
        labels: Indices of the palette, 0 where there is nothing.
        palette: Colours by label.
        exposed: View pixels to draw in.
        ratio: Device pixels per view pixel.
        thickness: View pixels, inside of each label.
        halo: Drawn along the outline where there is no label.
    """
    if not labels.any():
        return
    width = max(1, round(thickness * ratio))
    # Device pixels, and as many around them as an outline can reach.
    x0, y0 = (int(edge * ratio) - width for edge in (exposed.left(), exposed.top()))
    x1 = int((exposed.right() + 1) * ratio) + width + 1
    y1 = int((exposed.bottom() + 1) * ratio) + width + 1
    inverse, _ = painter.transform().inverted()
    first = inverse.map(QPointF(x0 / ratio, y0 / ratio))
    last = inverse.map(QPointF(x1 / ratio, y1 / ratio))
    columns = edges(first.x(), last.x(), x1 - x0)
    rows = edges(first.y(), last.y(), y1 - y0)
    seen = enlarged(enlarged(labels, rows, 0), columns, 1)
    table = palette.copy()
    table[0] = halo
    colours = np.where(bordering(seen, width), np.take(table, seen), CLEAR)
    image = wrapped(colours.astype(np.uint32), QImage.Format.Format_ARGB32_Premultiplied)
    target = QRectF(x0 / ratio, y0 / ratio, (x1 - x0) / ratio, (y1 - y0) / ratio)
    painter.save()
    painter.resetTransform()
    painter.drawImage(target, image)
    painter.restore()


def edges(first: float, last: float, count: int) -> NDArray[np.float64]:
    """Where `count` equal pixels between two plane coordinates begin and end (count + 1,)."""
    return np.linspace(first, last, count + 1)


def enlarged(labels: NDArray[Any], at: NDArray[np.float64], axis: int) -> NDArray[Any]:
    """Labels along one axis at pixels with edges `at` (n + 1,), 0 outside.

    A pixel that covers several labels takes the highest, so that thin ones stay in sight.
    """
    size = labels.shape[axis]
    step = at[1] - at[0]
    if step <= 1.0:
        places = np.floor((at[:-1] + at[1:]) / 2).astype(np.intp)
        found = np.take(labels, np.clip(places, 0, size - 1), axis)
    else:
        places = np.floor(at[:-1]).astype(np.intp)
        found = np.maximum.reduceat(labels, np.clip(places, 0, size - 1), axis)
    outside = (places < 0) | (places >= size)
    if axis == 0:
        found[outside] = 0
    else:
        found[:, outside] = 0
    return found


def bordering(seen: NDArray[Any], thickness: int) -> NDArray[np.bool_]:
    """Where another label lies within `thickness` pixels, left, right, above or below."""
    border = np.zeros(seen.shape, bool)
    for step in range(1, thickness + 1):
        across = seen[:, step:] != seen[:, :-step]
        border[:, step:] |= across
        border[:, :-step] |= across
        down = seen[step:] != seen[:-step]
        border[step:] |= down
        border[:-step] |= down
    return border
