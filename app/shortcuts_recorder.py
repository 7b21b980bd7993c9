"""Takes one key for one command, and asks when another command has it already."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QKeyCombination, Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.keymap import Command, Keymap, native


class Recorder(QFrame):
    """Below the list of commands: the selected one, its keys, and how to change them."""

    def __init__(self, keymap: Keymap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._keymap = keymap
        self._name = ""
        self._adding = False
        self._pending = ""
        self.title = QLabel(self)
        self.title.setProperty("role", "heading")
        self.edit = QKeySequenceEdit(self)
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName("Press the new key")
        self.edit.editingFinished.connect(self._recorded)
        self.replace = self._button("New key", lambda: self.record(adding=False))
        self.more = self._button("One more key", lambda: self.record(adding=True))
        self.none = self._button("No key", lambda: self._apply(()))
        self.reset = self._button("Reset", lambda: self._keymap.reset(self._name))
        self.warning = QLabel(self)
        self.warning.setProperty("role", "warning")
        self.warning.setWordWrap(True)
        self.take = self._button("Take the key over", self._take_over)
        self.leave = self._button("Leave it", self._stop)
        self._arrange()
        keymap.changed.connect(self._show)
        self.setCommand("")

    def setCommand(self, name: str) -> None:
        """The command to change, or "" for none."""
        self._name = name
        self._stop()

    def record(self, adding: bool) -> None:
        """Wait for a key that replaces those there are, or joins them."""
        self._adding, self._pending = adding, ""
        self.edit.clear()
        self.edit.show()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show()

    def _arrange(self) -> None:
        pad = self.fontMetrics().height() // 2
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * pad, pad, 2 * pad, pad)
        column.setSpacing(pad)
        column.addWidget(self.title)
        for widgets in (
            (self.edit, self.replace, self.more, self.none, self.reset),
            (self.warning, self.take, self.leave),
        ):
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget, 1 if widget in (self.edit, self.warning) else 0)
            if self.edit in widgets:
                row.addStretch(1)
            column.addLayout(row)

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: slot())
        return button

    def _recorded(self) -> None:
        sequence = self.edit.keySequence()
        # It also ends when the focus goes elsewhere, without a key.
        if sequence.isEmpty() or self.edit.isHidden() or not self._name:
            return
        command = self._keymap.command(self._name)
        self._pending = _plain_sign(sequence) if command.context == "viewer" else _name(sequence)
        self.edit.hide()
        if self._keymap.clashes(self._name, self._pending):
            self._show()
            self.leave.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._take_over()

    def _take_over(self) -> None:
        for other in self._keymap.clashes(self._name, self._pending):
            left = [key for key in self._keymap.keys(other.name) if key != self._pending]
            self._keymap.setKeys(other.name, left)
        before = self._keymap.keys(self._name) if self._adding else ()
        self._apply((*before, self._pending))

    def _apply(self, keys: tuple[str, ...]) -> None:
        self._keymap.setKeys(self._name, keys)
        self._stop()
        self.replace.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop(self) -> None:
        self._pending = ""
        self.edit.hide()
        self._show()

    def _show(self) -> None:
        name = self._name
        for button in (self.replace, self.more, self.none, self.reset):
            button.setEnabled(bool(name))
        if not name:
            self.title.setText("Choose a command to change its keys.")
        else:
            keys = ", ".join(native(self._keymap.keys(name))) or "no key"
            self.title.setText(f"{self._keymap.command(name).title}: {keys}")
            self.reset.setEnabled(self._keymap.isChanged(name))
        clashes = self._keymap.clashes(name, self._pending) if self._pending else ()
        for widget in (self.take, self.leave):
            widget.setVisible(bool(clashes))
        self.warning.setText(self._told(clashes))
        self.warning.setVisible(bool(self.warning.text()))

    def _told(self, clashes: tuple[Command, ...]) -> str:
        if clashes:
            (key,) = native((self._pending,))
            return f"{key} is the key of: {', '.join(c.title for c in clashes)}."
        if not self._name:
            return ""
        keys = self._keymap.keys(self._name)
        hidden = {c.title for key in keys for c in self._keymap.hidden(self._name, key)}
        if not hidden:
            return ""
        return f"While a viewer has the focus, it goes before: {', '.join(sorted(hidden))}."


def _plain_sign(sequence: QKeySequence) -> str:
    """A sign without the Shift that some keyboards need for it."""
    pressed = sequence[0]
    modifiers, key = pressed.keyboardModifiers(), pressed.key()
    written = _name(QKeySequence(key))
    if len(written) == 1 and not written.isalnum():
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return _name(QKeySequence(QKeyCombination(modifiers, key)))


def _name(sequence: QKeySequence) -> str:
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)
