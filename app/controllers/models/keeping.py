"""Changing and deleting the user's own checkpoints, and telling others where they are."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication, QMessageBox

from app.background import Background
from app.controllers.models.library import Library
from app.errors import Teller
from app.workspaces.models.edit_dialog import EditDialog
from app.workspaces.models.view import ModelsView
from engine.library import Entry
from engine.library.keeping import edit, to_trash


class Keeping(QObject):
    """What the buttons of the card do to its file.

    `changed` tells that there are others now, `told` has a line for the status bar.
    """

    changed = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(
        self, view: ModelsView, library: Library, background: Background, teller: Teller,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._library = view, library
        self._background, self._teller = background, teller
        self.dialog: EditDialog | None = None
        self.question: QMessageBox | None = None

    def edit(self) -> None:
        """Ask for another title and other notes."""
        entry = self._own()
        if entry is None:
            return
        dialog = EditDialog(entry.name, entry.card.title, entry.card.notes, self._view)

        def keep() -> None:
            title, notes = dialog.title.text(), dialog.notes.toPlainText()
            self._background.run(
                f"Changing {entry.name}",
                lambda: edit(entry.path, title, notes),
                lambda _: self._done(f"Changed {entry.name}"),
                self._teller.failure,
            )

        dialog.accepted.connect(keep)
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def trash(self) -> None:
        """Move the checkpoint to the trash, if the user says so."""
        entry = self._own()
        if entry is None:
            return
        box = QMessageBox(self._view)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Move to trash?")
        box.setText(f"Move {entry.card.title.strip() or entry.name} to the trash?")
        box.setInformativeText(
            f"{entry.path.name} can be had back from there. Results that were made with it stay, "
            "but cannot be reproduced without it."
        )
        move = box.addButton("Move to trash", QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(QMessageBox.StandardButton.Cancel)
        if keep is not None:
            box.setDefaultButton(keep)

        def answered(button: object) -> None:
            if button is move:
                self._background.run(
                    f"Moving {entry.name} to the trash",
                    lambda: to_trash(entry.path),
                    lambda _: self._done(f"Moved {entry.path.name} to the trash"),
                    self._teller.failure,
                )

        box.buttonClicked.connect(answered)
        box.finished.connect(box.deleteLater)
        self.question = box
        box.open()

    def showFolder(self) -> None:
        """Open the file manager where the checkpoint lies."""
        entry = self._library.entry()
        if entry is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(entry.path.parent)))

    def copyPath(self) -> None:
        """The file's path to the clipboard."""
        entry = self._library.entry()
        if entry is not None:
            self._copy(str(entry.path), "path")

    def copyHash(self) -> None:
        """The file's SHA-256 to the clipboard, once it is known."""
        entry = self._library.entry()
        digest = self._library.hash(entry) if entry is not None else ""
        if digest:
            self._copy(digest, "SHA-256")

    def _own(self) -> Entry | None:
        entry = self._library.entry()
        return None if entry is None or entry.bundled else entry

    def _copy(self, text: str, what: str) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
            self.told.emit(f"Copied the {what}")

    def _done(self, text: str) -> None:
        self.told.emit(text)
        self.changed.emit()
