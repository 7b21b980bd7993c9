"""Where a pane looks: a view that does not depend on the sizes of the window and of the image."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSize, QSizeF
from PyQt6.QtGui import QTransform

MAX_SCALE = 64.0  # view pixels per image pixel
MIN_ZOOM = 0.25  # of the fitted size
FIT_MARGIN = 6.0  # view pixels kept free around a fitted image


@dataclass(frozen=True)
class View:
    """Centre in image fractions (0..1) and zoom relative to the fitted size.

    Being relative, the same view makes sense in a pane of another size that shows an image of
    another size, so linked panes simply share it; and a fitted pane stays fitted when resized.
    """

    cx: float = 0.5
    cy: float = 0.5
    zoom: float = 1.0

    @property
    def fitted(self) -> bool:
        return self == View()

    def scale(self, pane: QSize, image: QSize) -> float:
        """View pixels per image pixel."""
        return self.zoom * fit_scale(pane, image)

    def transform(self, pane: QSize, image: QSize) -> QTransform:
        """Image coordinates (pixel (0, 0) covers [0, 1) x [0, 1)) to view coordinates."""
        scale = self.scale(pane, image)
        dx = pane.width() / 2 - self.cx * image.width() * scale
        dy = pane.height() / 2 - self.cy * image.height() * scale
        return QTransform(scale, 0.0, 0.0, scale, dx, dy)

    def zoomed(self, factor: float, anchor: QPointF, pane: QSize, image: QSize) -> View:
        """Zoom by `factor` such that the image point under `anchor` (view pixels) stays there."""
        fit = fit_scale(pane, image)
        zoom = min(max(self.zoom * factor, MIN_ZOOM), max(MAX_SCALE / fit, 1.0))
        inverse, _ = self.transform(pane, image).inverted()
        point = inverse.map(anchor)
        centre = point + (QPointF(pane.width() / 2, pane.height() / 2) - anchor) / (zoom * fit)
        return _kept(centre, image, zoom)

    def panned(self, delta: QPointF, pane: QSize, image: QSize) -> View:
        """Move the image by `delta` view pixels; its centre never leaves the image."""
        shift = delta / self.scale(pane, image)
        centre = QPointF(self.cx * image.width(), self.cy * image.height()) - shift
        return _kept(centre, image, self.zoom)


def fit_scale(pane: QSize, image: QSize) -> float:
    """The scale at which the whole image is seen."""
    free = QSizeF(pane.width() - 2 * FIT_MARGIN, pane.height() - 2 * FIT_MARGIN)
    ratio = min(free.width() / max(image.width(), 1), free.height() / max(image.height(), 1))
    return max(ratio, 1e-3)


def _kept(centre: QPointF, image: QSize, zoom: float) -> View:
    box = QRectF(0, 0, image.width(), image.height())
    x = min(max(centre.x(), box.left()), box.right()) / box.width()
    y = min(max(centre.y(), box.top()), box.bottom()) / box.height()
    return View(x, y, zoom)
