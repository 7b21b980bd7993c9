"""How the panels write numbers, and a box for numbers of any size."""

from __future__ import annotations

import math

import numpy as np
from PyQt6.QtWidgets import QWidget

from widgets.forms.number_box import NumberBox, NumberRange


def plain(value: float, digits: int = 6) -> str:
    """`value` in so many significant digits, without an exponent from 1e-6 to 1e12.

    Digits before the point are never rounded off. NaN and infinities are named.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value and not 1e-6 <= abs(value) < 1e12:
        return f"{value:.{digits}g}"
    places = digits - 1 - math.floor(math.log10(abs(value))) if value else 0
    text = np.format_float_positional(round(value, max(places, 0)), trim="-")
    return "0" if text == "-0" else text


class _AnySize(NumberRange):
    """Numbers written without exponents."""

    __slots__ = ()

    def write(self, number: float) -> str:
        return plain(number)


class ValueBox(NumberBox):
    """A number whose arrows step by `step`, which may change with what is on show."""

    def __init__(self, name: str, parent: QWidget | None = None, *, positive: bool = False) -> None:
        minimum = 1e-12 if positive else None
        super().__init__(_AnySize(whole=False, minimum=minimum), 1.0, parent)
        self.step = 1.0
        self._positive = positive
        self.setAccessibleName(name)

    def stepBy(self, steps: int) -> None:
        moved = float(f"{self.value() + steps * self.step:.12g}")
        if moved > 0 or not self._positive:
            self.setValue(moved)
            self.selectAll()
            self.valueEdited.emit()

    def show_value(self, value: float) -> None:
        """Show a value, silently, unless it is what the box was given by hand."""
        if value != self.value():
            self.setValue(value)
