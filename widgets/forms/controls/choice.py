"""The control of a 'choice' field."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from widgets.forms.controls.base import Control
from widgets.forms.controls.calm_combo import CalmComboBox
from widgets.forms.spec import FieldSpec


class ChoiceControl(Control):
    """One of several values, each shown by its label."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = spec.name
        self._values: list[Any] = []
        self._shown = 0
        self._box = CalmComboBox(self)
        self._box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Long names (of checkpoints, say) must not widen the inspector.
        self._box.setMinimumContentsLength(6)
        self._box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._box.activated.connect(self._activated)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        self.setFocusProxy(self._box)
        self.setChoices(spec.choices)
        self.setValue(spec.default)

    def setChoices(self, choices: tuple[tuple[Any, str], ...]) -> None:
        """Replace the (value, label) pairs; the value stays if it is still among them."""
        before = self._values[self._shown] if self._values else None
        self._values = [value for value, _ in choices]
        self._box.clear()
        for _, label in choices:
            self._box.addItem(label)
        self._shown = self._values.index(before) if before in self._values else 0
        self._box.setCurrentIndex(self._shown)

    def value(self) -> Any:
        return self._values[self._box.currentIndex()]

    def setValue(self, value: Any) -> None:
        """Show `value`.

        Raises:
            ValueError: it is not among the choices.
        """
        if value not in self._values:
            raise ValueError(f"{self._name}: {value!r} is not among {self._values}")
        self._shown = self._values.index(value)
        self._box.setCurrentIndex(self._shown)

    def editor(self) -> QWidget:
        return self._box

    def _activated(self, index: int) -> None:
        if index != self._shown:
            self._shown = index
            self.changed.emit()
