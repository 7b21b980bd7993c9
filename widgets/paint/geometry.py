"""Strokes as pixels: which pixel centres lie inside a path with a width, or a polygon."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, Qt
from PyQt6.QtGui import QImage, QPainter, QPolygonF

Points = NDArray[np.float64]  # (N, 2), x and y in image coordinates
Stencil = tuple[QRect, NDArray[np.bool_]]  # where, and which pixels of it

CHUNK = 16  # segments rasterised together
MIN_RADIUS = 0.5  # a path of this radius is 8-connected and one pixel wide


def stroke(points: Points, radii: NDArray[np.float64], bounds: QRect) -> Iterator[Stencil]:
    """Rasterise a path with round joins and caps, in pieces that each cover a small rectangle.

    points (N, 2) and radii (N,) in image pixels; a pixel belongs when its centre is within the
    radius of the path, the radius being linear along each segment. Pieces overlap.
    """
    radii = np.maximum(radii, MIN_RADIUS)
    if len(points) == 1:
        yield from _dot(points[0], float(radii[0]), bounds)
        return
    for first in range(0, len(points) - 1, CHUNK):
        last = min(first + CHUNK, len(points) - 1)
        yield from _segments(points[first : last + 1], radii[first : last + 1], bounds)


def brush_path(start: QPointF, end: QPointF, diameter: float) -> tuple[Points, NDArray[np.float64]]:
    """A straight brush move, split so that a long diagonal does not cover a huge rectangle."""
    length = math.hypot(end.x() - start.x(), end.y() - start.y())
    if length < 1e-6:
        return np.array([[end.x(), end.y()]]), np.array([diameter / 2])
    # `stroke` joins CHUNK segments, whose rectangle should be about as long as the brush is wide.
    parts = max(1, math.ceil(length * CHUNK / max(32.0, 2 * diameter)))
    along = np.linspace(0.0, 1.0, parts + 1 if parts > CHUNK else 2)[:, None]
    points = np.array([start.x(), start.y()]) * (1 - along) + np.array([end.x(), end.y()]) * along
    return points, np.full(len(points), diameter / 2)


def vessel_path(
    raw: Points, start_width: float, end_width: float, smoothing: float
) -> tuple[Points, NDArray[np.float64]]:
    """A hand-drawn path as a smooth vessel whose width tapers along its arc length.

    raw (N, 2); widths and `smoothing` (standard deviation along the arc) in image pixels. The ends
    stay where they were drawn. Returns points (M, 2) and radii (M,), spaced by about half a radius.
    """
    length = _arc(raw)
    total = float(length[-1])
    if len(raw) < 2 or total < 1e-6:
        return raw[:1], np.array([start_width / 2])
    even = _resampled(raw, length, np.linspace(0.0, total, max(3, min(2000, math.ceil(total)) + 1)))
    smooth = _smoothed(even, smoothing / (total / (len(even) - 1)))
    length = _arc(smooth)
    fraction = length / length[-1]
    radii = 0.5 * (start_width + (end_width - start_width) * fraction)
    # Equal steps of `spent` are short where the vessel is thin and long where it is wide.
    spent = np.concatenate([[0.0], np.cumsum(np.diff(length) / np.maximum(radii[1:] / 2, 1.0))])
    picks = np.interp(np.linspace(0, spent[-1], max(2, math.ceil(spent[-1]) + 1)), spent, length)
    return _resampled(smooth, length, picks), np.interp(picks, length, radii)


def snapped(start: QPointF, end: QPointF, degrees: float = 15.0) -> QPointF:
    """`end` turned about `start` to the nearest multiple of `degrees`."""
    dx, dy = end.x() - start.x(), end.y() - start.y()
    step = math.radians(degrees)
    angle = round(math.atan2(dy, dx) / step) * step
    length = math.hypot(dx, dy)
    return QPointF(start.x() + length * math.cos(angle), start.y() + length * math.sin(angle))


def polygon(corners: Sequence[QPointF], bounds: QRect) -> Stencil | None:
    """The pixels whose centres lie inside a closed polygon (odd-even), or None outside `bounds`."""
    shape = QPolygonF(corners)
    rect = shape.boundingRect().toAlignedRect() & bounds
    if rect.isEmpty():
        return None
    image = QImage(rect.size(), QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.translate(-rect.left(), -rect.top())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawPolygon(shape, Qt.FillRule.OddEvenFill)
    painter.end()
    bits = image.constBits()
    if bits is None:
        return None
    lines = np.frombuffer(bits.asstring(image.sizeInBytes()), np.uint8).reshape(
        rect.height(), image.bytesPerLine()
    )
    return rect, lines[:, : rect.width()] > 127


def flood(mask: NDArray[np.uint8], x: int, y: int) -> Stencil:
    """The connected region of equal value around pixel (x, y) of `mask` (H, W).

    Background connects through edges only, so that it does not leak through a diagonal one-pixel
    vessel; vessels connect through corners too.
    """
    # scipy.ndimage takes a while to import and most sessions never fill.
    from scipy import ndimage

    corners = bool(mask[y, x])
    structure = np.ones((3, 3), bool) if corners else None
    labels, _ = ndimage.label(mask == mask[y, x], structure)
    region = labels == labels[y, x]
    return QRect(0, 0, mask.shape[1], mask.shape[0]), region


def _segments(points: Points, radii: NDArray[np.float64], bounds: QRect) -> Iterator[Stencil]:
    reach = float(radii.max())
    low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
    rect = _between(low, high) & bounds
    if rect.isEmpty():
        return
    x, y = _centres(rect)
    start = points[:-1].astype(np.float32)
    along = np.diff(points, axis=0).astype(np.float32)
    square = np.maximum((along**2).sum(axis=1), np.float32(1e-9))
    dx = x[None, None, :] - start[:, 0, None, None]
    dy = y[None, :, None] - start[:, 1, None, None]
    ax, ay = along[:, 0, None, None], along[:, 1, None, None]
    t = np.clip((dx * ax + dy * ay) / square[:, None, None], 0.0, 1.0)
    r = radii.astype(np.float32)
    width = r[:-1, None, None] + t * np.diff(r)[:, None, None]
    distance = (dx - t * ax) ** 2 + (dy - t * ay) ** 2
    yield rect, (distance <= width * width + np.float32(1e-4)).any(axis=0)


def _dot(point: NDArray[np.float64], radius: float, bounds: QRect) -> Iterator[Stencil]:
    rect = _between(point - radius, point + radius) & bounds
    if rect.isEmpty():
        return
    x, y = _centres(rect)
    inside = (x[None, :] - point[0]) ** 2 + (y[:, None] - point[1]) ** 2 <= radius * radius
    column, row = math.floor(point[0]) - rect.left(), math.floor(point[1]) - rect.top()
    if 0 <= row < rect.height() and 0 <= column < rect.width():
        inside[row, column] = True  # a dot between four pixels still leaves a mark
    yield rect, inside


def _between(low: NDArray[np.float64], high: NDArray[np.float64]) -> QRect:
    x, y = math.floor(low[0]), math.floor(low[1])
    return QRect(x, y, math.floor(high[0]) - x + 1, math.floor(high[1]) - y + 1)


def _centres(rect: QRect) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x = np.arange(rect.left(), rect.left() + rect.width(), dtype=np.float32) + np.float32(0.5)
    y = np.arange(rect.top(), rect.top() + rect.height(), dtype=np.float32) + np.float32(0.5)
    return x, y


def _arc(points: Points) -> NDArray[np.float64]:
    """Arc length from the first point to each."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _resampled(points: Points, length: NDArray[np.float64], at: NDArray[np.float64]) -> Points:
    return np.stack([np.interp(at, length, points[:, axis]) for axis in (0, 1)], axis=1)


def _smoothed(points: Points, sigma: float) -> Points:
    """Gaussian smoothing along the path; point reflection at the ends holds them in place."""
    radius = min(math.ceil(3 * sigma), len(points) - 1)
    if radius < 1:
        return points
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    before = 2 * points[0] - points[radius:0:-1]
    after = 2 * points[-1] - points[-2 : -radius - 2 : -1]
    padded = np.concatenate([before, points, after])
    return np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)
