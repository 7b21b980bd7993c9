"""Mouse and keys in a slice view, with and without a tool in hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QPainter, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import (
    CONTROL,
    LEFT,
    MIDDLE,
    NONE,
    RIGHT,
    SHIFT,
    click,
    double_click,
    drag,
    move,
    press,
    release,
    wheel,
)
from tests.widgets.viewer.volume.stage import image, labels, slice_view
from widgets.viewer.volume.decorations import Decorations
from widgets.viewer.volume.layers import Blend
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_view import SliceView
from widgets.viewer.volume.tool import Pointer

BLOCK = np.arange(9 * 10 * 12, dtype=np.int16).reshape(9, 10, 12)


def make(qtbot: QtBot, name: PlaneName = PlaneName.AXIAL, **look: Any) -> SliceView:
    return slice_view(qtbot, image(BLOCK, **{"low": 0, "high": 1000, **look}), name=name)


class Recorder:
    """A tool that notes what it is told and takes what it is asked to."""

    def __init__(self, *takes: str) -> None:
        self.takes, self.told = takes, list[str]()
        self.pointers: list[Pointer] = []

    def _note(self, what: str, pointer: Pointer | None = None) -> bool:
        self.told.append(what)
        if pointer is not None:
            self.pointers.append(pointer)
        return what in self.takes

    def press(self, view: SliceView, pointer: Pointer) -> bool:
        return self._note("press", pointer)

    def move(self, view: SliceView, pointer: Pointer) -> None:
        self._note("move", pointer)

    def release(self, view: SliceView, pointer: Pointer) -> None:
        self._note("release", pointer)

    def double(self, view: SliceView, pointer: Pointer) -> bool:
        return self._note("double", pointer)

    def wheel(self, view: SliceView, pointer: Pointer, notches: float) -> bool:
        return self._note("wheel", pointer)

    def key(self, view: SliceView, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        return self._note("key")

    def leave(self, view: SliceView) -> None:
        self._note("leave")

    def scrolled(self, view: SliceView) -> None:
        self._note("scrolled")

    def paint(self, view: SliceView, painter: QPainter) -> None:
        painter.fillRect(0, 0, 20, 20, Qt.GlobalColor.magenta)

    def cursor(self, view: SliceView) -> Qt.CursorShape:
        return Qt.CursorShape.PointingHandCursor


# --- slices


def test_the_wheel_scrolls_and_stops_at_the_ends(qtbot: QtBot) -> None:
    view = make(qtbot)
    assert view.index() == 4
    with qtbot.waitSignal(view.indexChanged):
        wheel(view, (3, 3), 2)
    assert view.index() == 6
    wheel(view, (3, 3), -20)
    assert view.index() == 0
    wheel(view, (3, 3), 50)
    assert view.index() == 8


def test_a_touch_pad_scrolls_by_whole_slices(qtbot: QtBot) -> None:
    view = make(qtbot)
    for step in range(6):
        assert view.index() == 4 + step // 3
        third_of_a_notch = QWheelEvent(
            QPointF(120, 120), QPointF(120, 120), QPoint(), QPoint(0, 40), NONE,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.ScrollUpdate, False,
        )  # fmt: skip
        QApplication.sendEvent(view, third_of_a_notch)
    assert view.index() == 6


def test_the_wheel_scrolls_while_a_button_is_held(qtbot: QtBot) -> None:
    view = make(qtbot)
    press(view, (3, 3))
    wheel(view, (3, 3), 1)
    release(view, (3, 3))
    assert view.index() == 5


def test_ctrl_wheel_zooms_at_the_pointer_instead(qtbot: QtBot) -> None:
    view = make(qtbot)
    at = view.planeToView(QPointF(3, 3))
    scale = view.scale()
    wheel(view, (3, 3), 2, CONTROL)
    assert view.index() == 4
    assert view.scale() == pytest.approx(scale * 1.44)
    assert view.planeToView(QPointF(3, 3)).x() == pytest.approx(at.x())


@pytest.mark.parametrize(
    ("key", "index"),
    [
        (Qt.Key.Key_PageUp, 5),
        (Qt.Key.Key_PageDown, 3),
        (Qt.Key.Key_Right, 5),
        (Qt.Key.Key_Left, 3),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, 8),
    ],
)
def test_keys_change_the_slice(qtbot: QtBot, key: Qt.Key, index: int) -> None:
    view = make(qtbot)
    QTest.keyClick(view, key)
    assert view.index() == index


def test_middle_drag_pans_and_r_fits(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.zoomBy(3)
    before = view.view()
    drag(view, (6, 5), (7, 5), button=MIDDLE)
    assert view.view().cx == pytest.approx(before.cx - 1 / 12)
    QTest.keyClick(view, Qt.Key.Key_R)
    assert view.view().fitted


# --- crosshair


def test_a_click_and_a_drag_set_the_crosshair(qtbot: QtBot) -> None:
    view = make(qtbot)
    moved: list[tuple[float, float, float]] = []
    view.crosshairMoved.connect(moved.append)
    click(view, (2.5, 3.5))
    assert view.crosshairPoint() == QPointF(2.5, 3.5)
    # Radiological, rows to the back: the patient's right and front are first.
    assert moved == [pytest.approx((9.0, 6.0, 4.0))]
    drag(view, (2.5, 3.5), (4.5, 3.5), (6.5, 8.5))
    assert view.crosshairPoint() == QPointF(6.5, 8.5)
    click(view, (-0.2, 3))
    assert view.crosshairPoint() == QPointF(6.5, 8.5)


def test_shift_moves_it_whatever_the_tool(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.setTool(Recorder("press"))
    click(view, (2.5, 3.5))
    assert view.crosshairPoint() != QPointF(2.5, 3.5)
    move(view, (2.5, 3.5), modifiers=SHIFT)
    assert view.crosshairPoint() == QPointF(2.5, 3.5)


def test_the_pointer_tells_the_voxel(qtbot: QtBot) -> None:
    view = make(qtbot, PlaneName.CORONAL)
    told: list[object] = []
    view.pointerMoved.connect(told.append)
    move(view, (0.5, 0.5))
    move(view, (0.9, 0.1))
    move(view, (11.5, 8.5))
    move(view, (12.5, 8.5))
    assert told == [(8, 5, 11), (0, 5, 0), None]


# --- window and level


def test_right_drag_changes_window_and_level(qtbot: QtBot) -> None:
    view = make(qtbot)
    (layer,) = view.stack()
    scale = view.scale()
    drag(view, (2, 2), (2 + 200 / scale, 2), button=RIGHT)
    assert layer.look.high - layer.look.low == pytest.approx(2000)
    assert layer.look.high + layer.look.low == pytest.approx(1000)
    drag(view, (2, 2), (2, 2 + 100 / scale), button=RIGHT)
    assert layer.look.high - layer.look.low == pytest.approx(2000)
    assert (layer.look.high + layer.look.low) / 2 == pytest.approx(500 + 1000)
    double_click(view, (2, 2), CONTROL)
    assert (layer.look.low, layer.look.high) == (0, 1000)


def test_in_window_mode_the_left_button_does(qtbot: QtBot) -> None:
    view = make(qtbot)
    (layer,) = view.stack()
    with qtbot.assertNotEmitted(view.windowChanged):
        drag(view, (2, 2), (8, 2))
    view.setWindowMode(True)
    cross = view.crosshair()
    with qtbot.waitSignal(view.windowChanged) as told:
        drag(view, (2, 2), (8, 2))
    assert told.args == [layer]
    assert layer.look.high - layer.look.low > 1000
    assert view.crosshair() == cross


def test_the_active_image_is_windowed_and_labels_never(qtbot: QtBot) -> None:
    view = make(qtbot)
    upper, mask = image(BLOCK, low=0, high=10), labels(np.zeros(BLOCK.shape, np.uint8))
    for layer in (upper, mask):
        view.stack().add(layer)
    lower = view.stack().reference()
    assert lower is not None
    drag(view, (2, 2), (8, 2), button=RIGHT)
    assert lower.look.high > 1000
    assert upper.look.high == 10
    view.stack().setActive(upper)
    drag(view, (2, 2), (8, 2), button=RIGHT)
    assert upper.look.high > 10
    assert mask.look.high == 1.0


# --- tools


def test_a_tool_that_takes_a_press_gets_its_moves_and_release(qtbot: QtBot) -> None:
    view = make(qtbot)
    tool = Recorder("press")
    view.setTool(tool)
    cross = view.crosshair()
    press(view, (2, 3))
    move(view, (4, 5), LEFT)
    press(view, (4, 5), RIGHT)  # another button meanwhile changes nothing
    release(view, (4, 5), RIGHT)
    release(view, (4, 5))
    assert tool.told == ["press", "move", "release"]
    first = tool.pointers[0]
    assert (first.point.x(), first.point.y()) == pytest.approx((2, 3))
    assert (first.button, first.index, first.plane.name) == (LEFT, 4, PlaneName.AXIAL)
    assert view.crosshair() == cross


def test_what_a_tool_leaves_the_view_does(qtbot: QtBot) -> None:
    view = make(qtbot)
    tool = Recorder()
    view.setTool(tool)
    (layer,) = view.stack()
    drag(view, (2, 2), (6, 2), button=RIGHT)
    assert layer.look.high > 1000
    wheel(view, (2, 2), 1)
    assert view.index() == 5
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert view.index() == 6
    assert [what for what in tool.told if what != "move"] == [
        "press", "wheel", "scrolled", "key", "scrolled",
    ]  # fmt: skip


def test_a_tool_may_take_wheel_and_keys(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.setTool(Recorder("wheel", "key"))
    wheel(view, (2, 2), 1)
    QTest.keyClick(view, Qt.Key.Key_PageUp)
    assert view.index() == 4


def test_panning_comes_before_the_tool(qtbot: QtBot) -> None:
    view = make(qtbot)
    tool = Recorder("press")
    view.setTool(tool)
    QTest.keyPress(view, Qt.Key.Key_Space)
    drag(view, (2, 2), (4, 2))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    drag(view, (2, 2), (4, 2), button=MIDDLE)
    assert "press" not in tool.told


def test_a_tool_paints_and_gives_the_pointer_its_shape(qtbot: QtBot) -> None:
    view = make(qtbot)
    tool = Recorder()
    view.setTool(tool)
    assert view.cursor().shape() == Qt.CursorShape.PointingHandCursor
    assert view.grab().toImage().pixelColor(10, 10) == Qt.GlobalColor.magenta
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert "leave" in tool.told
    view.setTool(None)
    assert view.grab().toImage().pixelColor(10, 10) != Qt.GlobalColor.magenta


def test_a_double_click_maximises_unless_a_tool_is_in_hand(qtbot: QtBot) -> None:
    view = make(qtbot)
    with qtbot.waitSignal(view.maximiseRequested):
        double_click(view, (3, 3))
    tool = Recorder("press")
    view.setTool(tool)
    with qtbot.assertNotEmitted(view.maximiseRequested):
        double_click(view, (3, 3))
    assert tool.told.count("press") == 2
    assert tool.told.count("release") == 2


# --- curtain, decorations, emptiness


def test_the_curtain_is_drawn_by_its_line(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.stack().add(image(BLOCK, blend=Blend.CURTAIN))
    at, to = view.viewToPlane(QPointF(120, 100)), view.viewToPlane(QPointF(60, 100))
    cross = view.crosshair()
    with qtbot.waitSignal(view.curtainChanged):
        drag(view, (at.x(), at.y()), (to.x(), to.y()))
    assert view.curtain() == pytest.approx(0.25)
    assert view.crosshair() == cross


def test_squares_of_a_checkerboard_have_a_side_that_can_be_changed(qtbot: QtBot) -> None:
    view = make(qtbot, low=5000, high=6000)
    view.stack().add(image(BLOCK, blend=Blend.CHECKER))
    pictures = []
    for side in (8, 40, 120):
        view.setSquare(side)
        assert view.square() == side
        pictures.append(view.grab().toImage())
    assert pictures[0] != pictures[1] != pictures[2]
    view.setSquare(1)
    assert view.square() == 8
    view.setSquare(9999)
    assert view.square() == 256


def test_decorations_are_drawn_and_left_out(qtbot: QtBot) -> None:
    view = make(qtbot, low=5000, high=6000)
    plain = view.grab().toImage()
    pictures = [plain]
    for name in ("letters", "crosshair", "scale_bar", "title", "convention", "frame"):
        wanted = {key: key == name for key in Decorations.__dataclass_fields__}
        view.setDecorations(Decorations(**wanted))
        view.resize(300, 300)
        pictures.append(view.grab().toImage())
    view.resize(300, 300)
    assert all(one != other for i, one in enumerate(pictures) for other in pictures[:i])


def test_an_empty_view_bears_everything(qtbot: QtBot) -> None:
    view = slice_view(qtbot)
    tool = Recorder("press")
    view.setTool(tool)
    for button in (LEFT, RIGHT, MIDDLE):
        QTest.mouseClick(view, button)
    QTest.mouseDClick(view, LEFT)
    for key in (Qt.Key.Key_PageUp, Qt.Key.Key_Home, Qt.Key.Key_R):
        QTest.keyClick(view, key)
    view.setCrosshair((1.0, 2.0, 3.0))
    view.setIndex(4)
    assert view.index() == 0
    assert "press" not in tool.told
    view.setPlaceholder("Nothing here.")
    assert not view.grab().isNull()
