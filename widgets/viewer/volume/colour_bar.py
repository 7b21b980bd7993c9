"""What the colours of maps mean, at the edge of the slices that they lie on."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from widgets.theme import DARK
from widgets.viewer.chips import MARGIN, PLATE
from widgets.viewer.raster import wrapped
from widgets.viewer.volume.colours import ramp
from widgets.viewer.volume.decorations import SMALL
from widgets.viewer.volume.layers import Layer, LayerKind
from widgets.viewer.volume.slice_pane import SlicePane

LOWEST = 170.0  # view pixels: less high, and there is no room for a bar
SHARE = 0.28  # of the view's height
LONGEST = 84.0
WIDTH = 10.0
BROAD = 520.0  # view pixels from which there is room for two bars side by side
DIGITS = 3


class ColourBars:
    """Draws a bar for the topmost visible map, or two, with the values at their ends.

    Args:
        where: Which views have them: the same bar in all of them would only hide more.
        untitled: Also in views that do not say which slice they show.
    """

    def __init__(
        self, where: Callable[[SlicePane], bool] = lambda _: True, *, untitled: bool = False
    ) -> None:
        self._where, self._untitled = where, untitled

    def paint(self, view: SlicePane, painter: QPainter) -> None:
        """Draw in the upper right corner, where no other decoration is."""
        area = QRectF(view.rect())
        small = area.width() < SMALL or area.height() < LOWEST
        plain = not (view.decorations().title or self._untitled)
        if small or plain or not self._where(view):
            return
        maps = [layer for layer in view.stack() if _is_seen(view, layer)]
        right = area.right() - MARGIN
        for layer in reversed(maps[-2 if area.width() >= BROAD else -1 :]):
            right = _draw_bar(painter, layer, right, area) - MARGIN


def title_of(layer: Layer) -> str:
    """Name and unit, as they stand over the bar."""
    return ", ".join(part for part in (layer.name, layer.unit) if part)


def _is_seen(view: SlicePane, layer: Layer) -> bool:
    alone = view.only() in (None, layer)
    return layer.kind is LayerKind.MAP and layer.look.visible and layer.look.opacity > 0 and alone


def _draw_bar(painter: QPainter, layer: Layer, right: float, area: QRectF) -> float:
    """Draw a bar that ends at `right`; returns where its plate begins."""
    look = layer.look
    font = QFont(painter.font())
    metrics = QFontMetricsF(font)
    ends = f"{look.high:.{DIGITS}g}", f"{look.low:.{DIGITS}g}"
    room = area.width() * 0.3
    title = metrics.elidedText(title_of(layer), Qt.TextElideMode.ElideMiddle, room)
    numbers = max(metrics.horizontalAdvance(end) for end in ends)
    line = metrics.height()
    high = min(SHARE * area.height(), LONGEST)
    # Two plates, so that no more is hidden than has to be.
    head = QRectF(0, area.top() + MARGIN, metrics.horizontalAdvance(title) + 12, line + 4)
    body = QRectF(0, head.bottom(), WIDTH + 5 + numbers + 12, high + 8)
    head.moveRight(right)
    body.moveRight(right)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    plates = QPainterPath()
    plates.setFillRule(Qt.FillRule.WindingFill)
    plates.addRoundedRect(head, 4, 4)
    plates.addRoundedRect(body.adjusted(0, -4, 0, 0), 4, 4)
    painter.drawPath(plates.simplified())
    painter.setFont(font)
    painter.setPen(QColor(DARK.text))
    painter.drawText(head, int(Qt.AlignmentFlag.AlignCenter), title)
    bar = QRectF(body.right() - 6 - WIDTH, body.top() + 2, WIDTH, high)
    _fill(painter, layer, bar)
    column = QRectF(body.left() + 6, bar.top(), bar.left() - 5 - body.left() - 6, bar.height())
    for text, align in zip(
        ends, (Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom), strict=True
    ):
        painter.drawText(column, int(Qt.AlignmentFlag.AlignRight | align), text)
    painter.restore()
    return min(head.left(), body.left())


def _fill(painter: QPainter, layer: Layer, bar: QRectF) -> None:
    """Colours with the highest value above; what is hidden by a limit is hatched out."""
    look = layer.look
    painter.save()
    painter.translate(bar.left(), bar.bottom())
    painter.rotate(-90)
    strip = wrapped(ramp(look)[None], QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(QRectF(0, 0, bar.height(), bar.width()), strip)
    span = look.high - look.low
    below, above = look.threshold, look.threshold_high
    if span > 0:
        first = 0.0 if below is None else min(max((below - look.low) / span, 0.0), 1.0)
        last = 1.0 if above is None else min(max((above - look.low) / span, 0.0), 1.0)
        for start, end in ((0.0, first), (last, 1.0)):
            hidden = QRectF(start * bar.height(), 0, (end - start) * bar.height(), bar.width())
            painter.fillRect(hidden, QColor(PLATE.red(), PLATE.green(), PLATE.blue()))
        painter.setPen(QPen(QColor(DARK.text), 1))
        for share in (first, last):
            if 0 < share < 1:
                x = share * bar.height()
                painter.drawLine(QLineF(QPointF(x, 0), QPointF(x, bar.width())))
    painter.setPen(QPen(QColor(DARK.muted), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(0, 0, bar.height(), bar.width()))
    painter.restore()
