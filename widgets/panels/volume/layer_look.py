"""How the active layer is drawn: blend, colours, smoothing, outlines, threshold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from widgets.forms.number_box import NumberBox, NumberRange
from widgets.panels.volume.parts import gradient_icon
from widgets.viewer.volume.layers import Blend, Layer, LayerKind

Luts = Mapping[str, NDArray[np.uint8]]
_BLENDS = {
    Blend.OVER: "Over",
    Blend.ADD: "Add",
    Blend.CHECKER: "Checkerboard",
    Blend.CURTAIN: "Curtain",
}
_STEPS = 1000


class Limit(QWidget):
    """A switch, a slider and a number for one end of the values that are drawn."""

    changed = pyqtSignal(object)  # float, or None when off

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = 0.0, 1.0
        self.switch = QCheckBox(text, self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, _STEPS)
        self.slider.setAccessibleName(text)
        self.box = NumberBox(NumberRange(whole=False), 0.0, self)
        self.box.setAccessibleName(text)
        self.box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.box.setFixedWidth(self.fontMetrics().horizontalAdvance("-0000.0000000"))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        for widget in (self.switch, self.slider, self.box):
            line.addWidget(widget, 1 if widget is self.slider else 0)
        self.switch.toggled.connect(self._switched)
        self.slider.valueChanged.connect(self._slid)
        self.box.valueEdited.connect(lambda: self.changed.emit(self.box.value()))

    def show_value(self, value: float | None, low: float, high: float, start: float) -> None:
        """Show a limit, or None, on a slider from low to high; switched on it starts at `start`."""
        self._low, self._high = low, high
        number = start if value is None else value
        with QSignalBlocker(self.switch), QSignalBlocker(self.slider):
            self.switch.setChecked(value is not None)
            share = (number - low) / (high - low) if high > low else 0.0
            self.slider.setValue(round(_STEPS * min(max(share, 0.0), 1.0)))
        if self.box.value() != number:
            self.box.setValue(number)
        for widget in (self.slider, self.box):
            widget.setEnabled(value is not None)

    def _switched(self, on: bool) -> None:
        self.changed.emit(self.box.value() if on else None)

    def _slid(self, step: int) -> None:
        number = self._low + (self._high - self._low) * step / _STEPS
        self.changed.emit(float(f"{number:.6g}"))


class LayerLook(QWidget):
    """Fields for the look of one layer; only those that its kind has are shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Layer | None = None
        self.blend = QComboBox(self)
        for blend, text in _BLENDS.items():
            self.blend.addItem(text, blend)
        self.lut = QComboBox(self)
        side = self.fontMetrics().height()
        self.lut.setIconSize(QSize(3 * side, round(0.7 * side)))
        self.invert = QCheckBox("Invert", self)
        self.smooth = QCheckBox("Smooth", self)
        self.smooth.setToolTip("Interpolate between pixels; off shows each voxel as a square")
        self.outlined = QCheckBox("Outlines only", self)
        self.below = Limit("Hide below", self)
        self.above = Limit("Hide above", self)
        self._build()
        self.blend.activated.connect(lambda: self._change(blend=self.blend.currentData()))
        self.lut.activated.connect(lambda: self._change(lut=self.lut.currentData()))
        self.invert.clicked.connect(lambda on: self._change(invert=on))
        self.smooth.clicked.connect(lambda on: self._change(smooth=on))
        self.outlined.clicked.connect(lambda on: self._change(outlined=on))
        self.below.changed.connect(lambda value: self._change(threshold=value))
        self.above.changed.connect(lambda value: self._change(threshold_high=value))
        self.setVisible(False)

    def setLuts(self, luts: Luts) -> None:
        """The tables to choose from: name to colours (n, 3 or more) uint8."""
        self.lut.clear()
        for name, table in luts.items():
            text = name[:1].upper() + name[1:]
            self.lut.addItem(gradient_icon(table, self.lut.iconSize()), text, name)
        self._show()

    def setLayer(self, layer: Layer | None) -> None:
        """Show and change another layer."""
        if self._layer is not None:
            self._layer.lookChanged.disconnect(self._show)
        self._layer = layer
        if layer is not None:
            layer.lookChanged.connect(self._show)
        self._show()

    def _build(self) -> None:
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Blend", self.blend)
        self._form.addRow("Colours", self.lut)
        self.blend.setAccessibleName("Blend")
        self.lut.setAccessibleName("Colours")
        switches = QHBoxLayout()
        switches.setSpacing(self.fontMetrics().height())
        for box in (self.invert, self.smooth, self.outlined):
            switches.addWidget(box)
        switches.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._form)
        column.addLayout(switches)
        column.addWidget(self.below)
        column.addWidget(self.above)

    def _change(self, **fields: object) -> None:
        if self._layer is not None:
            self._layer.change(**fields)

    def _show(self) -> None:
        layer = self._layer
        self.setVisible(layer is not None)
        if layer is None:
            return
        look, labels = layer.look, layer.kind is LayerKind.LABELS
        rgb = layer.channels == "rgb"
        self._form.setRowVisible(self.lut, not labels and not rgb)
        self.invert.setVisible(not labels)
        self.smooth.setVisible(not labels)
        self.outlined.setVisible(labels)
        limited = look.threshold is not None or look.threshold_high is not None
        for limit in (self.below, self.above):
            limit.setVisible(layer.kind is LayerKind.MAP or limited)
        self.blend.setCurrentIndex(self.blend.findData(look.blend))
        self.lut.setCurrentIndex(self.lut.findData(look.lut))
        self.invert.setChecked(look.invert)
        self.smooth.setChecked(look.smooth)
        self.outlined.setChecked(look.outlined)
        self.below.show_value(look.threshold, look.low, look.high, look.low)
        self.above.show_value(look.threshold_high, look.low, look.high, look.high)
