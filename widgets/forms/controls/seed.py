"""The control of a 'seed' field."""

from __future__ import annotations

import secrets

from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from widgets.forms.controls.base import Control
from widgets.forms.number_box import NumberBox, NumberRange
from widgets.forms.spec import LARGEST_SEED, FieldSpec
from widgets.icons import icon


class SeedControl(Control):
    """A seed with a dice, and a lock that keeps it from one run to the next.

    A seed that the user types is meant, so typing one locks it.
    """

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low = int(spec.minimum or 0)
        self._high = int(LARGEST_SEED if spec.maximum is None else spec.maximum)
        limits = NumberRange(whole=True, minimum=self._low, maximum=self._high, step=1)
        self._box = NumberBox(limits, spec.default or self._low, self)
        self._box.valueEdited.connect(self._edited)
        self._box.errorChanged.connect(self.errorChanged)
        dice = QToolButton(self)
        dice.setIcon(icon("mdi6.dice-5-outline"))
        dice.setToolTip("Draw another seed")
        dice.setAccessibleName("Draw another seed")
        dice.clicked.connect(self._dice)
        self._keep = QToolButton(self)
        self._keep.setCheckable(True)
        self._keep.toggled.connect(self._show_keep)
        self._show_keep(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self._box, 1)
        row.addWidget(dice)
        row.addWidget(self._keep)
        self.setFocusProxy(self._box)

    def value(self) -> int:
        return int(self._box.value())

    def setValue(self, value: int) -> None:
        self._box.setValue(value)

    def error(self) -> str:
        return self._box.error()

    def editor(self) -> QWidget:
        return self._box

    def isKept(self) -> bool:
        """Whether the seed stays for the next run."""
        return self._keep.isChecked()

    def setKept(self, kept: bool) -> None:
        self._keep.setChecked(kept)

    def roll(self) -> int:
        """Draw a seed uniformly from the field's range, silently, and return it."""
        self._box.setValue(self._low + secrets.randbelow(self._high - self._low + 1))
        return self.value()

    def _dice(self) -> None:
        self.roll()
        self.changed.emit()

    def _edited(self) -> None:
        self.setKept(True)
        self.changed.emit()

    def _show_keep(self, kept: bool) -> None:
        name = "mdi6.lock-outline" if kept else "mdi6.lock-open-variant-outline"
        self._keep.setIcon(icon(name, tone="accent" if kept else "muted"))
        self._keep.setToolTip(
            "The seed is kept for the next run" if kept else "Every run draws a new seed"
        )
        self._keep.setAccessibleName("Keep the seed")
