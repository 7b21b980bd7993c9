"""How the value of one pixel goes through the reverse process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

from widgets.plots.base import ThemedPlot, pen
from widgets.theme import Theme, theme_of


class PixelTrace(ThemedPlot):
    """x_t and x0_hat of one pixel over the diffusion time t, which runs down to the right.

    A click on the plot asks for the nearest step: `stepRequested` carries its position in the
    series.
    """

    stepRequested = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Click a pixel of the image to follow its value through time", parent)
        self._t = np.empty(0)
        self._x_t = self.plot.plot([], [], symbolSize=4)
        self._x0 = self.plot.plot([], [], symbolSize=4)
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self.plot.addItem(self._line)
        self.plot.setMouseEnabled(False, False)
        self.plot.invertX(True)
        self.plot.setLabel("bottom", "t")
        self.plot.setLabel("left", "value")
        self.plot.getAxis("left").enableAutoSIPrefix(False)  # else 0.5 reads as 500 (x0.001)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self._title = ""
        self.restyle(theme_of(self))
        self.setEmpty(True)

    def setSeries(
        self, t: Sequence[float], x_t_values: Sequence[float], x0_values: Sequence[float]
    ) -> None:
        """Show the values of one pixel; a NaN leaves a gap.

        Args:
            t: (N,) diffusion times, in the order of the steps.
            x_t_values, x0_values: (N,) the pixel's values at these times.

        Raises:
            ValueError: the three differ in length.
        """
        if not len(t) == len(x_t_values) == len(x0_values):
            raise ValueError(f"lengths differ: {len(t)}, {len(x_t_values)}, {len(x0_values)}")
        self._t = np.asarray(t, dtype=np.float64)
        self._x_t.setData(self._t, np.asarray(x_t_values, np.float64), connect="finite")
        self._x0.setData(self._t, np.asarray(x0_values, np.float64), connect="finite")
        self.setEmpty(self._t.size == 0)

    def setPixel(self, x: int, y: int) -> None:
        """Name the pixel in the title: column `x` and row `y`, counted from 0."""
        self._title = f"Pixel x = {x}, y = {y} (from 0)"
        self._show_title()

    def setCurrent(self, position: int) -> None:
        """Put the vertical line at a position of the series; outside of it the line hides."""
        inside = 0 <= position < self._t.size
        self._line.setVisible(inside)
        if inside:
            self._line.setValue(self._t[position])

    def clear(self) -> None:
        """Forget the pixel."""
        self._title = ""
        self._show_title()
        self.setSeries((), (), ())

    def pointAt(self, t: float) -> QPointF:
        """Where the time `t` is on the plot widget, halfway up."""
        box = self.plot.getViewBox()
        middle = box.viewRect().center().y()
        return QPointF(self.plot.mapFromScene(box.mapViewToScene(QPointF(t, middle))))

    def restyle(self, theme: Theme) -> None:
        super().restyle(theme)
        for curve, colour in ((self._x_t, theme.trace_x_t), (self._x0, theme.trace_x0)):
            curve.setPen(pen(colour))
            curve.setSymbol("o")
            curve.setSymbolPen(None)
            curve.setSymbolBrush(colour)
        self._line.setPen(pen(theme.accent, 1.5))
        self._show_title()

    def _show_title(self) -> None:
        theme = theme_of(self)
        self.setHeader(self._title, (("x_t", theme.trace_x_t), ("x0_hat", theme.trace_x0)))

    def _clicked(self, event: object) -> None:
        scene_pos = getattr(event, "scenePos", None)
        button = getattr(event, "button", None)
        if scene_pos is None or button is None or button() != Qt.MouseButton.LeftButton:
            return
        if self._t.size:
            t = self.plot.getViewBox().mapSceneToView(scene_pos()).x()
            self.stepRequested.emit(int(np.abs(self._t - t).argmin()))
