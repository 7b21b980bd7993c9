"""The list of what was measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.panels.volume.parts import muted, tool_button

_ICONS = {
    "ruler": "mdi6.ruler",
    "angle": "mdi6.angle-acute",
    "ellipse": "mdi6.ellipse-outline",
    "rectangle": "mdi6.rectangle-outline",
}


@dataclass(frozen=True)
class MeasureLine:
    """One measurement as it is listed.

    Attributes:
        key: By which signals name it.
        kind: "ruler", "angle", "ellipse" or "rectangle".
        name: For people, such as "Ruler 2" or where it lies.
        value: The main value as text with its unit, such as "12.3 mm".
        numbers: (name with unit, number) pairs for the table that is copied.
    """

    key: int
    kind: str
    name: str
    value: str
    numbers: tuple[tuple[str, float], ...] = ()


class MeasurementsPanel(QWidget):
    """Measurements with their values; a double click or Enter jumps to one.

    The panel changes nothing by itself: it is told the new list.
    """

    jumpRequested = pyqtSignal(int)
    deleteRequested = pyqtSignal(object)  # tuple of keys

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[MeasureLine, ...] = ()
        self.view = _View(self)
        self.copy_button = tool_button("mdi6.content-copy", "Copy as text (Ctrl+C)", self)
        self.csv_button = tool_button("mdi6.table", "Copy as a table (CSV)", self)
        self.jump_button = tool_button("mdi6.crosshairs-gps", "Go there (Enter)", self)
        self.delete_button = tool_button("mdi6.delete-outline", "Delete (Del)", self)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addStretch(1)
        for button in (self.jump_button, self.copy_button, self.csv_button, self.delete_button):
            head.addWidget(button)
        empty = muted(
            "Nothing measured yet. Ruler, angle, ellipse and rectangle are above the views.",
            self,
            centred=True,
        )
        self._pages = QStackedLayout()
        self._pages.addWidget(empty)
        self._pages.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addLayout(self._pages, 1)
        self.copy_button.clicked.connect(lambda: _to_clipboard(self.text()))
        self.csv_button.clicked.connect(lambda: _to_clipboard(self.csv()))
        self.jump_button.clicked.connect(self._jump)
        self.delete_button.clicked.connect(self._delete)
        self.view.jump.connect(self._jump)
        self.view.delete.connect(self._delete)
        self.view.copy.connect(lambda: _to_clipboard(self.text()))
        self.view.itemSelectionChanged.connect(self._enable)
        self.setMeasurements(())

    def setMeasurements(self, lines: Sequence[MeasureLine]) -> None:
        """Show these; what was chosen stays so."""
        chosen = set(self.chosen())
        self._lines = tuple(lines)
        with QSignalBlocker(self.view):
            self.view.clear()
            for line in self._lines:
                item = QTreeWidgetItem(self.view, [line.name, line.value])
                item.setData(0, Qt.ItemDataRole.UserRole, line.key)
                item.setIcon(0, icon(_ICONS.get(line.kind, "mdi6.ruler"), tone="muted"))
                for column in (0, 1):
                    item.setToolTip(column, f"{line.name}: {line.value}")
                item.setTextAlignment(
                    1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
                item.setSelected(line.key in chosen)
        self._pages.setCurrentIndex(1 if self._lines else 0)
        self._enable()

    def chosen(self) -> tuple[int, ...]:
        """Keys of the chosen measurements."""
        return tuple(i.data(0, Qt.ItemDataRole.UserRole) for i in self.view.selectedItems())

    def text(self) -> str:
        """The chosen measurements, or all, a line each."""
        return "\n".join(f"{line.name}\t{line.value}" for line in self._wanted())

    def csv(self) -> str:
        """The chosen measurements, or all, as a table with a column for each number."""
        lines = self._wanted()
        heads = list(dict.fromkeys(name for line in lines for name, _ in line.numbers))
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["name", "kind", *heads])
        for line in lines:
            numbers = dict(line.numbers)
            cells = [repr(numbers[head]) if head in numbers else "" for head in heads]
            writer.writerow([line.name, line.kind, *cells])
        return target.getvalue()

    def _wanted(self) -> list[MeasureLine]:
        chosen = self.chosen()
        return [line for line in self._lines if not chosen or line.key in chosen]

    def _enable(self) -> None:
        chosen = self.chosen()
        self.jump_button.setEnabled(len(chosen) == 1)
        self.delete_button.setEnabled(bool(chosen))
        for button in (self.copy_button, self.csv_button):
            button.setEnabled(bool(self._lines))

    def _jump(self) -> None:
        chosen = self.chosen()
        if chosen:
            self.jumpRequested.emit(chosen[0])

    def _delete(self) -> None:
        if self.chosen():
            self.deleteRequested.emit(self.chosen())


class _View(QTreeWidget):
    """A list of two columns that tells of Enter, Del and copying."""

    jump = pyqtSignal()
    delete = pyqtSignal()
    copy = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Measurements")
        head = self.header()
        assert head is not None, "a tree has a header"
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, head.ResizeMode.Stretch)
        head.setSectionResizeMode(1, head.ResizeMode.ResizeToContents)
        self.itemDoubleClicked.connect(lambda: self.jump.emit())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.jump.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete.emit()
        else:
            super().keyPressEvent(event)


def _to_clipboard(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
