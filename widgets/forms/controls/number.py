"""The control of an 'int' or a 'float' field."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from widgets.forms.controls.base import Control
from widgets.forms.number_box import NumberBox, NumberRange
from widgets.forms.spec import FieldSpec

BOX_EM = 6  # width of a box beside a slider


class CalmSlider(QSlider):
    """A slider that the wheel moves only while it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None and not self.hasFocus():
            event.ignore()
            return
        super().wheelEvent(event)


class NumberControl(Control):
    """A number with its unit; `value()` is an int or a float as the field's kind says."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = spec.kind == "int"
        self._step = spec.step or (1 if self._whole else 0.1)
        self._low, self._high = spec.slider or (0.0, 0.0)
        limits = NumberRange(self._whole, spec.minimum, spec.maximum, spec.step, spec.decimals)
        start = spec.default if spec.default is not None else spec.minimum or 0
        self._box = NumberBox(limits, start, self)
        self._box.valueEdited.connect(self._typed)
        self._box.errorChanged.connect(self.errorChanged)
        self._slider: CalmSlider | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        if spec.slider is not None:
            self._slider = CalmSlider(self)
            self._slider.setAccessibleName(spec.label)
            self._slider.setToolTip(spec.help)
            self._slider.valueChanged.connect(self._moved)
            self._box.setFixedWidth(BOX_EM * self.fontMetrics().height())
            row.addWidget(self._slider, 1)
            self.setSlider(*spec.slider)
        row.addWidget(self._box, 0 if self._slider else 1)
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
        self._follow()

    def setSlider(self, low: float, high: float) -> None:
        """Other ends of the slider; the value stays, also beyond them.

        Raises:
            TypeError: there is none.
        """
        if self._slider is None:
            raise TypeError("the field has no slider")
        self._low, self._high = low, high
        before = self._slider.blockSignals(True)
        self._slider.setRange(0, max(0, round((high - low) / self._step)))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self._slider.blockSignals(before)
        self._follow()

    def slider(self) -> QSlider | None:
        """The slider, where the field has one."""
        return self._slider

    def error(self) -> str:
        return self._box.error()

    def editor(self) -> QWidget:
        return self._box

    def _typed(self) -> None:
        self._follow()
        self.changed.emit()

    def _moved(self, place: int) -> None:
        number = min(self._low + place * self._step, self._high)
        # Decimal steps would otherwise show binary dust.
        self._box.setValue(round(number) if self._whole else float(f"{number:.12g}"))
        self.changed.emit()

    def _follow(self) -> None:
        """Move the slider to the number, silently."""
        if self._slider is not None:
            before = self._slider.blockSignals(True)
            self._slider.setValue(round((self._box.value() - self._low) / self._step))
            self._slider.blockSignals(before)
