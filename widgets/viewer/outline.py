"""The contour of a mask, drawn over an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QTransform

# Marching squares: for each 2 x 2 neighbourhood (bits: top left 1, top right 2, bottom right 4,
# bottom left 8) the segments between midpoints of its sides; opposite corners count as connected.
_TOP, _RIGHT, _BOTTOM, _LEFT = (0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)
_SEGMENTS: dict[int, tuple[tuple[tuple[float, float], tuple[float, float]], ...]] = {
    1: ((_LEFT, _TOP),),
    2: ((_TOP, _RIGHT),),
    3: ((_LEFT, _RIGHT),),
    4: ((_RIGHT, _BOTTOM),),
    5: ((_TOP, _RIGHT), (_BOTTOM, _LEFT)),
    6: ((_TOP, _BOTTOM),),
    7: ((_LEFT, _BOTTOM),),
    8: ((_BOTTOM, _LEFT),),
    9: ((_BOTTOM, _TOP),),
    10: ((_LEFT, _TOP), (_RIGHT, _BOTTOM)),
    11: ((_BOTTOM, _RIGHT),),
    12: ((_RIGHT, _LEFT),),
    13: ((_RIGHT, _TOP),),
    14: ((_TOP, _LEFT),),
}


def contour_segments(mask: NDArray[np.generic]) -> NDArray[np.float64]:
    """Segments (N, 2, 2) of (x, y) between pixels inside and outside a mask (H, W), nonzero = in.

    In image coordinates, where pixel (x, y) covers [x, x + 1) x [y, y + 1). The contour crosses
    between pixel centres (Lorensen & Cline 1987, in two dimensions), so diagonal borders are drawn
    diagonally; it closes along the image's border.
    """
    inside = np.pad(mask != 0, 1).astype(np.uint8)
    case = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    parts = []
    for code, segments in _SEGMENTS.items():
        y, x = np.nonzero(case == code)
        if x.size:
            # The neighbourhood's top left pixel centre is at (x - 0.5, y - 0.5) of the image.
            origin = np.stack([x, y], axis=1)[:, None, :] - 0.5
            parts += [origin + np.array(segment)[None] for segment in segments]
    return np.concatenate(parts) if parts else np.zeros((0, 2, 2))


def contour_path(mask: NDArray[np.generic]) -> QPainterPath:
    """`contour_segments` as a path."""
    segments = contour_segments(mask).reshape(-1, 2)
    if not len(segments):
        return QPainterPath()
    # Here, since the window starts without pyqtgraph and opens a third sooner for it.
    from pyqtgraph.functions import arrayToQPath

    return arrayToQPath(segments[:, 0], segments[:, 1], connect="pairs")


class Outline:
    """Keeps the contour as drawn for the last view, since images come at video rate."""

    def __init__(self, mask: NDArray[np.generic], colour: QColor) -> None:
        self._path = contour_path(mask)
        self._colour = QColor(colour)
        self._drawn = QPixmap()
        self._drawn_for: tuple[QTransform, QSize, float] | None = None

    def set_colour(self, colour: QColor) -> None:
        self._colour = QColor(colour)
        self._drawn_for = None

    def draw(self, painter: QPainter, transform: QTransform, size: QSize, ratio: float) -> None:
        """Paint in view coordinates; `ratio` is the screen's device pixels per view pixel."""
        state = (transform, size, ratio)
        if state != self._drawn_for:
            self._drawn = self._rendered(transform, size, ratio)
            self._drawn_for = state
        painter.drawPixmap(QRectF(0, 0, size.width(), size.height()).topLeft(), self._drawn)

    def _rendered(self, transform: QTransform, size: QSize, ratio: float) -> QPixmap:
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(transform)
        pen = QPen(self._colour, 1.2)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPath(self._path)
        painter.end()
        return pixmap
