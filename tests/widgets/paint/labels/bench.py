"""An editor with a slice view, driven by real mouse, wheel and key events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.paint.labels.display import LabelDisplay
from widgets.paint.labels.editor import LabelEditor
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.layers import Grid, Layer, LayerStack
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_view import SliceView

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.MouseButton.NoButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
SHAPE = (24, 40, 32)
Point = tuple[float, float]


def oblique() -> NDArray[np.float64]:
    """Flipped, permuted nowhere, turned by 20 degrees, voxels of 1 x 0.8 x 2.5 mm."""
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-1.0, 0.8, 2.5])
    affine[:3, 3] = (10, -20, 30)
    return affine


class Bench:
    """`at` and the gestures take plane coordinates of the slice on show."""

    def __init__(self, qtbot: QtBot, name: PlaneName = PlaneName.AXIAL, index: int = 10) -> None:
        grid = Grid(SHAPE, oblique())
        image = np.random.default_rng(3).normal(100, 5, SHAPE).astype(np.float32)
        image[:, 20:] += 100
        self.image = image
        self.stack = LayerStack()
        layer = Layer("image", image[None], grid)
        self.stack.add(layer)
        self.model = LabelModel(SHAPE)
        self.editor = LabelEditor(self.model)
        self.editor.setGrid(grid)
        self.editor.setImage(layer)
        self.editor.table.add()
        self.display = LabelDisplay(self.model, self.editor.table, self.stack)
        self.display.show("labels", grid)
        self.said: list[str] = []
        self.editor.statusChanged.connect(self.said.append)
        self.view = SliceView(self.stack, name)
        qtbot.addWidget(self.view)
        self.editor.toolChanged.connect(lambda _: self.view.setTool(self.editor.sliceTool()))
        self.view.resize(500, 500)
        self.view.show()
        self.view.setIndex(index)
        self.view.setFocus()

    def take(self, tool: ToolName, **settings: object) -> None:
        self.editor.setTool(tool)
        self.editor.change(**settings)

    def at(self, point: Point) -> QPointF:
        return self.view.planeToView(QPointF(*point))

    def seen(self, index: int | None = None) -> NDArray[np.uint8]:
        """The labels of a slice as they are seen (height, width)."""
        plane = self.view.plane()
        assert plane is not None
        return plane.slice(self.model.array, self.view.index() if index is None else index)

    def send(
        self,
        kind: QEvent.Type,
        point: Point,
        button: Qt.MouseButton = NONE,
        held: Qt.MouseButton = NONE,
        modifiers: Qt.KeyboardModifier = PLAIN,
    ) -> None:
        place = self.at(point)
        there = QPointF(self.view.mapToGlobal(place))
        QApplication.sendEvent(self.view, QMouseEvent(kind, place, there, button, held, modifiers))

    def press(self, point: Point, button: Qt.MouseButton = LEFT) -> None:
        self.send(QEvent.Type.MouseButtonPress, point, button, button)

    def move(
        self,
        point: Point,
        held: Qt.MouseButton = NONE,
        modifiers: Qt.KeyboardModifier = PLAIN,
    ) -> None:
        self.send(QEvent.Type.MouseMove, point, NONE, held, modifiers)

    def release(
        self,
        point: Point,
        button: Qt.MouseButton = LEFT,
        modifiers: Qt.KeyboardModifier = PLAIN,
    ) -> None:
        self.send(QEvent.Type.MouseButtonRelease, point, button, NONE, modifiers)

    def drag(self, *points: Point, button: Qt.MouseButton = LEFT) -> None:
        self.press(points[0], button)
        for point in points[1:]:
            self.move(point, button)
        self.release(points[-1], button)

    def click(self, point: Point, button: Qt.MouseButton = LEFT) -> None:
        self.drag(point, button=button)

    def double(self, point: Point) -> None:
        self.click(point)
        self.send(QEvent.Type.MouseButtonDblClick, point, LEFT, LEFT)
        self.release(point)

    def wheel(self, point: Point, notches: int, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        place = self.at(point)
        QApplication.sendEvent(
            self.view,
            QWheelEvent(
                place, QPointF(self.view.mapToGlobal(place)), QPoint(0, 0),
                QPoint(0, 120 * notches), NONE, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
            ),
        )  # fmt: skip
