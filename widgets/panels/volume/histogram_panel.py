"""Which values are shown as dark and bright: histogram, numbers and presets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.panels.volume.histogram_limits import Limits
from widgets.panels.volume.histogram_plot import HistogramPlot
from widgets.panels.volume.parts import muted, tool_button
from widgets.panels.volume.values import ValueBox, plain


class Preset(Protocol):
    """A named window; both numbers are in the image's units."""

    @property
    def name(self) -> str: ...

    @property
    def window(self) -> float: ...

    @property
    def level(self) -> float: ...


class HistogramPanel(QWidget):
    """Window and level of one image, in whichever way one thinks of them.

    `rangeChanged(low, high)` tells what the user set; `setRange` shows what was set elsewhere and
    tells nothing. `autoRequested` asks for the values that fit the image. Likewise for what is
    hidden: `limitsChanged(below, above)`, of which either may be None, and `setLimits`.
    """

    rangeChanged = pyqtSignal(float, float)
    limitsChanged = pyqtSignal(object, object)
    autoRequested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = HistogramPlot(self)
        self.window_box = ValueBox("Window", self, positive=True)
        self.level_box = ValueBox("Level", self)
        self.low_box = ValueBox("Low", self)
        self.high_box = ValueBox("High", self)
        self.logarithmic = tool_button(
            "mdi6.math-log", "Heights as logarithms of counts", self, checkable=True
        )
        self.auto = tool_button("mdi6.auto-fix", "Fit the image", self, text="Auto")
        self.presets = tool_button("mdi6.tune-variant", "Presets for CT", self, text="Presets")
        self.title = ElidedLabel("", self)
        self.title.setProperty("role", "muted")
        self.hidden = muted("", self)
        self._menu = QMenu(self)
        self._build()
        self.plot.rangeChanged.connect(self._dragged)
        self.plot.limitsChanged.connect(self._limited)
        self.logarithmic.toggled.connect(self.plot.setLogarithmic)
        self.auto.clicked.connect(self.autoRequested)
        for box in (self.window_box, self.level_box):
            box.valueEdited.connect(self._window_typed)
        for box in (self.low_box, self.high_box):
            box.valueEdited.connect(self._ends_typed)
        self.setPresets(())
        self.setHistogram(None, None)
        self.setRange(0.0, 1.0)

    def setHistogram(
        self, counts: NDArray[np.int64] | None, edges: NDArray[np.float64] | None
    ) -> None:
        """What `counting.histogram` gives, or None for both while there is no image."""
        self.plot.setHistogram(counts, edges)
        for widget in self._fields():
            widget.setEnabled(counts is not None)
        if edges is not None:
            self._step()

    def setRange(self, low: float, high: float) -> None:
        """Show which values are darkest and brightest; nothing happens unless low < high."""
        if low < high:
            self.plot.setRange(low, high)
            self._write(self.window_box, self.level_box, self.low_box, self.high_box)

    def range(self) -> tuple[float, float]:
        """The values shown darkest and brightest."""
        return self.plot.range()

    def setTitle(self, title: str) -> None:
        """Say which image this is about."""
        self.title.setText(title)

    def setLimits(self, limits: Limits) -> None:
        """Show which values are hidden, if that can be chosen."""
        self.plot.setLimits(limits)
        self._tell_hidden(limits)

    def setLut(self, lut: NDArray[np.uint8] | None, invert: bool = False) -> None:
        """The colours (n, 3 or more) uint8 that the image is shown in."""
        self.plot.setLut(lut, invert)

    def setPresets(self, presets: Sequence[Preset]) -> None:
        """What the presets' menu offers; without any there is no menu."""
        self._menu.clear()
        for preset in presets:
            text = f"{preset.name}\t{plain(preset.window)} / {plain(preset.level)}"
            action = self._menu.addAction(text)
            assert action is not None, "the menu makes it"
            half = preset.window / 2
            low, high = preset.level - half, preset.level + half
            action.triggered.connect(lambda _, low=low, high=high: self._choose(low, high))
        self.presets.setVisible(bool(presets))

    def _fields(self) -> tuple[QWidget, ...]:
        boxes = (self.window_box, self.level_box, self.low_box, self.high_box)
        return (*boxes, self.logarithmic, self.auto, self.presets)

    def _build(self) -> None:
        self.presets.setMenu(self._menu)
        self.presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.auto)
        head.addWidget(self.presets)
        head.addWidget(self.title, 1)
        head.addWidget(self.logarithmic)
        grid = QGridLayout()
        places = ((self.window_box, 0, 0), (self.level_box, 0, 2), (self.low_box, 1, 0),
                  (self.high_box, 1, 2))  # fmt: skip
        for box, row, column in places:
            label = QLabel(box.accessibleName(), self)
            label.setBuddy(box)
            grid.addWidget(label, row, column)
            grid.addWidget(box, row, column + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.addLayout(head)
        column_box.addWidget(self.plot, 1)
        column_box.addWidget(self.hidden)
        column_box.addLayout(grid)
        self.hidden.hide()

    def _step(self) -> None:
        """A step of the arrows is about a hundredth of what is seen, in round numbers."""
        step = 10.0 ** np.floor(np.log10(max(self.plot.extent(), 1e-300) / 50))
        for box in (self.window_box, self.level_box, self.low_box, self.high_box):
            box.step = float(step)

    def _write(self, *boxes: ValueBox) -> None:
        low, high = self.plot.range()
        values = {
            self.window_box: high - low,
            self.level_box: (low + high) / 2,
            self.low_box: low,
            self.high_box: high,
        }
        for box in boxes:
            box.show_value(float(f"{values[box]:.10g}"))

    def _dragged(self, low: float, high: float) -> None:
        self._write(self.window_box, self.level_box, self.low_box, self.high_box)
        self.rangeChanged.emit(low, high)

    def _limited(self, below: float | None, above: float | None) -> None:
        self._tell_hidden(self.plot.limits())
        self.limitsChanged.emit(below, above)

    def _tell_hidden(self, limits: Limits) -> None:
        ends = (("below", limits.below), ("above", limits.above))
        told = " and ".join(f"{where} {plain(end, 4)}" for where, end in ends if end is not None)
        self.hidden.setText(f"Hidden {told}" if told else "Drag the flags to hide values")
        self.hidden.setVisible(limits.shown)

    def _choose(self, low: float, high: float) -> None:
        self.setRange(low, high)
        self.rangeChanged.emit(low, high)

    def _window_typed(self) -> None:
        half, level = self.window_box.value() / 2, self.level_box.value()
        if half > 0:
            self.plot.setRange(level - half, level + half)
            self._write(self.low_box, self.high_box)
            self.rangeChanged.emit(*self.plot.range())

    def _ends_typed(self) -> None:
        low, high = self.low_box.value(), self.high_box.value()
        if low < high:
            self.plot.setRange(low, high)
            self._write(self.window_box, self.level_box)
            self.rangeChanged.emit(low, high)
