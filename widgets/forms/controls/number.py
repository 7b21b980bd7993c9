"""The control of an 'int' or a 'float' field."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QLabel, QWidget

from widgets.forms.controls.base import Control
from widgets.forms.number_box import NumberBox, NumberRange
from widgets.forms.spec import FieldSpec


class NumberControl(Control):
    """A number with its unit; `value()` is an int or a float as the field's kind says."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = spec.kind == "int"
        limits = NumberRange(self._whole, spec.minimum, spec.maximum, spec.step, spec.decimals)
        start = spec.default if spec.default is not None else spec.minimum or 0
        self._box = NumberBox(limits, start, self)
        self._box.valueEdited.connect(self.changed)
        self._box.errorChanged.connect(self.errorChanged)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box, 1)
        if spec.unit:
            unit = QLabel(spec.unit, self)
            unit.setProperty("role", "muted")
            row.addWidget(unit)
        self.setFocusProxy(self._box)

    def value(self) -> int | float:
        number = self._box.value()
        return int(number) if self._whole else float(number)

    def setValue(self, value: float) -> None:
        self._box.setValue(value)

    def error(self) -> str:
        return self._box.error()

    def editor(self) -> QWidget:
        return self._box
