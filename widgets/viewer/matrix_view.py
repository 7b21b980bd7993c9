"""A small table of numbers as coloured cells, each with its number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from widgets.theme import blend, theme_of

NAME_SHARE = 0.34  # of the width, that names of rows take at most
SMALLEST_PT = 6.0
STRONGEST = 0.85  # of the colour, in a cell of 1 or -1


class MatrixView(QWidget):
    """Shows (K, L) numbers from -1 to 1; positive and negative ones in two colours.

    `hovered` tells the cell under the pointer, (-1, -1) beside all.
    """

    hovered = pyqtSignal(int, int)  # row, column

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: NDArray[Any] = np.zeros((0, 0), np.float32)
        self._names: tuple[str, ...] = ()
        self._axes = ("", "")
        self._over = (-1, -1)
        self.setMouseTracking(True)

    def setMatrix(
        self, values: NDArray[Any], names: tuple[str, ...], axes: tuple[str, str] = ("", "")
    ) -> None:
        """Show these numbers.

        Args:
            names: Of rows, and of columns as far as there are.
            axes: What rows and columns are.
        """
        self._values, self._names, self._axes = values, names, axes
        told = "; ".join(
            f"{self.name(row)} with {self.name(column)} {values[row, column]:.2f}"
            for row, column in np.ndindex(values.shape)
        )
        self.setAccessibleDescription(told)
        self.update()

    def matrix(self) -> NDArray[Any]:
        return self._values

    def name(self, place: int) -> str:
        """Of a row or column; its number where it has none."""
        return self._names[place] if place < len(self._names) else str(place)

    def told(self) -> str:
        """The cell under the pointer in words, "" beside all."""
        row, column = self._over
        if row < 0:
            return ""
        names = f"{self.name(row)} · {self.name(column)}"
        return f"{names}  {self._values[row, column]:.3f}"

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        area, width, height = self._cells()
        return QRectF(area.left() + column * width, area.top() + row * height, width, height)

    def minimumSizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(8 * em, 5 * em)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._set_over(self._cell_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        self._set_over((-1, -1))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        rows, columns = self._values.shape
        if not rows or not columns:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area, width, height = self._cells()
        self._paint_names(painter, area, width, height)
        # No zero with a sign.
        numbers = [f"{value:.2f}".replace("-0.00", "0.00") for value in self._values.ravel()]
        painter.setFont(self._fitting(numbers, width - 4))
        for place, (row, column) in enumerate(np.ndindex(rows, columns)):
            self._paint_cell(painter, row, column, numbers[place])
        painter.end()

    def _paint_cell(self, painter: QPainter, row: int, column: int, number: str) -> None:
        theme, box = theme_of(self), self.cell(row, column).adjusted(1, 1, -1, -1)
        value = float(np.clip(np.nan_to_num(self._values[row, column]), -1, 1))
        strong = theme.accent if value >= 0 else theme.danger
        ground = blend(theme.surface, strong, STRONGEST * abs(value))
        over = (row, column) == self._over
        painter.setPen(QColor(theme.text) if over else Qt.GlobalColor.transparent)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 3, 3)
        dark_ink, light_ink = QColor(16, 18, 22), QColor(255, 255, 255)
        painter.setPen(dark_ink if _bright(ground) else light_ink)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), number)

    def _paint_names(self, painter: QPainter, area: QRectF, width: float, height: float) -> None:
        theme, line = theme_of(self), self.fontMetrics().height()
        painter.setPen(QColor(theme.muted))
        metrics, cut = self.fontMetrics(), Qt.TextElideMode.ElideRight
        down, along = self._axes
        head = QRectF(0, 0, area.left() - 4, line)
        shown = metrics.elidedText(down, cut, round(head.width()))
        painter.drawText(head, int(Qt.AlignmentFlag.AlignRight), shown)
        over = QRectF(area.left(), 0, area.width(), line)
        painter.drawText(over, int(Qt.AlignmentFlag.AlignHCenter), along)
        painter.setPen(QColor(theme.text))
        for row in range(len(self._values)):
            box = QRectF(0, area.top() + row * height, area.left() - 4, height)
            shown = metrics.elidedText(self.name(row), cut, round(box.width()))
            painter.drawText(
                box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), shown
            )
        for column in range(self._values.shape[1]):
            box = QRectF(area.left() + column * width, line, width, line)
            shown = metrics.elidedText(self.name(column), cut, round(width - 2))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), shown)

    def _cells(self) -> tuple[QRectF, float, float]:
        """All cells together, and width and height of one."""
        rows, columns = self._values.shape
        metrics = QFontMetricsF(self.font())
        texts = [self.name(row) for row in range(rows)] + [self._axes[0]]
        names = max((metrics.horizontalAdvance(text) for text in texts), default=0.0) + 8
        left = min(names, NAME_SHARE * self.width())
        top = 2.0 * self.fontMetrics().height()
        width = max(1.0, (self.width() - left) / max(1, columns))
        height = max(1.0, (self.height() - top) / max(1, rows))
        height = min(height, width)
        return QRectF(left, top, width * columns, height * rows), width, height

    def _fitting(self, numbers: list[str], room: float) -> QFont:
        """The widget's font, smaller where the numbers need it."""
        font = QFont(self.font())
        widest = max(QFontMetricsF(font).horizontalAdvance(text) for text in numbers)
        if widest > room > 0:
            font.setPointSizeF(max(SMALLEST_PT, font.pointSizeF() * room / widest))
        return font

    def _cell_at(self, at: QPointF) -> tuple[int, int]:
        found = (c for c in np.ndindex(self._values.shape) if self.cell(c[0], c[1]).contains(at))
        row, column = next(found, (-1, -1))
        return row, column

    def _set_over(self, cell: tuple[int, int]) -> None:
        if cell != self._over:
            self._over = cell
            self.update()
            self.hovered.emit(*cell)


def _bright(colour: QColor) -> bool:
    """Whether dark ink reads better on it (WCAG's luminance, where both contrasts are equal)."""

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (
        linear(channel) for channel in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18
