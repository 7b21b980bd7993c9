"""The control of a 'text' field."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from widgets.forms.controls.base import Control
from widgets.forms.spec import FieldSpec


class TextControl(Control):
    """One line of text."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = QLineEdit(spec.default or "", self)
        self._line.textEdited.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._line)
        self.setFocusProxy(self._line)

    def value(self) -> str:
        return self._line.text()

    def setValue(self, value: str) -> None:
        self._line.setText(value)

    def editor(self) -> QWidget:
        return self._line
