"""A numpy array on screen: a QImage over the same memory, with averaged levels for zooming out."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter

_FORMATS = {
    1: QImage.Format.Format_Grayscale8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_ARGB32_Premultiplied,
}
NEAREST_FROM = 2.0  # device pixels per image pixel; below, pixels are blended


class Raster:
    """uint8 (H, W) grey, (H, W, 3) RGB, (H, W, 4) or (H, W) coverage painted in a `tint` colour.

    Four channels are blue, green, red and alpha, multiplied by alpha already, as Qt has them.

    Write into `base` and call `touch` with what changed. When the picture is shown at less than
    half its size, levels averaged 2 x 2 are used, because Qt's bilinear filter skips pixels there
    and thin vessels would break up. Only levels that were needed are kept up to date.

    A `crisp` raster of colours is never blended: a level keeps the most opaque of 2 x 2 pixels, so
    that thin areas stay in sight.
    """

    def __init__(
        self, shape: tuple[int, ...], tint: QColor | None = None, *, crisp: bool = False
    ) -> None:
        if tint is not None and len(shape) != 2:
            raise ValueError("only an (H, W) coverage can be tinted")
        if crisp and shape[2:] != (4,):
            raise ValueError("only (H, W, 4) colours can be crisp")
        self._crisp = crisp
        self._halve = _keep if crisp else _halve
        self._levels: list[NDArray[np.uint8]] = [np.zeros(shape, np.uint8)]
        self._table = None if tint is None else _tint_table(tint)
        self._shown = -1
        self._tinted: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)
        self._image = QImage()

    @property
    def base(self) -> NDArray[np.uint8]:
        """The full-size array, to be written in place."""
        return self._levels[0]

    @property
    def rect(self) -> QRect:
        return QRect(0, 0, self.base.shape[1], self.base.shape[0])

    def set_tint(self, tint: QColor) -> None:
        self._table = _tint_table(tint)
        self._shown = -1

    def touch(self, rect: QRect | None = None) -> None:
        """Bring averaged levels and the tinted copy up to date inside `rect` (default: all)."""
        rect = self.rect if rect is None else rect & self.rect
        if rect.isEmpty():
            return
        x0, y0 = rect.left(), rect.top()
        x1, y1 = rect.right() + 1, rect.bottom() + 1
        for level, array in enumerate(self._levels):
            if level:
                x0, y0, x1, y1 = x0 // 2, y0 // 2, (x1 + 1) // 2, (y1 + 1) // 2
                self._halve(self._levels[level - 1], array, y0, y1, x0, x1)
            if level == self._shown and self._table is not None:
                part = np.s_[y0:y1, x0:x1]
                self._tinted[part] = self._table[array[part]]

    def draw(
        self, painter: QPainter, source: QRectF, scale: float, smooth: bool | None = None
    ) -> None:
        """Paint `source` (image coordinates); the painter maps image to view coordinates.

        Args:
            scale: Device pixels per image pixel.
            smooth: Whether pixels are blended when enlarged; by default up to twice their size.
        """
        smaller = math.log2(1.0 / scale) if scale < 1.0 else 0.0
        # Pixels that are not blended are skipped when drawn smaller: these are rather enlarged.
        wanted = math.ceil(smaller - 1e-6) if self._crisp else int(smaller + 1e-6)
        level = self._show(wanted)
        size = 1 << level
        # Whole source pixels with a border, so that blending at the edge has its neighbours.
        left, top = math.floor(source.left() / size) - 2, math.floor(source.top() / size) - 2
        right, bottom = math.ceil(source.right() / size) + 2, math.ceil(source.bottom() / size) + 2
        part = QRect(left, top, right - left, bottom - top) & self._image.rect()
        painter.save()
        painter.setClipRect(QRectF(self.rect), Qt.ClipOperation.IntersectClip)
        painter.scale(size, size)
        smooth = scale < NEAREST_FROM if smooth is None else smooth or scale < 1.0
        smooth = smooth and not self._crisp
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(part.topLeft(), self._image, part)
        painter.restore()

    def _show(self, level: int) -> int:
        while len(self._levels) <= level and min(self._levels[-1].shape[:2]) > 1:
            last = self._levels[-1]
            height, width = (last.shape[0] + 1) // 2, (last.shape[1] + 1) // 2
            self._levels.append(np.zeros((height, width, *last.shape[2:]), np.uint8))
            self._halve(last, self._levels[-1], 0, height, 0, width)
        level = min(level, len(self._levels) - 1)
        if level != self._shown:
            self._shown = level
            self._image = self._wrap(self._levels[level])
        return level

    def _wrap(self, array: NDArray[np.uint8]) -> QImage:
        if self._table is not None:
            self._tinted = self._table[array]
            return wrapped(self._tinted, QImage.Format.Format_ARGB32_Premultiplied)
        return wrapped(array, _FORMATS[array.shape[2] if array.ndim == 3 else 1])


def wrapped(array: NDArray[np.uint8] | NDArray[np.uint32], form: QImage.Format) -> QImage:
    """A QImage over the array's own memory; the caller keeps the array alive."""
    height, width = array.shape[:2]
    # Any buffer serves; the type stubs know only bytes.
    memory = cast(bytes, array.data)
    return QImage(memory, width, height, array.strides[0], form)


def _halve(
    source: NDArray[np.uint8], out: NDArray[np.uint8], y0: int, y1: int, x0: int, x1: int
) -> None:
    """out[y0:y1, x0:x1] = 2 x 2 averages of the level below; odd edges repeat themselves."""
    part = source[2 * y0 : 2 * y1, 2 * x0 : 2 * x1]
    odd = (2 * (y1 - y0) - part.shape[0], 2 * (x1 - x0) - part.shape[1])
    if any(odd):
        padding = [(0, odd[0]), (0, odd[1])] + [(0, 0)] * (part.ndim - 2)
        part = np.pad(part, padding, mode="edge")
    total = part[0::2, 0::2].astype(np.uint16)
    total += part[1::2, 0::2]
    total += part[0::2, 1::2]
    total += part[1::2, 1::2]
    total += 2
    out[y0:y1, x0:x1] = total >> 2


def _keep(
    source: NDArray[np.uint8], out: NDArray[np.uint8], y0: int, y1: int, x0: int, x1: int
) -> None:
    """out[y0:y1, x0:x1] = the most opaque of 2 x 2 colours of the level below."""
    below = source.view(np.uint32)[..., 0][2 * y0 : 2 * y1, 2 * x0 : 2 * x1]
    # Opacity is the highest byte of a colour.
    rows = below[0::2].copy()
    np.maximum(rows[: below.shape[0] // 2], below[1::2], out=rows[: below.shape[0] // 2])
    kept = rows[:, 0::2].copy()
    pairs = rows.shape[1] // 2
    np.maximum(kept[:, :pairs], rows[:, 1::2], out=kept[:, :pairs])
    out.view(np.uint32)[..., 0][y0:y1, x0:x1] = kept


def _tint_table(tint: QColor) -> NDArray[np.uint32]:
    """Coverage 0..255 to premultiplied ARGB."""
    coverage = np.arange(256, dtype=np.uint32)
    channels = [(coverage * part + 127) // 255 for part in (tint.red(), tint.green(), tint.blue())]
    red, green, blue = channels
    return ((coverage << 24) | (red << 16) | (green << 8) | blue).astype(np.uint32)
