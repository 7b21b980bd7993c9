"""Box plots: quartiles, whiskers of 1.5 interquartile ranges, and every case as a dot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QWidget

from widgets.plots.base import ThemedPlot, pen
from widgets.theme import Theme, theme_of

COLOURS = ("#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#d55e00")
"""Of the series, told apart with any colour vision (Okabe and Ito)."""
WHISKER = 1.5
WIDTH, SPREAD = 0.5, 13
FILL = 70


@dataclass(frozen=True)
class BoxGroup:
    """The values of one box.

    Attributes:
        name: Written below it.
        names, keys: Of each value, for a tip and for the signal.
        series: Which colour.
    """

    name: str
    values: Sequence[float]
    names: Sequence[str]
    keys: Sequence[int]
    series: int = 0


def five_numbers(values: Sequence[float]) -> tuple[float, float, float, float, float]:
    """Lower whisker, quartiles, and upper whisker of some values."""
    first, median, last = (float(v) for v in np.percentile(values, (25, 50, 75)))
    reach = WHISKER * (last - first)
    inside = [v for v in values if first - reach <= v <= last + reach]
    return min(inside), first, median, last, max(inside)


class BoxPlots(ThemedPlot):
    """Boxes side by side; `pointChosen` carries the key of the dot that was clicked."""

    pointChosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("There are no figures to show", parent)
        self._groups: tuple[BoxGroup, ...] = ()
        self._series: tuple[str, ...] = ()
        self._title = ""
        self.plot.setMouseEnabled(False, True)
        self.plot.showGrid(x=False, y=True, alpha=0.15)
        self.plot.getAxis("left").enableAutoSIPrefix(False)
        self.restyle(theme_of(self))
        self.setEmpty(True)

    def setBoxes(self, title: str, groups: Sequence[BoxGroup], series: Sequence[str] = ()) -> None:
        """Show these; the names of series are told where there are several."""
        self._title, self._series = title, tuple(series)
        self._groups = tuple(group for group in groups if len(group.values))
        self._draw()
        self.setEmpty(not self._groups)
        self.plot.enableAutoRange()

    def groups(self) -> tuple[BoxGroup, ...]:
        """What is shown."""
        return self._groups

    def restyle(self, theme: Theme) -> None:
        super().restyle(theme)
        self._draw()

    def _draw(self) -> None:
        if not hasattr(self, "_groups"):
            return  # the base asks before there is anything
        theme = theme_of(self)
        self.plot.clear()
        for place, group in enumerate(self._groups):
            self._draw_box(place, group, theme)
        self.plot.getAxis("bottom").setTicks([[(i, g.name) for i, g in enumerate(self._groups)]])
        self.plot.setLabel("left", self._title)
        several = len(self._series) > 1
        names = [(name, COLOURS[i % len(COLOURS)]) for i, name in enumerate(self._series)]
        self.setHeader(self._title, names if several else [])

    def _draw_box(self, place: int, group: BoxGroup, theme: Theme) -> None:
        low, first, median, last, high = five_numbers(group.values)
        colour = COLOURS[group.series % len(COLOURS)]
        fill = QColor(colour)
        fill.setAlpha(FILL)
        line = pen(theme.text, 1.2)
        for start, end in ((low, first), (last, high)):
            self.plot.plot([place, place], [start, end], pen=line)
        for end in (low, high):
            self.plot.plot([place - WIDTH / 5, place + WIDTH / 5], [end, end], pen=line)
        box = pg.BarGraphItem(
            x=[place], y0=[first], height=[last - first], width=WIDTH, brush=fill, pen=line
        )
        self.plot.addItem(box)
        self.plot.plot([place - WIDTH / 2, place + WIDTH / 2], [median, median],
                       pen=pen(theme.text, 2.4))  # fmt: skip
        # Dots of like value side by side, the same way every time.
        shifts = [((i * 5 % SPREAD) / (SPREAD - 1) - 0.5) * WIDTH for i in range(len(group.values))]
        dots = pg.ScatterPlotItem(
            x=[place + shift for shift in shifts], y=list(group.values), data=list(group.keys),
            size=7, brush=QColor(colour), pen=pen(theme.surface, 0.8), hoverable=True,
            tip=lambda x, y, data, group=group: _tip(group, data, y),
        )  # fmt: skip
        dots.sigClicked.connect(self._clicked)
        self.plot.addItem(dots)

    def _clicked(self, _item: Any, points: Sequence[Any], _event: Any) -> None:
        if len(points):
            self.pointChosen.emit(int(points[0].data()))


def _tip(group: BoxGroup, key: int, value: float) -> str:
    return f"{group.names[list(group.keys).index(key)]}: {value:.4g}"
