"""Training curves: raw values faint, their moving average strong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from widgets.plots.base import ThemedPlot, pen
from widgets.plots.series import SmoothedSeries
from widgets.theme import Theme, theme_of

_TONES = ("trace_x0", "trace_x_t", "ok", "synthetic", "danger", "accent")


@dataclass(slots=True)
class _Curve:
    series: SmoothedSeries
    raw: pg.PlotDataItem
    smooth: pg.PlotDataItem


class _Curves(ThemedPlot):
    """The plot itself; `LossCurves` adds the controls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.curves: dict[str, _Curve] = {}
        super().__init__("The losses appear here once training runs", parent)
        self._weight = 0.0
        self._log = False
        self.plot.setLabel("bottom", "step")
        self.restyle(theme_of(self))
        self.setEmpty(True)

    def append(self, rows: Iterable[tuple[float, Mapping[str, float]]]) -> None:
        for step, values in rows:
            for name, value in values.items():
                if name not in self.curves:
                    self._add(name)
                self.curves[name].series.append(step, float(value))
        self._spread_weight()
        self.redraw()

    def clear(self) -> None:
        for curve in self.curves.values():
            self.plot.removeItem(curve.raw)
            self.plot.removeItem(curve.smooth)
        self.curves.clear()
        self.setEmpty(True)

    def setWeight(self, weight: float) -> None:
        self._weight = weight
        self._spread_weight()
        self.redraw()

    def setLog(self, log: bool) -> None:
        self._log = log
        self.plot.setLogMode(x=False, y=log)
        self.redraw()

    def redraw(self) -> None:
        for curve in self.curves.values():
            steps, raw, smooth = curve.series.arrays(positive=self._log)
            for item, values in ((curve.raw, raw), (curve.smooth, smooth)):
                known = bool(np.isfinite(values).any())
                item.setData(steps if known else [], values if known else [], connect="finite")
            curve.raw.setVisible(self._weight > 0)
        self.setEmpty(not self.curves)

    def restyle(self, theme: Theme) -> None:
        super().restyle(theme)
        legend: list[tuple[str, str]] = []
        for place, (name, curve) in enumerate(self.curves.items()):
            colour = str(getattr(theme, _TONES[place % len(_TONES)]))
            curve.raw.setPen(pen(colour, 1, alpha=0.3))
            curve.smooth.setPen(pen(colour))
            legend.append((name, colour))
        self.setHeader("", legend)

    def _spread_weight(self) -> None:
        """A curve with a tenth of the points spans ten steps a point: its past weighs w^10."""
        longest = max((len(curve.series.raw) for curve in self.curves.values()), default=0)
        for curve in self.curves.values():
            stride = max(1, longest // max(1, len(curve.series.raw)))
            curve.series.setWeight(self._weight**stride)

    def _add(self, name: str) -> None:
        raw = self.plot.plot([], [])
        smooth = self.plot.plot([], [])
        for item in (raw, smooth):
            item.setDownsampling(auto=True, method="peak")
            item.setClipToView(True)
        self.curves[name] = _Curve(SmoothedSeries(self._weight), raw, smooth)
        self.restyle(theme_of(self))


class LossCurves(QWidget):
    """Named curves over the training step, with smoothing and a logarithmic scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = _Curves(self)
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, 99)
        self._slider.setMaximumWidth(12 * self.fontMetrics().height())
        self._slider.setToolTip("Weight of the past in the moving average")
        self._slider.setAccessibleName("Smoothing")
        self._slider.valueChanged.connect(self._weight_changed)
        self._weight_text = QLabel(self)
        self._weight_text.setProperty("role", "muted")
        self._log = QCheckBox("Log scale", self)
        self._log.toggled.connect(self._plot.setLog)
        smoothing = QLabel("Smoothing", self)
        bar = QHBoxLayout()
        for widget in (smoothing, self._slider, self._weight_text):
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self._log)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(bar)
        column.addWidget(self._plot, 1)
        self.setSmoothing(0.9)

    def append(self, rows: Iterable[tuple[float, Mapping[str, float]]]) -> None:
        """Add (step, {name: value}) rows; a new name starts a curve. Draws once."""
        self._plot.append(rows)

    def clear(self) -> None:
        """Remove all curves."""
        self._plot.clear()

    def names(self) -> tuple[str, ...]:
        return tuple(self._plot.curves)

    def series(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps, raw and smoothed values of a curve, each (N,) float64."""
        return self._plot.curves[name].series.arrays(positive=False)

    def isEmpty(self) -> bool:
        return self._plot.isEmpty()

    def smoothing(self) -> float:
        """Weight of the moving average, 0 (none) to 0.99."""
        return self._slider.value() / 100

    def setSmoothing(self, weight: float) -> None:
        self._slider.setValue(round(100 * weight))

    def setLogScale(self, log: bool) -> None:
        self._log.setChecked(log)

    def _weight_changed(self, percent: int) -> None:
        self._weight_text.setText(f"{percent / 100:.2f}")
        self._plot.setWeight(percent / 100)
