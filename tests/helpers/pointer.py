"""Mouse gestures on a pane, in image coordinates."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication

from widgets.viewer.pane import Pane

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
MIDDLE, NONE = Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
Point = tuple[float, float]


def send(
    pane: Pane,
    kind: QEvent.Type,
    position: QPointF,
    button: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    """One mouse event with a sub-pixel position in view coordinates, as a tablet sends it."""
    moving, up = kind == QEvent.Type.MouseMove, kind == QEvent.Type.MouseButtonRelease
    event = QMouseEvent(
        kind,
        position,
        QPointF(pane.mapToGlobal(position)),
        NONE if moving else button,
        NONE if up else button,
        modifiers,
    )
    QApplication.sendEvent(pane, event)


def press(pane: Pane, at: Point, button: Qt.MouseButton = LEFT) -> None:
    send(pane, QEvent.Type.MouseButtonPress, pane.imageToView(QPointF(*at)), button)


def move(
    pane: Pane,
    at: Point,
    button: Qt.MouseButton = NONE,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    send(pane, QEvent.Type.MouseMove, pane.imageToView(QPointF(*at)), button, modifiers)


def release(
    pane: Pane,
    at: Point,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    position = pane.imageToView(QPointF(*at))
    send(pane, QEvent.Type.MouseButtonRelease, position, button, modifiers)


def drag(
    pane: Pane,
    *points: Point,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = PLAIN,
) -> None:
    """Press at the first point, move through the others, release at the last."""
    press(pane, points[0], button)
    for point in points[1:]:
        move(pane, point, button, modifiers)
    release(pane, points[-1], button, modifiers)


def click(pane: Pane, at: Point, button: Qt.MouseButton = LEFT) -> None:
    drag(pane, at, button=button)


def double_click(pane: Pane, at: Point, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    """The four events that a double click consists of."""
    position = pane.imageToView(QPointF(*at))
    for kind in (
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.MouseButtonDblClick,
        QEvent.Type.MouseButtonRelease,
    ):
        send(pane, kind, position, LEFT, modifiers)


def wheel(
    pane: Pane, at: Point, notches: int, modifiers: Qt.KeyboardModifier = PLAIN
) -> QWheelEvent:
    position = pane.imageToView(QPointF(*at))
    event = QWheelEvent(
        position,
        QPointF(pane.mapToGlobal(position)),
        QPoint(0, 0),
        QPoint(0, 120 * notches),
        NONE,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(pane, event)
    return event
