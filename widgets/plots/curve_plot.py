"""One plot of some curves over the iterations of a training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QEvent, QObject, QPointF, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from widgets.plots.base import ThemedPlot, pen
from widgets.plots.colours import curve_colour, curve_line
from widgets.plots.legend import Legend
from widgets.plots.series import Floats, Series, SeriesStore, Thinned, smoothed
from widgets.theme import Theme, theme_of

POINTS = 800
"""Of a curve on screen, about one a pixel."""

DOTS = 40  # values at most that are marked one by one
LEAST_EM = 6.3
SPACING = 2
PADDING = 0.08  # of the height, so that the outer numbers of the axis have room
_AXIS_EM = 3.2


@dataclass(slots=True)
class _Curve:
    raw: pg.PlotDataItem
    smooth: pg.PlotDataItem


class CurvePlot(QWidget):
    """Raw values faint, with all their peaks; their moving average strong.

    The wheel zooms the iterations and a drag moves them; values fill the height by themselves.

    Args:
        title: Above the plot, before the legend.
        takes_log: Whether a logarithmic axis makes sense for the values.
        takes_smoothing: Whether a moving average does.
        place: Name of a curve -> number of its colour; by default in the order of the curves.
        label: Name of a curve -> its name in the legend.
    """

    hovered = pyqtSignal(float)  # iteration under the pointer
    ranged = pyqtSignal(float, float)  # iterations in view
    dragged = pyqtSignal()  # the user has chosen these
    left = pyqtSignal()
    fitRequested = pyqtSignal()  # by a double click

    def __init__(
        self, title: str, parent: QWidget | None = None, *,
        takes_log: bool = True, takes_smoothing: bool = True,
        place: Callable[[str], int] | None = None, label: Callable[[str], str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._place, self._label = place, label
        self._takes_log, self._takes_smoothing = takes_log, takes_smoothing
        self._log = False
        self._curves: dict[str, _Curve] = {}
        self._thin = _Plot(self)
        self.legend = Legend(title, self)
        self.legend.toggled.connect(self._toggled)
        box = self.box()
        box.setMouseEnabled(x=True, y=False)
        box.setAutoVisible(y=True)
        box.setDefaultPadding(PADDING)
        box.enableAutoRange(x=False, y=True)
        box.sigXRangeChanged.connect(lambda _, ends: self.ranged.emit(*ends))
        box.sigRangeChangedManually.connect(lambda _: self.dragged.emit())
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
        self._thin.plot.addItem(self._line, ignoreBounds=True)
        self._thin.plot.scene().sigMouseMoved.connect(self._moved)
        self.surface().installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addWidget(self.legend)
        column.addWidget(self._thin, 1)
        self._give_room()
        self._restyle()

    def box(self) -> pg.ViewBox:
        """pyqtgraph's view."""
        return self._thin.plot.getViewBox()

    def inView(self) -> tuple[float, float]:
        """The first and the last iteration in view."""
        low, high = self.box().viewRange()[0]
        return float(low), float(high)

    def setInView(self, low: float, high: float) -> None:
        self.box().setXRange(low, high, padding=0)

    def names(self) -> tuple[str, ...]:
        return tuple(self._curves)

    def isShown(self, name: str) -> bool:
        """Whether the legend has the curve on."""
        return self.legend.entry(name).isChecked()

    def line(self, name: str) -> tuple[Floats, Floats]:
        """Iterations and values (N,) of a curve's strong line as it is drawn."""
        steps, values = self._curves[name].smooth.getOriginalDataset()
        if steps is None:
            return np.empty(0), np.empty(0)
        return np.asarray(steps, np.float64), np.asarray(values, np.float64)

    def add(self, name: str) -> None:
        """A curve more."""
        raw, smooth = self._thin.plot.plot([], []), self._thin.plot.plot([], [], symbolSize=4)
        self._curves[name] = _Curve(raw, smooth)
        self.legend.add(name, "" if self._label is None else self._label(name))
        self._give_room()
        self._restyle()

    def remove(self) -> None:
        """Let go of what pyqtgraph holds; the plot is not used afterwards."""
        self.surface().removeEventFilter(self)
        self._thin.plot.close()

    def setLog(self, log: bool) -> None:
        self._log = log and self._takes_log
        self._thin.plot.setLogMode(x=False, y=self._log)

    def draw(self, store: SeriesStore, weight: float) -> None:
        """Draw the curves of the iterations in view.

        Args:
            weight: Of the past in the moving average, in [0, 1), for the store's longest curve.
        """
        weight = weight if self._takes_smoothing else 0.0
        low, high = self.inView()
        longest = max((len(store[name]) for name in store), default=1)
        for name, curve in self._curves.items():
            series = store[name]
            part = series.thinned(POINTS, low, high, positive=self._log)
            raw, smooth = _peaks(part), _average(series, weight, longest, self._log)
            _set(curve.raw, *(raw if weight else _nothing()))
            _set(curve.smooth, *(smooth if weight else raw))
            # Dots, without which a single value would be no line and not seen.
            curve.smooth.setSymbol("o" if len(series) <= DOTS else None)
        self._give_height()

    def _give_height(self) -> None:
        """Of the values in view; those that are all the same get room around them that fits their
        size, as a learning rate would else read as 0."""
        shown = [self.line(name)[1] for name in self._curves if self.isShown(name)]
        values = np.concatenate([np.empty(0), *shown])
        low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
        # A moving average of one value is not that value to its last bit.
        if low and not self._log and math.isclose(low, high):
            room = abs(low) / 2
            self.box().setYRange(low - room, low + room, padding=0)
        else:
            self.box().enableAutoRange(y=True)

    def mark(self, step: float | None, store: SeriesStore) -> None:
        """Put the line at an iteration and show the values there; None shows the last ones."""
        self._line.setVisible(step is not None)
        if step is not None:
            self._line.setValue(step)
        for name in self._curves:
            found = store[name].nearest(np.inf if step is None else step)
            self.legend.entry(name).setValue("" if found is None else short_number(found[1]))

    def pointAt(self, step: float) -> QPointF:
        """Where an iteration is on the plot widget, halfway up."""
        box = self.box()
        middle = box.viewRect().center().y()
        return QPointF(self._thin.plot.mapFromScene(box.mapViewToScene(QPointF(step, middle))))

    def surface(self) -> QWidget:
        """What takes the pointer."""
        surface: QWidget = self._thin.plot.viewport()
        return surface

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Leave:
            self.left.emit()
        elif event is not None and event.type() == QEvent.Type.MouseButtonDblClick:
            self.fitRequested.emit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._give_room()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._restyle()

    def _moved(self, place: QPointF) -> None:
        if self.box().sceneBoundingRect().contains(place):
            self.hovered.emit(self.box().mapSceneToView(place).x())
        else:
            self.left.emit()

    def _give_room(self) -> None:
        """For all rows of the legend: a splitter does not ask how high they are."""
        least = round(LEAST_EM * self.fontMetrics().height())
        bare = self._thin.minimumSizeHint().height() + SPACING
        self.setMinimumHeight(max(least, bare + self.legend.heightForWidth(self.width())))

    def _toggled(self, name: str, shown: bool) -> None:
        for item in (self._curves[name].raw, self._curves[name].smooth):
            item.setVisible(shown)
        self._give_height()
        self.box().updateAutoRange()

    def _restyle(self) -> None:
        theme = theme_of(self)
        self._line.setPen(pen(theme.muted, 1))
        for order, (name, curve) in enumerate(self._curves.items()):
            place = order if self._place is None else self._place(name)
            colour, line = curve_colour(theme, place), pen(curve_colour(theme, place))
            line.setStyle(curve_line(place))
            curve.raw.setPen(pen(colour, 1, alpha=0.3))
            curve.smooth.setPen(line)
            curve.smooth.setSymbolPen(None)
            curve.smooth.setSymbolBrush(colour)
            self.legend.entry(name).setColour(colour)


