"""The control of a 'bool' field."""

from __future__ import annotations

from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from widgets.forms.controls.base import Control
from widgets.forms.spec import FieldSpec


class FlagControl(Control):
    """A check box that carries the field's label itself."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QCheckBox(spec.label, self)
        self._box.setChecked(bool(spec.default))
        self._box.clicked.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        row.addStretch(1)
        self.setFocusProxy(self._box)

    def value(self) -> bool:
        return self._box.isChecked()

    def setValue(self, value: bool) -> None:
        self._box.setChecked(bool(value))

    def editor(self) -> QWidget:
        return self._box
