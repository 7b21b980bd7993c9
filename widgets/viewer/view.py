"""Where a pane looks: a view that does not depend on the sizes of the window and of the image."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, QSizeF
from PyQt6.QtGui import QTransform

MAX_SCALE = 64.0  # view pixels per image pixel
MIN_ZOOM = 0.25  # of the fitted size
FIT_MARGIN = 6.0  # view pixels kept free around a fitted image
SQUARE = QSizeF(1.0, 1.0)


@dataclass(frozen=True)
class View:
    """Centre in image fractions (0..1) and zoom relative to the fitted size.

    Being relative, the same view makes sense in a pane of another size that shows an image of
    another size, so linked panes simply share it; and a fitted pane stays fitted when resized.

    Methods take the sizes of the pane and of the image in pixels, and a pixel's own width and
    height where it is not square, the smaller of them being 1.
    """

    cx: float = 0.5
    cy: float = 0.5
    zoom: float = 1.0

    @property
    def fitted(self) -> bool:
        return self == View()

    def scale(self, pane: QSize, image: QSize, pixel: QSizeF = SQUARE) -> float:
        """View pixels per image pixel, along the pixel's smaller side."""
        return self.zoom * fit_scale(pane, image, pixel)

    def transform(self, pane: QSize, image: QSize, pixel: QSizeF = SQUARE) -> QTransform:
        """Image coordinates (pixel (0, 0) covers [0, 1) x [0, 1)) to view coordinates."""
        scale = self.scale(pane, image, pixel)
        across, down = scale * pixel.width(), scale * pixel.height()
        dx = pane.width() / 2 - self.cx * image.width() * across
        dy = pane.height() / 2 - self.cy * image.height() * down
        return QTransform(across, 0.0, 0.0, down, dx, dy)

    def zoomed(
        self, factor: float, anchor: QPointF, pane: QSize, image: QSize, pixel: QSizeF = SQUARE
    ) -> View:
        """Zoom by `factor` such that the image point under `anchor` (view pixels) stays there."""
        fit = fit_scale(pane, image, pixel)
        zoom = min(max(self.zoom * factor, MIN_ZOOM), max(MAX_SCALE / fit, 1.0))
        inverse, _ = self.transform(pane, image, pixel).inverted()
        away = (QPointF(pane.width() / 2, pane.height() / 2) - anchor) / (zoom * fit)
        across = QPointF(away.x() / pixel.width(), away.y() / pixel.height())
        return _kept(inverse.map(anchor) + across, image, zoom)

    def panned(self, delta: QPointF, pane: QSize, image: QSize, pixel: QSizeF = SQUARE) -> View:
        """Move the image by `delta` view pixels; its centre never leaves the image."""
        shift = delta / self.scale(pane, image, pixel)
        shift = QPointF(shift.x() / pixel.width(), shift.y() / pixel.height())
        centre = QPointF(self.cx * image.width(), self.cy * image.height()) - shift
        return _kept(centre, image, self.zoom)


def fit_scale(pane: QSize, image: QSize, pixel: QSizeF = SQUARE) -> float:
    """The scale at which the whole image is seen."""
    free = QSizeF(pane.width() - 2 * FIT_MARGIN, pane.height() - 2 * FIT_MARGIN)
    width, height = image.width() * pixel.width(), image.height() * pixel.height()
    ratio = min(free.width() / max(width, 1.0), free.height() / max(height, 1.0))
    return max(ratio, 1e-3)


def _kept(centre: QPointF, image: QSize, zoom: float) -> View:
    box = QRectF(0, 0, image.width(), image.height())
    x = min(max(centre.x(), box.left()), box.right()) / box.width()
    y = min(max(centre.y(), box.top()), box.bottom()) / box.height()
    return View(x, y, zoom)
