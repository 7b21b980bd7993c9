"""A table of figures that sorts and filters, and tells which line was chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from widgets.panels.volume.parts import muted
from widgets.theme import theme_of

Cell = str | float | None
NOTHING = "–"
SORT = Qt.ItemDataRole.UserRole
WIDEST_EM = 20


@dataclass(frozen=True)
class Column:
    """Title, tool tip, and digits after the point of its numbers."""

    title: str
    tip: str = ""
    digits: int = 3


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        cells: One a column; None and NaN show as a dash.
        group: What the list beside the filter chooses by.
        fault: What is wrong with it; such lines stand out, and can be shown alone.
    """

    cells: tuple[Cell, ...]
    group: str = ""
    fault: str = ""


class DataTable(QWidget):
    """Lines under titles; a click on a title sorts, a click on a line or the arrow keys choose.

    Args:
        filters: Whether there is a row to filter by.
        what: What lines are called in the filter, for example "cases".

    Attributes:
        view: The table.
        text, group, faults: What is filtered by.
    """

    chosen = pyqtSignal(int)  # place of the line in what was given

    def __init__(
        self, parent: QWidget | None = None, *, filters: bool = False, what: str = "cases"
    ) -> None:
        super().__init__(parent)
        self._model = _Model(self)
        self._proxy = _Proxy(self)
        self._proxy.setSourceModel(self._model)
        self.view = _View(self)
        self.view.setModel(self._proxy)
        self.view.setAccessibleName(f"Table of {what}")
        self.text = QLineEdit(self)
        self.text.setPlaceholderText(f"Filter {what}")
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName(f"Filter {what}")
        self.group = QComboBox(self)
        self.group.setAccessibleName("Which are shown")
        self.faults = QCheckBox("Only missed and spurious", self)
        self._counted = muted("", self)
        for signal in (self.text.textChanged, self.group.currentIndexChanged, self.faults.toggled):
            signal.connect(self._filter)
        selection = self.view.selectionModel()
        assert selection is not None, "a view with a model has one"
        selection.currentRowChanged.connect(self._row_changed)
        em = self.fontMetrics().height()
        self._filters = QWidget(self)
        row = QHBoxLayout(self._filters)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(em // 2)
        self.text.setMaximumWidth(16 * em)
        row.addWidget(self.text, 1)
        row.addWidget(self.group)
        row.addWidget(self.faults)
        row.addStretch(1)
        row.addWidget(self._counted)
        self._filters.setVisible(filters)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 3)
        column.addWidget(self._filters)
        column.addWidget(self.view, 1)

    def setLines(
        self, columns: Sequence[Column], lines: Sequence[Line], every: str = "All labels"
    ) -> None:
        """Show these, unsorted and unfiltered.

        Args:
            every: How the list names all groups.
        """
        groups = list(dict.fromkeys(line.group for line in lines if line.group))
        selection = self.view.selectionModel()
        with (
            QSignalBlocker(self.text), QSignalBlocker(self.group), QSignalBlocker(self.faults),
            QSignalBlocker(selection),
        ):  # fmt: skip
            self.text.clear()
            self.group.clear()
            self.group.addItems([every, *groups])
            self.faults.setChecked(False)
            self._model.setLines(columns, lines)
            self.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.group.setVisible(len(groups) > 1)
        self.faults.setVisible(any(line.fault for line in lines))
        self._filter()
        self.view.fitColumns()

    def choose(self, place: int) -> None:
        """Make a line of what was given the current one, as a click would; unseen ones not."""
        index = self._proxy.mapFromSource(self._model.index(place, 0))
        if index.isValid():
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)

    def current(self) -> int:
        """Place of the chosen line; -1 for none."""
        index = self._proxy.mapToSource(self.view.currentIndex())
        return index.row() if index.isValid() else -1

    def shown(self) -> list[int]:
        """Places of the lines in sight, from the top."""
        rows = range(self._proxy.rowCount())
        return [self._proxy.mapToSource(self._proxy.index(row, 0)).row() for row in rows]

    def _filter(self) -> None:
        group = self.group.currentText() if self.group.currentIndex() > 0 else ""
        self._proxy.setWanted(self.text.text(), group, faults=self.faults.isChecked())
        if self.view.currentIndex().isValid():
            self.view.scrollTo(self.view.currentIndex())
        self._counted.setText(f"{self._proxy.rowCount()} of {self._model.rowCount()} lines")

    def _row_changed(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self._proxy.mapToSource(index).row())


class _View(QTableView):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "figures")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSortingEnabled(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        side, head = self.verticalHeader(), self.horizontalHeader()
        assert side is not None, "a table has headers"
        assert head is not None, "a table has headers"
        side.hide()
        side.setDefaultSectionSize(round(1.6 * self.fontMetrics().height()))
        head.setHighlightSections(False)
        head.setStretchLastSection(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)

    def fitColumns(self) -> None:
        """As wide as what is in them, within reason."""
        self.resizeColumnsToContents()
        em, model = self.fontMetrics().height(), self.model()
        for place in range(0 if model is None else model.columnCount()):
            self.setColumnWidth(place, min(self.columnWidth(place), WIDEST_EM * em))


class _Model(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self._columns: tuple[Column, ...] = ()
        self.lines: tuple[Line, ...] = ()

    def setLines(self, columns: Sequence[Column], lines: Sequence[Line]) -> None:
        self.beginResetModel()
        self._columns, self.lines = tuple(columns), tuple(lines)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole and self._holds_numbers(section):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return column.tip or None if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        cell = line.cells[index.column()]
        empty = cell is None or (isinstance(cell, float) and math.isnan(cell))
        if role == Qt.ItemDataRole.DisplayRole:
            if empty:
                return NOTHING
            digits = self._columns[index.column()].digits
            return cell if isinstance(cell, str) else f"{cell:.{digits}f}"
        if role == SORT:
            return -math.inf if empty else cell
        if role == Qt.ItemDataRole.TextAlignmentRole and not isinstance(cell, str):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and line.fault:
            return QColor(theme_of(self._widget).warning)
        if role == Qt.ItemDataRole.ToolTipRole:
            return line.fault or (cell if isinstance(cell, str) else None)
        return None

    def _holds_numbers(self, column: int) -> bool:
        return any(isinstance(line.cells[column], float) for line in self.lines)


class _Proxy(QSortFilterProxyModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._text, self._group, self._faults = "", "", False
        self.setSortRole(SORT)

    def setWanted(self, text: str, group: str, *, faults: bool) -> None:
        self._text, self._group, self._faults = text.lower().strip(), group, faults
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        source = self.sourceModel()
        assert isinstance(source, _Model), "the only one it is given"
        line = source.lines[row]
        texts = (cell.lower() for cell in line.cells if isinstance(cell, str))
        return (
            (not self._faults or bool(line.fault))
            and (not self._group or line.group == self._group)
            and (not self._text or any(self._text in text for text in texts))
        )
