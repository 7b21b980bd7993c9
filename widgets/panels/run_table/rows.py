"""Training runs as rows of a Qt model, sorted and filtered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt

from widgets.icons import icon
from widgets.panels.wording import duration, file_size

NAME, STATE, METHOD, ITERATIONS, BEST, DATA, STARTED, TOOK, SIZE = range(9)
HEADS = ("Name", "State", "Method", "Iterations", "Best", "Data", "Started", "Took", "Size")
NUMBERS = (ITERATIONS, TOOK, SIZE)
KEY, ORDER = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_NOTHING = QModelIndex()
_Role = Qt.ItemDataRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class RunItem:
    """A row.

    Attributes:
        key: Says which run it is; comes back in signals.
        name, method, task, data: For people.
        state: For people; the filter offers those that there are.
        icon, tone: Of the state: an icon's name, and the theme's colour it is drawn in.
        live: Whether somebody trains it now.
        done, total: Iterations; 0 where not known.
        best, best_name: What was measured of its best weights; None and "" without.
        started: In seconds since 1970, 0 where not known.
        took: In seconds.
        size: In bytes.
        notes: What the user says of it.
        tip: More of it, for a tool tip.
    """

    key: str
    name: str
    state: str = ""
    icon: str = "mdi6.help-circle-outline"
    tone: str = "muted"
    live: bool = False
    method: str = ""
    task: str = ""
    done: int = 0
    total: int = 0
    best: float | None = None
    best_name: str = ""
    data: str = ""
    started: float = 0.0
    took: float = 0.0
    size: int = 0
    notes: str = ""
    tip: str = ""


class RunRows(QAbstractTableModel):
    """The runs in the order given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[RunItem] = []

    def items(self) -> list[RunItem]:
        return list(self._items)

    def item(self, row: int) -> RunItem:
        return self._items[row]

    def setItems(self, items: Sequence[RunItem]) -> bool:
        """Show these; whether rows came, went or moved, so that selections are void."""
        same = [item.key for item in items] == [item.key for item in self._items]
        if not same:
            self.beginResetModel()
            self._items = list(items)
            self.endResetModel()
            return True
        before, self._items = self._items, list(items)
        for row, (old, new) in enumerate(zip(before, items, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(row, 0), self.index(row, SIZE))
        return False

    def rowCount(self, parent: QModelIndex = _NOTHING) -> int:
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: QModelIndex = _NOTHING) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == _Role.DisplayRole:
            return HEADS[section]
        if role == _Role.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return _RIGHT if section in NUMBERS else left
        return None

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item, column = self._items[index.row()], index.column()
        if role == _Role.DisplayRole:
            return _text(item, column)
        if role == ORDER:
            return _order(item, column)
        if role == KEY:
            return item.key
        if role == _Role.TextAlignmentRole:
            return _RIGHT if column in NUMBERS else None
        if role == _Role.DecorationRole:
            if column == STATE:
                return icon(item.icon, tone=item.tone)
            return icon("mdi6.note-text-outline") if column == NAME and item.notes else None
        if role == _Role.ToolTipRole:
            return _tip(item, column)
        return None


class RunFilter(QSortFilterProxyModel):
    """Sorts, and leaves out what does not hold all words or is of another method or state."""

    def __init__(self, rows: RunRows, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._words: tuple[str, ...] = ()
        self._method = self._state = ""
        self.setSourceModel(rows)
        self.setSortRole(ORDER)

    def setText(self, text: str) -> None:
        """Words that name, method, data, figure or notes have to hold."""
        self._words = tuple(text.casefold().split())
        self.invalidateFilter()

    def setMethod(self, method: str) -> None:
        """Only this method; "" for all."""
        self._method = method
        self.invalidateFilter()

    def setState(self, state: str) -> None:
        """Only this state; "" for all."""
        self._state = state
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        item = self._rows.item(row)
        if self._method not in ("", item.method) or self._state not in ("", item.state):
            return False
        parts = (
            item.name, item.method, item.task, item.state, item.best_name, item.data, item.notes,
            item.key,
        )  # fmt: skip
        text = "\n".join(parts).casefold()
        return all(word in text for word in self._words)

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        first, second = left.data(ORDER), right.data(ORDER)
        # Equal ones keep the order of the rows, whichever column is sorted by.
        return bool(first < second)


def best_text(item: RunItem) -> str:
    """The figure and what it is: '0.869 Dice'."""
    if item.best is None:
        return ""
    return f"{item.best:.3f} {item.best_name.removeprefix('validation ')}"


def _text(item: RunItem, column: int) -> str:
    if column == ITERATIONS:
        done = f"{item.done:,}"
        return f"{done} of {item.total:,}" if item.total > item.done else done
    texts = {
        NAME: item.name, STATE: item.state, BEST: best_text(item), DATA: item.data,
        METHOD: " · ".join(part for part in (item.method, item.task) if part),
        STARTED: _when(item.started), TOOK: duration(item.took) if item.took else "",
        SIZE: file_size(item.size) if item.size else "",
    }  # fmt: skip
    return texts[column]


def _order(item: RunItem, column: int) -> Any:
    orders: dict[int, Any] = {
        NAME: item.name.casefold(), STATE: item.state, METHOD: f"{item.method} {item.task}",
        ITERATIONS: item.done, BEST: -math.inf if item.best is None else item.best,
        DATA: item.data.casefold(), STARTED: item.started, TOOK: item.took, SIZE: item.size,
    }  # fmt: skip
    return orders[column]


def _tip(item: RunItem, column: int) -> str:
    if column == STATE and item.tip:
        return item.tip
    if column == NAME:
        return f"{item.key}\n\n{item.notes.strip()}" if item.notes else item.key
    return _text(item, column)


def _when(seconds: float) -> str:
    if not seconds:
        return ""
    then = datetime.fromtimestamp(seconds)
    year = f" {then.year}" if then.year != datetime.now().year else ""
    return f"{then.day} {then:%b}{year} {then:%H:%M}"
