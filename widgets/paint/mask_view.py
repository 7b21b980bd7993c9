"""How the mask looks: white on black, or a coloured overlay above an underlay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter
from PyQt6.QtWidgets import QWidget

from widgets.paint.mask_model import MaskModel
from widgets.theme import theme_of
from widgets.viewer.pane import Pane
from widgets.viewer.raster import Raster

OVERLAY_OPACITY = 0.5
OVERLAY_COLOUR = QColor(255, 77, 77)
ALONE_COLOUR = QColor(255, 255, 255)
HINT_TITLE = "Draw vessels here"
HINT_BODY = "or drop a mask image on this canvas"


class MaskView(Pane):
    """Shows a MaskModel; only what changed is repainted."""

    def __init__(self, model: MaskModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._raster = Raster(model.shape, ALONE_COLOUR)
        self._underlay: Raster | None = None
        self._underlay_opacity = 1.0
        self._colour = QColor(OVERLAY_COLOUR)
        self._opacity = OVERLAY_OPACITY
        self._visible = True
        self._hinting = True
        model.changed.connect(self._take)
        self._take(model.rect())

    # --- looks

    def setUnderlay(self, image: NDArray[np.generic] | None, opacity: float = 1.0) -> None:
        """Show an image under the mask, which then becomes a coloured overlay; None removes it.

        image: (H, W) grey or (H, W, 3) RGB, uint8 or floating point in [0, 1]; stretched to the
        mask's size. Raises ValueError for another shape.
        """
        if image is None:
            self._underlay = None
        else:
            pixels = _bytes(image)
            if self._underlay is None or self._underlay.base.shape != pixels.shape:
                self._underlay = Raster(pixels.shape)
            self._underlay.base[...] = pixels
            self._underlay.touch()
        self._underlay_opacity = min(max(opacity, 0.0), 1.0)
        self._raster.set_tint(ALONE_COLOUR if image is None else self._colour)
        self.update()

    def maskColour(self) -> QColor:
        return QColor(self._colour)

    def setMaskColour(self, colour: QColor) -> None:
        """The overlay's colour above an underlay."""
        self._colour = QColor(colour)
        if self._underlay is not None:
            self._raster.set_tint(self._colour)
            self.update()

    def maskOpacity(self) -> float:
        return self._opacity

    def setMaskOpacity(self, opacity: float) -> None:
        """The overlay's opacity, 0..1; without an underlay the mask is always opaque."""
        self._opacity = min(max(opacity, 0.0), 1.0)
        self.update()

    def isMaskVisible(self) -> bool:
        return self._visible

    def setMaskVisible(self, visible: bool) -> None:
        self._visible = visible
        self.update()

    # --- painting

    def paintImage(self, painter: QPainter, source: QRectF) -> None:
        painter.fillRect(source, Qt.GlobalColor.black)
        if self._underlay is not None:
            self._paint_underlay(painter, self._underlay, source)
        if self._visible:
            painter.setOpacity(1.0 if self._underlay is None else self._opacity)
            self._raster.draw(painter, source, self.deviceScale())
            painter.setOpacity(1.0)

    def _paint_underlay(self, painter: QPainter, underlay: Raster, source: QRectF) -> None:
        size = self.imageSize()
        x = size.width() / underlay.rect.width()
        y = size.height() / underlay.rect.height()
        painter.save()
        painter.setOpacity(self._underlay_opacity)
        painter.scale(x, y)
        part = QRectF(source.x() / x, source.y() / y, source.width() / x, source.height() / y)
        underlay.draw(painter, part, self.deviceScale() * min(x, y))
        painter.restore()

    def paintHint(self, painter: QPainter) -> None:
        """Tell a newcomer what this black square is for."""
        theme = theme_of(self)
        frame = self.transform().mapRect(QRectF(self._raster.rect)) & QRectF(self.rect())
        box = frame.adjusted(12, 12, -12, -12)
        title = QFont(self.font())
        title.setPointSizeF(title.pointSizeF() * 1.35)
        title.setWeight(QFont.Weight.DemiBold)
        painter.setFont(title)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        upper = QRectF(box.left(), box.top(), box.width(), box.height() / 2 - 4)
        lower = QRectF(box.left(), box.center().y() + 4, box.width(), box.height() / 2 - 4)
        painter.setPen(QColor(235, 237, 240))
        painter.drawText(upper, flags | int(Qt.AlignmentFlag.AlignBottom), HINT_TITLE)
        painter.setFont(self.font())
        painter.setPen(QColor(theme.muted if theme.is_dark else "#9ca5b4"))
        painter.drawText(lower, flags | int(Qt.AlignmentFlag.AlignTop), HINT_BODY)

    def showsHint(self) -> bool:
        """Whether there is nothing drawn, nor being drawn."""
        return self.model.isEmpty() and not self.model.isEditing()

    # --- following the model

    def _take(self, rect: QRect) -> None:
        if self._raster.base.shape != self.model.shape:
            tint = ALONE_COLOUR if self._underlay is None else self._colour
            self._raster = Raster(self.model.shape, tint)
        self.setImageSize(self.model.rect().width(), self.model.rect().height())
        inside = rect & self.model.rect()
        part = np.s_[
            inside.top() : inside.top() + inside.height(),
            inside.left() : inside.left() + inside.width(),
        ]
        np.multiply(self.model.peek(inside), 255, out=self._raster.base[part])
        self._raster.touch(inside)
        self.updateImage(inside)
        if self.showsHint() != self._hinting:
            self._hinting = self.showsHint()
            self.update()


def _bytes(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3) or 0 in image.shape:
        raise ValueError(f"an underlay has shape (H, W) or (H, W, 3), not {image.shape}")
    if image.dtype == np.uint8:
        return image.astype(np.uint8)
    scaled = np.nan_to_num(image.astype(np.float32)) * 255.0
    return np.clip(scaled, 0, 255).astype(np.uint8)
