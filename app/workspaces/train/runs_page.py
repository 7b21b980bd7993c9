"""All runs in a table, with what can be done with those that are selected."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from widgets.elided_label import ElidedLabel
from widgets.icons import icon
from widgets.panels.run_table.rows import RunItem
from widgets.panels.run_table.table import RunsTable
from widgets.panels.volume.parts import tool_button
from widgets.tips import give_tip

MOST_COMPARED = 8
KEEP_AFTER_MS = 1500
NOTES = "Notes of this run, kept in its folder"
NO_NOTES = "Select one run to see or write its notes"
_NOTES_EM = 5


class RunsPage(QWidget):
    """Shows runs; whoever acts connects the signals.

    `openRequested` names a run, `compareRequested`, `deleteRequested`, `folderRequested` and
    `commandRequested` are about those that `keys` gives, `noted` brings a run's new notes.

    Attributes:
        back, choose, refresh: Leave, choose another folder, look again.
        table: The rows.
        open, compare, folder, command, delete: What to do with those that are selected.
        notes: Of the one that is selected.
    """

    openRequested = pyqtSignal(str)
    compareRequested = pyqtSignal()
    deleteRequested = pyqtSignal()
    folderRequested = pyqtSignal()
    commandRequested = pyqtSignal()
    noted = pyqtSignal(str, str)  # run, text
    seen = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._noting: str | None = None
        self.back = tool_button("mdi6.arrow-left", "Back (Esc)", self)
        self._title = QLabel("Runs", self)
        self._title.setProperty("role", "heading")
        self._where = ElidedLabel("", self)
        self._where.setProperty("role", "muted")
        self.choose = QPushButton(icon("mdi6.folder-open-outline"), "Choose folder…", self)
        give_tip(self.choose, "List the runs of another folder, beside those opened before")
        self.refresh = tool_button("mdi6.refresh", "Look again (F5)", self)
        self.refresh.setShortcut("F5")
        self.table = RunsTable(self)
        self.table.opened.connect(self.openRequested)
        self.table.selected.connect(self._selected)
        self.table.deletePressed.connect(self._delete)
        self.open = QPushButton(icon("mdi6.open-in-app", tone="on_accent"), "Open", self)
        self.open.setProperty("primary", True)
        give_tip(self.open, "See how it goes, or went (Enter)")
        self.compare = QPushButton(icon("mdi6.compare"), "Compare", self)
        self.folder = tool_button("mdi6.folder-outline", "Show folder", self)
        self.command = tool_button(
            "mdi6.console", "Copy the command line that trains the same", self
        )
        self.delete = tool_button("mdi6.trash-can-outline", "Move to the trash… (Del)", self)
        self.notes = QPlainTextEdit(self)
        self.notes.setAccessibleName("Notes")
        self.notes.setTabChangesFocus(True)
        self._about = ElidedLabel("", self)
        self._about.setProperty("role", "muted")
        # Not with every letter: the folder may lie on a network.
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(KEEP_AFTER_MS)
        self._keep.timeout.connect(self.keepNotes)
        self.notes.textChanged.connect(self._typed)
        self.open.clicked.connect(self._open)
        self.compare.clicked.connect(self.compareRequested)
        self.folder.clicked.connect(self.folderRequested)
        self.command.clicked.connect(self.commandRequested)
        self.delete.clicked.connect(self._delete)
        self._arrange()
        self._selected()

    def setWhere(self, text: str) -> None:
        """Which folders are listed."""
        self._where.setText(text)

    def setItems(self, items: Sequence[RunItem]) -> None:
        """Show these runs."""
        self.table.setItems(items)
        self._selected()

    def keys(self) -> list[str]:
        """The runs that are selected."""
        return self.table.keys()

    def chosen(self) -> list[RunItem]:
        """The same with what is shown of them."""
        keys = self.keys()
        return [item for item in self.table.items() if item.key in keys]

    def about(self) -> str:
        """What is said of the runs that are selected."""
        return self._about.text()

    def keepNotes(self) -> None:
        """Tell of notes that were changed and not told of yet."""
        if self._keep.isActive():
            self._keep.stop()
        document = self.notes.document()
        if self._noting and document is not None and document.isModified():
            document.setModified(False)
            self.noted.emit(self._noting, self.notes.toPlainText())

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.keepNotes()
        self.seen.emit(False)

    def _typed(self) -> None:
        document = self.notes.document()
        if document is not None and document.isModified():
            self._keep.start()

    def _open(self) -> None:
        keys = self.keys()
        if len(keys) == 1:
            self.openRequested.emit(keys[0])

    def _delete(self) -> None:
        if self.delete.isEnabled():
            self.deleteRequested.emit()

    def _selected(self) -> None:
        items = self.chosen()
        count = len(items)
        readable = [item for item in items if item.method]
        self.open.setEnabled(count == 1)
        can = 2 <= len(readable) <= MOST_COMPARED
        self.compare.setEnabled(can)
        self.compare.setText(f"Compare {len(readable)}" if can else "Compare")
        why = "Select two runs or more" if len(readable) < 2 else f"At most {MOST_COMPARED} runs"
        give_tip(self.compare, "Settings side by side, curves over each other" if can else why)
        self.folder.setEnabled(count == 1)
        self.command.setEnabled(count == 1 and bool(readable))
        live = any(item.live for item in items)
        self.delete.setEnabled(bool(items) and not live)
        give_tip(self.delete, "It trains: stop it first" if live else "Move to the trash… (Del)")
        if count == 1:
            self._about.setText(items[0].key)
        else:
            self._about.setText(f"{count} runs are selected" if count else "No run is selected")
        self._show_notes(items[0] if count == 1 else None)

    def _show_notes(self, item: RunItem | None) -> None:
        key = item.key if item is not None else ""
        if key == self._noting:
            return  # what is typed must not be taken away
        self.keepNotes()
        self._noting = key
        self.notes.setPlainText(item.notes.rstrip() if item is not None else "")
        document = self.notes.document()
        if document is not None:
            document.setModified(False)
        self._keep.stop()
        self.notes.setEnabled(item is not None)
        self.notes.setPlaceholderText(NOTES if item is not None else NO_NOTES)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        head = QHBoxLayout()
        head.setSpacing(em // 2)
        for widget in (self.back, self._title):
            head.addWidget(widget)
        head.addWidget(self._where, 1)
        head.addWidget(self.refresh)
        head.addWidget(self.choose)
        foot = QHBoxLayout()
        foot.setSpacing(em // 2)
        foot.addWidget(self._about, 1)
        for button in (self.command, self.folder, self.delete, self.compare, self.open):
            foot.addWidget(button)
        self.notes.setFixedHeight(_NOTES_EM * em)
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.setSpacing(em // 2)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        column.addWidget(self.notes)

    def focusFirst(self) -> None:
        """Let keys go to the rows."""
        self.table.view.setFocus(Qt.FocusReason.OtherFocusReason)
