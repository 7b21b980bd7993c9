from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QPointF, QSize, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import (
    CONTROL,
    LEFT,
    MIDDLE,
    double_click,
    drag,
    move,
    press,
    release,
    wheel,
)
from widgets.viewer.pane import Pane
from widgets.viewer.view import MAX_SCALE, View


def make(qtbot: QtBot, width: int = 100, height: int = 80, side: int = 400) -> Pane:
    pane = Pane()
    qtbot.addWidget(pane)
    pane.resize(side, side)
    pane.setImageSize(width, height)
    pane.show()
    pane.setFocus()
    return pane


def test_the_image_is_fitted_and_stays_so_when_resized(qtbot: QtBot) -> None:
    pane = make(qtbot)
    for side in (400, 250):
        pane.resize(side, side)
        left, right = pane.imageToView(QPointF(0, 40)), pane.imageToView(QPointF(100, 40))
        assert 0 < left.x() < 10
        assert side - 10 < right.x() < side
        assert left.y() == pytest.approx(side / 2)


def test_ctrl_wheel_zooms_at_the_pointer(qtbot: QtBot) -> None:
    pane = make(qtbot)
    before = pane.imageToView(QPointF(30, 50))
    scale = pane.scale()
    with qtbot.waitSignal(pane.viewChanged):
        wheel(pane, (30, 50), 3, CONTROL)
    after = pane.imageToView(QPointF(30, 50))
    assert pane.scale() == pytest.approx(scale * 1.2**3)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_a_plain_wheel_is_left_to_the_parent(qtbot: QtBot) -> None:
    pane = make(qtbot)
    assert not wheel(pane, (30, 50), 1).isAccepted()
    assert pane.view().fitted


def test_zoom_has_limits(qtbot: QtBot) -> None:
    pane = make(qtbot)
    for _ in range(100):
        wheel(pane, (30, 50), 1, CONTROL)
    assert pane.scale() == pytest.approx(MAX_SCALE)
    for _ in range(200):
        wheel(pane, (30, 50), -1, CONTROL)
    assert pane.view().zoom == pytest.approx(0.25)


def test_middle_drag_pans_by_what_the_pointer_moved(qtbot: QtBot) -> None:
    pane = make(qtbot)
    pane.zoomBy(3)
    grabbed = pane.imageToView(QPointF(50, 40))
    press(pane, (50, 40), MIDDLE)
    target = pane.viewToImage(grabbed + QPointF(-60, 25))
    move(pane, (target.x(), target.y()), MIDDLE)
    release(pane, (50, 40), MIDDLE)
    after = pane.imageToView(QPointF(50, 40))
    assert (after.x() - grabbed.x(), after.y() - grabbed.y()) == pytest.approx((-60, 25))


def test_space_makes_the_left_button_pan(qtbot: QtBot) -> None:
    pane = make(qtbot)
    pane.zoomBy(3)
    view = pane.view()
    drag(pane, (50, 40), (45, 40), button=LEFT)
    assert pane.view() == view
    QTest.keyPress(pane, Qt.Key.Key_Space)
    drag(pane, (50, 40), (45, 40), button=LEFT)
    QTest.keyRelease(pane, Qt.Key.Key_Space)
    assert pane.view().cx == pytest.approx(view.cx + 0.05)


def test_r_fits_and_a_double_click_asks_for_more_room(qtbot: QtBot) -> None:
    pane = make(qtbot)
    pane.zoomBy(4)
    QTest.keyClick(pane, Qt.Key.Key_R)
    assert pane.view() == View()
    with qtbot.waitSignal(pane.maximiseRequested):
        double_click(pane, (50, 40))


def test_linked_panes_share_the_view_whatever_their_sizes(qtbot: QtBot) -> None:
    one, other = make(qtbot, 100, 100), make(qtbot, 200, 200, side=300)
    one.zoomBy(2)
    one.linkView(other)
    assert other.view() == one.view()
    wheel(other, (60, 40), 2, CONTROL)
    assert one.view() == other.view()
    centre_one = one.viewToImage(QPointF(200, 200))
    centre_other = other.viewToImage(QPointF(150, 150))
    assert centre_other.x() / 200 == pytest.approx(centre_one.x() / 100)
    one.unlinkView(other)
    one.fit()
    assert other.view() != one.view()


def test_hover_tells_pixels_and_leaving(qtbot: QtBot) -> None:
    pane = make(qtbot)
    told: list[tuple[int, int] | None] = []
    pane.hovered.connect(lambda x, y: told.append((x, y)))
    pane.left.connect(lambda: told.append(None))
    for at in ((3.2, 4.9), (3.9, 4.1), (99.9, 79.9), (100.1, 40), (-0.1, 3)):
        move(pane, at)
    assert told == [(3, 4), (99, 79), None]


def test_an_empty_pane_bears_everything(qtbot: QtBot) -> None:
    pane = Pane()
    qtbot.addWidget(pane)
    pane.resize(200, 200)
    pane.show()
    QTest.mouseClick(pane, LEFT, pos=QPoint(20, 20))
    QTest.mouseMove(pane, QPoint(40, 40))
    QTest.keyClick(pane, Qt.Key.Key_R)
    pane.zoomBy(2)
    assert not pane.grab().isNull()
    assert pane.imageSize() == QSize(0, 0)


def test_pixels_that_are_not_square_fill_zoom_and_pan_alike(qtbot: QtBot) -> None:
    pane = make(qtbot, 50, 80)
    pane.setPixelSize(6.0, 3.0)
    origin = pane.imageToView(QPointF(0, 0))
    right, down = pane.imageToView(QPointF(1, 0)) - origin, pane.imageToView(QPointF(0, 1)) - origin
    assert right.x() == pytest.approx(2 * down.y())
    assert down.y() == pytest.approx(pane.scale())
    assert pane.imageToView(QPointF(50, 0)).x() == pytest.approx(394)
    before = pane.imageToView(QPointF(10, 60))
    wheel(pane, (10, 60), 3, CONTROL)
    after = pane.imageToView(QPointF(10, 60))
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))
    pane.panBy(QPointF(-20, 15))
    moved = pane.imageToView(QPointF(10, 60)) - after
    assert (moved.x(), moved.y()) == pytest.approx((-20, 15))
    with pytest.raises(ValueError, match="pixel"):
        pane.setPixelSize(0.0, 1.0)
