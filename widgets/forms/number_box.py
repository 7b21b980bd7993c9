"""A spin box of whole or real numbers that tells about a bad text instead of changing it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QValidator, QWheelEvent
from PyQt6.QtWidgets import QAbstractSpinBox, QSizePolicy, QWidget


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Inclusive limits, the step of the arrows, and how a number is written.

    `decimals` None writes as many digits as the number needs, up to six significant ones.
    """

    whole: bool
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    decimals: int | None = None

    def parse(self, text: str) -> float:
        """The number that `text` means; a decimal comma counts as a point.

        Raises:
            ValueError: with the remedy as its message.
        """
        try:
            number = int(text) if self.whole else float(text.replace(",", "."))
        except ValueError:
            raise ValueError("Not a whole number" if self.whole else "Not a number") from None
        if not math.isfinite(number):
            raise ValueError("Not a finite number")
        low = self.minimum is not None and number < self.minimum
        high = self.maximum is not None and number > self.maximum
        if low or high:
            raise ValueError(self._limits())
        return number

    def write(self, number: float) -> str:
        """`number` as text that `parse` understands."""
        if self.whole:
            return str(int(number))
        return f"{number:.6g}" if self.decimals is None else f"{number:.{self.decimals}f}"

    def nudge(self, number: float, steps: int) -> float:
        """`number` moved by `steps` arrows, kept inside the limits."""
        step = self.step if self.step is not None else (1 if self.whole else 0.1)
        moved = number + steps * (int(step) if self.whole else step)
        if self.minimum is not None:
            moved = max(moved, self.minimum)
        if self.maximum is not None:
            moved = min(moved, self.maximum)
        # Decimal steps would otherwise pile up binary dust: 0.1 + 0.2 = 0.30000000000000004.
        return int(moved) if self.whole else float(f"{moved:.12g}")

    def _limits(self) -> str:
        if self.minimum is None:
            return f"At most {self.write(self.maximum or 0)}"
        if self.maximum is None:
            return f"At least {self.write(self.minimum)}"
        return f"From {self.write(self.minimum)} to {self.write(self.maximum)}"


class NumberBox(QAbstractSpinBox):
    """Spin box for numbers of any size.

    Text that cannot be used stays as typed, `errorChanged` says why, and `value()` remains the
    last good one. The wheel turns the value only while the box has the focus, so that scrolling
    a form changes nothing.
    """

    valueEdited = pyqtSignal()
    errorChanged = pyqtSignal(str)

    def __init__(self, limits: NumberRange, value: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limits = limits
        self._value = value
        self._error = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        line = self.lineEdit()
        assert line is not None, "QAbstractSpinBox always has a line edit"
        self._line = line
        self._line.setText(limits.write(value))
        self._line.setCursorPosition(0)
        self._line.textEdited.connect(self._read)

    def value(self) -> float:
        return self._value

    def error(self) -> str:
        return self._error

    def setValue(self, value: float) -> None:
        """Show `value`; one outside the limits is shown with its error and not taken."""
        self._line.setText(self._limits.write(value))
        self._line.setCursorPosition(0)  # of a long number in a short field, the start shows
        self._take(self._line.text(), exact=value)

    def stepBy(self, steps: int) -> None:
        """What the arrows, Up/Down, PageUp/PageDown and the wheel do."""
        moved = self._limits.nudge(self._value, steps)
        self._line.setText(self._limits.write(moved))
        self._line.selectAll()
        if self._take(self._line.text(), exact=moved):
            self.valueEdited.emit()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        allowed = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self._limits.maximum is None or self._value < self._limits.maximum or self._error:
            allowed |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if self._limits.minimum is None or self._value > self._limits.minimum or self._error:
            allowed |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return allowed

    def validate(self, text: str | None, pos: int) -> tuple[QValidator.State, str, int]:
        """Everything may be typed: what is wrong with it is told beside the box."""
        return QValidator.State.Acceptable, text or "", pos

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None and not self.hasFocus():
            event.ignore()
            return
        super().wheelEvent(event)

    def _read(self, text: str) -> None:
        if self._take(text):
            self.valueEdited.emit()

    def _take(self, text: str, exact: float | None = None) -> bool:
        """Read `text`; True when that changed the value. `exact` is what the text rounds."""
        before = self._value
        try:
            number = self._limits.parse(text)
        except ValueError as problem:
            self._tell(f"{problem}; {self._limits.write(before)} stays in use")
            return False
        self._value = number if exact is None else exact
        self._tell("")
        return self._value != before

    def _tell(self, error: str) -> None:
        if error != self._error:
            self._error = error
            self.errorChanged.emit(error)
