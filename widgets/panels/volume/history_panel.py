"""The steps that changed the labels, to go back to any of them."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QAbstractListModel, QModelIndex, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractItemView, QListView, QVBoxLayout, QWidget

from widgets.icons import icon
from widgets.paint.labels.model import LabelModel
from widgets.panels.volume.parts import muted
from widgets.theme import theme_of

_NOTHING = QModelIndex()
_Role = Qt.ItemDataRole


class _Steps(QAbstractListModel):
    """Row n shows what is on show when n steps are done."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._position = 0
        self._widget = parent

    def show_steps(self, names: list[str], position: int) -> None:
        """Tells only of what is new, so that a long list stays quick."""
        if len(self._names) > 1 and self._names[1:] == names[:-1] != names[1:]:
            self.beginRemoveRows(_NOTHING, 1, 1)  # the oldest had to go
            self._names = self._names[1:]
            self.endRemoveRows()
        old, moved = self._names, self._position
        same = 0
        while same < min(len(old), len(names)) and old[same] == names[same]:
            same += 1
        if same < len(old):
            self.beginRemoveRows(_NOTHING, same + 1, len(old))
            self._names = names[:same]
            self.endRemoveRows()
        if same < len(names):
            self.beginInsertRows(_NOTHING, same + 1, len(names))
            self._names = list(names)
            self.endInsertRows()
        self._position = position
        first, last = sorted((moved, position))
        self.dataChanged.emit(self.index(first), self.index(min(last, len(names))))

    def rowCount(self, parent: QModelIndex = _NOTHING) -> int:
        return 0 if parent.isValid() else len(self._names) + 1

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        row = index.row()
        if role == _Role.DisplayRole:
            return f"{row}   {self._names[row - 1]}" if row else "Start"
        if role == _Role.ForegroundRole and row > self._position:
            return self._widget.palette().placeholderText()
        if role == _Role.FontRole and row == self._position:
            font = self._widget.font()
            font.setBold(True)
            return font
        if role == _Role.DecorationRole:
            tone = "accent" if row == self._position else "muted"
            name = "mdi6.circle-medium" if row <= self._position else "mdi6.circle-small"
            return icon(name, theme_of(self._widget), tone)
        if role == _Role.ToolTipRole:
            return (
                "Taken back; a click does it again" if row > self._position else "Go back to here"
            )
        return None


class _List(QListView):
    """Enter goes to the chosen step; the arrows only choose one."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        index = self.currentIndex()
        enter = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event is not None and Qt.Key(event.key()) in enter and index.isValid():
            self.clicked.emit(index)
        else:
            super().keyPressEvent(event)


class HistoryPanel(QWidget):
    """Lists the steps of a LabelModel, oldest first; a click goes to a step, Enter too."""

    def __init__(self, model: LabelModel | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: LabelModel | None = None
        self._steps = _Steps(self)
        self.view = _List(self)
        self.view.setModel(self._steps)
        self.view.setUniformItemSizes(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.view.setAccessibleName("History")
        self.view.clicked.connect(self._go)
        self._state = muted("", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._state)
        column.addWidget(self.view, 1)
        self.setModel(model)

    def setModel(self, model: LabelModel | None) -> None:
        """List the steps of another model, or none."""
        if self._model is not None:
            self._model.historyChanged.disconnect(self._show)
        self._model = model
        if model is not None:
            model.historyChanged.connect(self._show)
        self._show()

    def texts(self) -> list[str]:
        """What is listed, from the top."""
        return [self._steps.index(row).data() for row in range(self._steps.rowCount())]

    def state(self) -> str:
        """The line above the list."""
        return self._state.text()

    def _show(self) -> None:
        names = [] if self._model is None else self._model.names()
        position = 0 if self._model is None else self._model.position()
        self._steps.show_steps(names, position)
        current = self._steps.index(position)
        self.view.setCurrentIndex(current)
        self.view.scrollTo(current)
        if not names:
            self._state.setText("Nothing painted yet")
        else:
            self._state.setText(f"Step {position} of {len(names)}")

    def _go(self, index: QModelIndex) -> None:
        if self._model is not None:
            self._model.goTo(index.row())
