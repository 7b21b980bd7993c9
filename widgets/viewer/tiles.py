"""Widgets side by side, in as many full rows as leave them largest."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PyQt6.QtCore import QRect, QSize
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QWidget

GAP = 2  # view pixels between tiles


class Tiles(QWidget):
    """Shows some of its widgets, all of one size; the others are hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[QWidget, ...] = ()

    def setShown(self, widgets: Sequence[QWidget]) -> None:
        """Show these in reading order; they become children of this one."""
        for widget in self._shown:
            if widget not in widgets:
                widget.hide()
        self._shown = tuple(widgets)
        for widget in self._shown:
            if widget.parentWidget() is not self:
                widget.setParent(self)
            widget.show()
        self._place()

    def shown(self) -> tuple[QWidget, ...]:
        return self._shown

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 180)

    def columns(self) -> int:
        """In how many columns the widgets lie."""
        count = len(self._shown)
        sides = {n: self._side(n, count // n) for n in range(1, count + 1) if count % n == 0}
        # Of equal ones the wider: what belongs together is compared from left to right.
        return max(sides, key=lambda n: (sides[n], n), default=1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place()

    def _side(self, columns: int, rows: int) -> int:
        """Of the largest square in a tile."""
        across = (self.width() - GAP * (columns - 1)) // columns
        return min(across, (self.height() - GAP * (rows - 1)) // rows)

    def _place(self) -> None:
        columns = self.columns()
        rows = math.ceil(len(self._shown) / columns)
        for number, widget in enumerate(self._shown):
            row, column = divmod(number, columns)
            left = [round(n * (self.width() + GAP) / columns) for n in (column, column + 1)]
            top = [round(n * (self.height() + GAP) / rows) for n in (row, row + 1)]
            widget.setGeometry(
                QRect(left[0], top[0], left[1] - left[0] - GAP, top[1] - top[0] - GAP)
            )
