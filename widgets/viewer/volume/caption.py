"""What a view shows, written over it, and a mark for what no scanner has measured."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QPainter

from widgets.theme import DARK
from widgets.viewer.chips import draw_chip
from widgets.viewer.volume.slice_pane import SlicePane

TOP, BOTTOM = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
AT_LEFT, AT_RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
NARROW = 300.0  # view pixels below which the mark goes to the foot


class Caption:
    """An overlay of one view: a title in the upper left corner, a mark in the upper right one.

    Attributes:
        title: Such as "x_t   t = 120"; "" for none.
        mark: Such as "SYNTHETIC"; "" for none.
    """

    def __init__(self, title: str = "", mark: str = "") -> None:
        self.title, self.mark = title, mark

    def paint(self, view: SlicePane, painter: QPainter) -> None:
        """Draw in view pixels."""
        area = QRectF(view.rect())
        if self.title:
            draw_chip(painter, area, TOP | AT_LEFT, self.title, QColor(DARK.text), bold=True)
        if self.mark:
            corner = TOP | AT_RIGHT if area.width() >= NARROW else BOTTOM | AT_LEFT
            draw_chip(painter, area, corner, self.mark, QColor(DARK.synthetic), bold=True)
