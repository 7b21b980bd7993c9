"""A list of cases that were worked on one after the other; a click opens one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QStackedLayout, QTreeWidget, QTreeWidgetItem, QWidget

from widgets.icons import icon
from widgets.panels.volume.parts import muted

CaseState = Literal["done", "kept", "failed"]
_LOOKS: dict[CaseState, tuple[str, str]] = {
    "done": ("mdi6.check-circle-outline", "ok"),
    "kept": ("mdi6.check-all", "muted"),
    "failed": ("mdi6.alert-circle-outline", "danger"),
}


@dataclass(frozen=True)
class CaseLine:
    """One case as it is listed.

    Attributes:
        name: As it is called.
        state: Worked on now, kept from before, or not to be had.
        told: What came of it, in a few words.
        tip: The whole of it.
    """

    name: str
    state: CaseState
    told: str
    tip: str = ""


class CaseList(QWidget):
    """Cases in the order in which they came; a click or Enter opens one, also one that failed.

    Attributes:
        view: The list.
    """

    chosen = pyqtSignal(int)  # place in the list

    def __init__(self, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[CaseLine, ...] = ()
        self.view = _View(self)
        self.view.chosen.connect(self.chosen)
        self._empty = muted(empty, self, centred=True)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.view)

    def setCases(self, lines: Sequence[CaseLine]) -> None:
        """Show these; what is selected stays so."""
        if tuple(lines) == self._lines:
            return
        place = self.view.indexOfTopLevelItem(self.view.currentItem())
        self._lines = tuple(lines)
        with QSignalBlocker(self.view):
            self.view.clear()
            for line in self._lines:
                self.view.addTopLevelItem(_item(line))
            if 0 <= place < len(self._lines):
                self.view.setCurrentItem(self.view.topLevelItem(place))
        self._pages.setCurrentIndex(1 if self._lines else 0)

    def cases(self) -> tuple[CaseLine, ...]:
        """What is listed."""
        return self._lines


def _item(line: CaseLine) -> QTreeWidgetItem:
    name, tone = _LOOKS[line.state]
    item = QTreeWidgetItem([line.name, line.told])
    item.setIcon(0, icon(name, tone=tone))
    for column in (0, 1):
        item.setToolTip(column, line.tip or f"{line.name}: {line.told}")
    return item


class _View(QTreeWidget):
    """Two columns that tell of clicks and Enter."""

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setAccessibleName("Cases")
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        head = self.header()
        assert head is not None, "a tree has a header"
        head.setStretchLastSection(True)
        head.setSectionResizeMode(0, head.ResizeMode.ResizeToContents)
        head.setMaximumSectionSize(14 * self.fontMetrics().height())
        self.itemClicked.connect(lambda item: self.chosen.emit(self.indexOfTopLevelItem(item)))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.chosen.emit(self.indexOfTopLevelItem(item))
        else:
            super().keyPressEvent(event)
