"""What every control of a form has in common."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QWidget


class Control(QWidget):
    """A value with its editor.

    `changed` and `errorChanged(text)` tell what the user did; `setValue` is silent about the
    value. While the text shown cannot be used, `error()` says why and `value()` stays the last
    one that could.
    """

    changed = pyqtSignal()
    errorChanged = pyqtSignal(str)

    def value(self) -> Any:
        """The value in use."""
        raise NotImplementedError

    def setValue(self, value: Any) -> None:
        """Show `value` without emitting `changed`."""
        raise NotImplementedError

    def error(self) -> str:
        """Why the text shown is not in use; empty when it is."""
        return ""

    def editor(self) -> QWidget:
        """The widget that takes the focus and carries the mark of an error."""
        raise NotImplementedError

    def markWrong(self, wrong: bool) -> None:
        """Draw the editor's border in the colour of errors, or as usual."""
        editor = self.editor()
        editor.setProperty("wrong", wrong)
        style = editor.style()
        if style is not None:
            style.unpolish(editor)
            style.polish(editor)
