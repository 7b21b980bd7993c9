"""The table of labels as a Qt model, and how its cells are painted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, QSize, Qt
from PyQt6.QtGui import QColor, QPainter
from PyQt6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from widgets.icons import icon
from widgets.paint.labels.table import Label, LabelTable
from widgets.panels.volume.parts import paint_swatch

EYE, LOCK, COLOUR, NAME, ML, VOXELS = range(6)
_HEADS = ("", "", "", "Label", "ml", "Voxels")
_NOTHING = QModelIndex()
_Role = Qt.ItemDataRole


class LabelRows(QAbstractTableModel):
    """Labels whose name or value holds the filter's text, one a row."""

    def __init__(self, table: LabelTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._filter = ""
        self._volumes: dict[int, tuple[int, float]] = {}
        self._rows = list(table.labels())
        table.changed.connect(self.refresh)

    def label(self, row: int) -> Label:
        return self._rows[row]

    def rowOf(self, value: int) -> int:
        """The row of a label, or -1 when it is not listed."""
        return next((row for row, label in enumerate(self._rows) if label.value == value), -1)

    def setFilter(self, text: str) -> None:
        self._filter = text.strip().casefold()
        self.refresh()

    def isFiltered(self) -> bool:
        return bool(self._filter)

    def setVolumes(self, volumes: Mapping[int, tuple[int, float]]) -> None:
        """Voxels and ml by label; those not named have none."""
        self._volumes = dict(volumes)
        self._tell(ML)

    def refresh(self) -> None:
        """Read the table again; selections stay unless rows came or went."""
        rows = [label for label in self._table.labels() if self._passes(label)]
        if [label.value for label in rows] == [label.value for label in self._rows]:
            self._rows = rows
            self._tell(EYE)
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NOTHING) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _NOTHING) -> int:
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == _Role.DisplayRole:
            return _HEADS[section]
        if role == _Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section >= ML else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        label, column = self._rows[index.row()], index.column()
        if role in (_Role.DisplayRole, _Role.EditRole):
            return self._text(label, column)
        if role == _Role.TextAlignmentRole and column >= ML:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role in (_Role.ToolTipRole, _Role.AccessibleTextRole):
            return self._hint(label, column)
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = _Role.EditRole) -> bool:
        name = str(value).strip()
        if role != _Role.EditRole or index.column() != NAME or not name:
            return False
        self._table.change(self._rows[index.row()].value, name=name)
        return True

    def _passes(self, label: Label) -> bool:
        return self._filter in f"{label.value} {label.name}".casefold()

    def _tell(self, first: int) -> None:
        if self._rows:
            corner = self.index(len(self._rows) - 1, VOXELS)
            self.dataChanged.emit(self.index(0, first), corner)

    def _text(self, label: Label, column: int) -> str:
        if column == NAME:
            return label.name
        voxels, ml = self._volumes.get(label.value, (0, 0.0))
        if column == VOXELS:
            return f"{voxels:,}".replace(",", "\u202f") if voxels else "–"
        if column == ML:
            places = 2 if ml < 100 else 1 if ml < 1000 else 0
            return f"{ml:.{places}f}" if voxels else "–"
        return ""

    def _hint(self, label: Label, column: int) -> str:
        return {
            EYE: f"Hide {label.name}" if label.visible else f"Show {label.name}",
            LOCK: "Locked: painting leaves it as it is"
            if label.locked
            else "Lock against painting",
            COLOUR: f"Colour of {label.name}",
            NAME: f"{label.name} (value {label.value}); a double click or F2 renames",
        }.get(column, self._text(label, column))


class LabelCell(QStyledItemDelegate):
    """Paints eye, lock and colour; leaves text to Qt."""

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        super().paint(painter, option, index)
        model, widget = index.model(), option.widget
        if painter is None or not isinstance(model, LabelRows) or not isinstance(widget, QWidget):
            return
        label = model.label(index.row())
        side = round(1.05 * option.fontMetrics.height())
        box = option.rect.center().x() - side // 2, option.rect.center().y() - side // 2
        if index.column() == COLOUR:
            paint_swatch(painter, widget, QColor(*label.colour), (*box, side, side))
            return
        names = {
            EYE: ("mdi6.eye-outline", "mdi6.eye-off-outline")[not label.visible],
            LOCK: ("mdi6.lock-open-variant-outline", "mdi6.lock")[label.locked],
        }
        name = names.get(index.column())
        if name is not None:
            lit = label.visible if index.column() == EYE else label.locked
            picture = icon(name, tone="text" if lit else "muted")
            picture.paint(painter, *box, side, side)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(
            super().sizeHint(option, index).width(), round(1.8 * option.fontMetrics.height())
        )
