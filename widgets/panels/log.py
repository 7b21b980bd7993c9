"""What was said while something went on, narrowed by level and words."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon

MOST = 2000
"""Entries that are kept; the oldest go first."""
Level = Literal["note", "warning", "error"]
LEVELS: tuple[tuple[str, tuple[Level, ...]], ...] = (
    ("Everything", ("note", "warning", "error")), ("Warnings and errors", ("warning", "error")),
    ("Errors", ("error",)),
)  # fmt: skip
_ICONS = {
    "note": ("mdi6.circle-small", "muted"), "warning": ("mdi6.alert-outline", "warning"),
    "error": ("mdi6.alert-circle-outline", "danger"),
}  # fmt: skip


@dataclass(frozen=True)
class LogEntry:
    """Something that was said.

    Attributes:
        when: In seconds since 1970; 0 where nobody knows.
    """

    level: Level
    text: str
    when: float = 0.0


class LogPanel(QWidget):
    """A list that stays at its end while new entries come, unless somebody scrolls up.

    Attributes:
        level, words: The filter.
    """

    def __init__(self, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: deque[LogEntry] = deque(maxlen=MOST)
        self.level = QComboBox(self)
        self.level.setAccessibleName("Level")
        for title, levels in LEVELS:
            self.level.addItem(title, levels)
        self.level.currentIndexChanged.connect(self._narrow)
        self.words = QLineEdit(self)
        self.words.setPlaceholderText("Filter …")
        self.words.setAccessibleName("Filter")
        self.words.setClearButtonEnabled(True)
        self.words.textChanged.connect(self._narrow)
        self._count = QLabel(self)
        self._count.setProperty("role", "muted")
        self._list = _List(self)
        self._empty = QLabel(empty, self)
        self._arrange()
        self.setEntries(())

    def setEntries(self, entries: Sequence[LogEntry]) -> None:
        """Show these; those that come after what is shown already are added to it."""
        known = len(self._entries)
        goes_on = known and list(entries[:known]) == list(self._entries)
        if not goes_on:
            self._entries.clear()
            self._list.clear()
        self.add(entries[known:] if goes_on else entries)

    def add(self, entries: Sequence[LogEntry]) -> None:
        """Entries more."""
        bar = self._list.verticalScrollBar()
        at_end = bar is None or bar.value() == bar.maximum()
        for entry in entries[-MOST:]:
            if len(self._entries) == MOST:
                self._list.takeItem(0)
            self._entries.append(entry)
            item = QListWidgetItem(_text(entry))
            name, tone = _ICONS[entry.level]
            item.setIcon(icon(name, tone=tone))
            item.setData(Qt.ItemDataRole.UserRole, entry.level)
            self._list.addItem(item)
        self._narrow()
        if at_end:
            self._list.scrollToBottom()

    def shown(self) -> list[str]:
        """The lines that the filter lets through."""
        items = (self._list.item(row) for row in range(self._list.count()))
        return [item.text() for item in items if item is not None and not item.isHidden()]

    def count(self) -> str:
        """How many pass the filter, where not all do."""
        return self._count.text()

    def _narrow(self) -> None:
        levels, words = self.level.currentData(), self.words.text().casefold().split()
        shown = 0
        for row in range(self._list.count()):
            item = self._list.item(row)
            if item is None:
                continue
            text = item.text().casefold()
            fits = item.data(Qt.ItemDataRole.UserRole) in levels
            fits = fits and all(word in text for word in words)
            item.setHidden(not fits)
            shown += fits
        count = self._list.count()
        self._count.setText("" if shown == count else f"{shown:,} of {count:,}")
        self._bar.setVisible(count > 0)
        self._stack.setCurrentIndex(1 if count else 0)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        self._bar = QWidget(self)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(em // 2)
        self.words.setMaximumWidth(20 * em)
        row.addWidget(self.level)
        row.addWidget(self.words, 1)
        row.addWidget(self._count)
        row.addStretch(1)
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(em // 3)
        column.addWidget(self._bar)
        column.addLayout(self._stack, 1)


class _List(QListWidget):
    """Lines that wrap; Ctrl+C copies those that are selected."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setAccessibleName("Log")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side = self.fontMetrics().height()
        self.setIconSize(QSize(side, side))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        clipboard = QGuiApplication.clipboard()
        if (
            event is not None
            and clipboard is not None
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            rows = sorted(self.row(item) for item in self.selectedItems())
            items = (self.item(row) for row in rows)
            clipboard.setText("\n".join(item.text() for item in items if item is not None))
        else:
            super().keyPressEvent(event)


def _text(entry: LogEntry) -> str:
    when = time.strftime("%H:%M:%S  ", time.localtime(entry.when)) if entry.when else ""
    return f"{when}{entry.text}"
