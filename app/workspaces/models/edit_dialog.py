"""Title and notes of a checkpoint of the user's own."""

from __future__ import annotations

from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from engine.library.keeping import LONGEST_TITLE


class EditDialog(QDialog):
    """Two fields; `accepted` where they are to be kept.

    Attributes:
        title, notes: The fields.
        save: Disabled without a title.
    """

    def __init__(self, name: str, title: str, notes: str, parent: QWidget) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.setWindowTitle(f"Edit {name}")
        self.title = QLineEdit(title, self)
        self.title.setMaxLength(LONGEST_TITLE)
        self.title.selectAll()
        self.notes = QPlainTextEdit(notes, self)
        self.notes.setTabChangesFocus(True)
        self.notes.setPlaceholderText("What you want to remember of it")
        self.notes.setMinimumHeight(7 * em)
        form = QFormLayout()
        form.addRow("Title", self.title)
        form.addRow("Notes", self.notes)
        about = QLabel("The weights and the file's name stay as they are.", self)
        about.setProperty("role", "muted")
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Save | kinds.Cancel, parent=self)
        save = buttons.button(kinds.Save)
        assert save is not None, "it was asked for"
        self.save = save
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(about)
        column.addWidget(buttons)
        self.title.textChanged.connect(lambda text: self.save.setEnabled(bool(text.strip())))
        self.resize(32 * em, 18 * em)
