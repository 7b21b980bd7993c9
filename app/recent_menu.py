"""The menu of recent files."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction, QIcon, QPixmap
from PyQt6.QtWidgets import QMenu, QWidget

from app.recent import RecentFiles

SHOWN = 12


class RecentMenu(QMenu):
    """Follows the list; what is gone is grey and can be taken off."""

    chosen = pyqtSignal(str)  # key

    def __init__(self, recent: RecentFiles, parent: QWidget | None = None) -> None:
        super().__init__("Open &recent", parent)
        self._recent = recent
        self.setToolTipsVisible(True)
        recent.changed.connect(self._fill)
        # What is found comes while the menu is open.
        self.aboutToShow.connect(recent.refresh)
        self._fill()

    def _fill(self) -> None:
        self.clear()
        items = self._recent.items()[:SHOWN]
        for item in items:
            name = item.name.replace("&", "&&")
            action = QAction(f"{name}\t{'not found' if item.missing else item.age}", self)
            action.setToolTip(item.folder)
            action.setEnabled(not item.missing)
            if item.thumbnail is not None:
                action.setIcon(QIcon(QPixmap.fromImage(item.thumbnail)))
            action.triggered.connect(lambda _, key=item.key: self.chosen.emit(key))
            self.addAction(action)
        missing = [item.key for item in items if item.missing]
        if missing:
            self.addSeparator()
            remove = QAction("Take those that are gone off the list", self)
            remove.triggered.connect(lambda: self._recent.remove(*missing))
            self.addAction(remove)
        if not items:
            none = QAction("Nothing was open yet", self)
            none.setEnabled(False)
            self.addAction(none)