class _Plot(ThemedPlot):
    """The bare plot; its axis is as wide as that of any other, so that plots line up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        axis = _ValueAxis("left")
        axis.setStyle(hideOverlappingLabels=True)
        axis.setWidth(round(_AXIS_EM * self.fontMetrics().height()))
        self.plot.setAxisItems({"left": axis, "bottom": _IterationAxis("bottom")})
        self.plot.showGrid(x=True, y=True, alpha=0.15)
        self.plot.getAxis("bottom").enableAutoSIPrefix(False)
        self._header.hide()
        self.restyle(theme_of(self))
        self.setEmpty(False)

    def restyle(self, theme: Theme) -> None:
        super().restyle(theme)
        self.plot.setBackground(theme.bg)


class _ValueAxis(pg.AxisItem):
    """Writes numbers so that those of a learning rate have room, too."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            # 1, 2 and 5 of every decade: the others have no room where there are several.
            round_ones = [f"{10.0**value:.0e}"[0] in "125" for value in values]
            return [
                short_number(10.0**value) if shown else ""
                for value, shown in zip(values, round_ones, strict=True)
            ]
        return [short_number(value * scale) for value in values]


class _IterationAxis(pg.AxisItem):
    """Marks whole iterations alone: there is nothing between two of them."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        wide = [level for level in super().tickSpacing(low, high, size) if level[0] >= 1]
        return wide or [(1.0, 0.0)]


def short_number(value: float) -> str:
    """Three digits or a little more: '0.0471', '1.39', '12345', '4.53e-4'."""
    if value and math.isfinite(value) and abs(value) < 1e-3:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


Points = tuple[Iterable[float], Iterable[float]]


def _nothing() -> Points:
    return (), ()


def _peaks(part: Thinned) -> Points:
    """A line through the least and the greatest value of every point, so that no peak is lost."""
    if part.least is part.most:
        return part.steps, part.mean
    return np.repeat(part.steps, 2), np.column_stack([part.least, part.most]).ravel()


def _average(series: Series, weight: float, longest: int, positive: bool) -> Points:
    """Of the whole series, so that it does not change with what is in view."""
    whole = series.thinned(POINTS, positive=positive)
    # A curve of a tenth of the points has ten times the distance: its past weighs w^10.
    stride = max(1, min(longest, POINTS) // max(1, len(whole.steps)))
    return whole.steps, smoothed(whole.mean, weight**stride)


def _set(item: pg.PlotDataItem, steps: Iterable[float], values: Floats | Iterable[float]) -> None:
    found = np.asarray(values, np.float64)
    if not np.isfinite(found).any():
        item.setData([], [])
        return
    item.setData(np.asarray(steps, np.float64), found, connect="finite")
