"""Lines of a report, each with a sign of how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from widgets.icons import icon

LOOKS = {
    "ok": "mdi6.check-circle-outline", "warning": "mdi6.alert-outline",
    "danger": "mdi6.close-circle-outline", "muted": "mdi6.help-circle-outline",
}  # fmt: skip
"""Tone -> icon."""


@dataclass(frozen=True)
class ReportRow:
    """A line of a table.

    Attributes:
        tone: One of LOOKS.
        cells: Its texts.
        about: Of compared values, which entry of the conditions belongs to it.
    """

    tone: str
    cells: tuple[str, ...]
    about: int = 0


class ReportTable(QTableWidget):
    """Rows that are chosen as a whole.

    Args:
        heads: Of the columns.
        stretch: The column that takes the room that is left.
    """

    def __init__(
        self, heads: Sequence[str], name: str, parent: QWidget | None = None, *, stretch: int
    ) -> None:
        super().__init__(0, len(heads), parent)
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(list(heads))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        across, down = self._heads(), self.verticalHeader()
        assert down is not None, "tables have headers"
        down.hide()
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setHighlightSections(False)
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)

    def setRows(self, rows: Sequence[ReportRow]) -> None:
        """Show these."""
        self.setRowCount(len(rows))
        for place, row in enumerate(rows):
            for column, text in enumerate(row.cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 0:
                    item.setIcon(icon(LOOKS[row.tone], tone=row.tone))
                self.setItem(place, column, item)

    def hideEmpty(self, first: int) -> None:
        """Of the columns from this one on, hide those of which no row has anything to say."""
        for column in range(first, self.columnCount()):
            cells = (self.item(row, column) for row in range(self.rowCount()))
            self.setColumnHidden(column, all(cell is None or not cell.text() for cell in cells))

    def fitHeight(self, most: int) -> None:
        """As high as its rows, or as so many of them."""
        rows = min(max(self.rowCount(), 1), most)
        height = self._heads().sizeHint().height() + rows * self.rowHeight(0)
        self.setFixedHeight(height + 2 * self.frameWidth() + self.fontMetrics().height() // 4)

    def _heads(self) -> QHeaderView:
        heads = self.horizontalHeader()
        assert heads is not None, "tables have headers"
        return heads
