"""Line and vessel: the whole path is drawn anew with every move, and stays on release."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, Qt

from widgets.paint.geometry import Points, snapped, stroke, vessel_path
from widgets.paint.tools.base import ToolHandler, ToolHost

SMOOTHING = 6.0  # standard deviation in view pixels: a hand trembles on the screen
SPACING = 0.5  # view pixels between recorded positions


class PathTool(ToolHandler):
    """A stroke that is rasterised from its whole path, so the preview is the result."""

    def path(self) -> tuple[Points, NDArray[np.float64]]:
        """Points (N, 2) and radii (N,) in image pixels."""
        raise NotImplementedError

    def redraw(self) -> None:
        model = self.host.model
        model.restore()
        points, radii = self.path()
        for rect, stencil in stroke(points, radii, model.rect()):
            model.paint(rect, stencil, 1)


class Line(PathTool):
    """A straight line of the brush's width; Shift turns it to multiples of 15 degrees."""

    def __init__(self, host: ToolHost) -> None:
        super().__init__(host)
        self._start = QPointF()
        self._end = QPointF()

    def press(self, point: QPointF, button: Qt.MouseButton) -> None:
        self.host.model.begin("Line")
        self._start = self._end = point
        self.redraw()

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.active:
            snap = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
            self._end = snapped(self._start, point) if snap else point
            self.redraw()

    def release(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.active:
            self.move(point, modifiers)
            self.host.model.commit()

    def path(self) -> tuple[Points, NDArray[np.float64]]:
        start, end = self._start, self._end
        length = float(np.hypot(end.x() - start.x(), end.y() - start.y()))
        steps = max(2, int(length / 8) + 1) if length > 0 else 1
        along = np.linspace(0.0, 1.0, steps)[:, None]
        points = (1 - along) * [[start.x(), start.y()]] + along * [[end.x(), end.y()]]
        return points, np.full(steps, self.host.settings.brush / 2)


class Vessel(PathTool):
    """A smooth freehand stroke that tapers from the start width to the end width."""

    def __init__(self, host: ToolHost) -> None:
        super().__init__(host)
        self._raw: list[tuple[float, float]] = []

    def press(self, point: QPointF, button: Qt.MouseButton) -> None:
        self.host.model.begin("Vessel")
        self._raw = [(point.x(), point.y())]
        self.redraw()

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.active and self._add(point):
            self.redraw()

    def release(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.active:
            if self._add(point):
                self.redraw()
            self.host.model.commit()

    def path(self) -> tuple[Points, NDArray[np.float64]]:
        settings = self.host.settings
        smoothing = SMOOTHING / self.host.scale()
        raw = np.array(self._raw)
        return vessel_path(raw, settings.vessel_start, settings.vessel_end, smoothing)

    def _add(self, point: QPointF) -> bool:
        x, y = self._raw[-1]
        if np.hypot(point.x() - x, point.y() - y) * self.host.scale() < SPACING:
            return False
        self._raw.append((point.x(), point.y()))
        return True
