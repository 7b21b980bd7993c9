"""The 3D view, turned, zoomed and moved by mouse and keys, with OpenGL and without."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.viewer.scene.balls import ball
from widgets.viewer.scene.backend import open_renderer
from widgets.viewer.scene.mip import prepare
from widgets.viewer.scene.scene_view import SceneMode, SceneView

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture(params=["software", "opengl"])
def view(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[SceneView]:
    if request.param == "opengl":
        renderer, reason = open_renderer()
        if renderer is None:
            pytest.skip(reason)
        renderer.close()
    view = SceneView(software=request.param == "software")
    qtbot.addWidget(view)
    view.resize(240, 200)
    assert view.backend() == "", "nothing is set up before it is seen"
    view.show()
    qtbot.waitExposed(view)
    assert view.backend() == request.param
    yield view
    view.close()


def settled(qtbot: QtBot, view: SceneView) -> QImage:
    qtbot.waitUntil(lambda: not view.isBusy() and view.picture() is not None)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not view.isBusy())
    picture = view.picture()
    assert picture is not None
    return picture


def middle(picture: QImage, dx: float = 0) -> tuple[int, int, int]:
    at = QPointF(picture.width() * (0.5 + dx), picture.height() / 2).toPoint()
    colour = picture.pixelColor(at)
    return colour.red(), colour.green(), colour.blue()


def drag(view: SceneView, button: Qt.MouseButton, dx: int, dy: int) -> None:
    start = QPointF(view.rect().center())
    end = start + QPointF(dx, dy)
    kinds = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease)
    none = Qt.MouseButton.NoButton
    for kind, at, own in zip(kinds, (start, end, end), (button, none, button), strict=True):
        held = none if kind == QEvent.Type.MouseButtonRelease else button
        event = QMouseEvent(kind, at, QPointF(view.mapToGlobal(at)), own, held, PLAIN)
        QApplication.sendEvent(view, event)


def test_surfaces_are_drawn_and_the_near_hides_the_far(qtbot: QtBot, view: SceneView) -> None:
    view.setMeshes([ball((0, 12, 0)), ball((0, -12, 0), colour=(0, 0, 255))])
    red, _, blue = middle(settled(qtbot, view))
    assert red > 150 > blue
    QTest.keyClick(view, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: middle(settled(qtbot, view))[2] > 150)
    QTest.mouseClick(view.bar.sides["A"], LEFT)
    qtbot.waitUntil(lambda: middle(settled(qtbot, view))[0] > 150)


def test_a_translucent_surface_lets_the_inside_through(qtbot: QtBot, view: SceneView) -> None:
    view.setMeshes([ball(opacity=0.4), ball(radius=5, colour=(0, 0, 255))])
    red, _, blue = middle(settled(qtbot, view))
    assert blue > red > 40


def test_the_mouse_turns_moves_and_zooms(qtbot: QtBot, view: SceneView) -> None:
    view.setMeshes([ball()])
    before = view.camera()
    drag(view, LEFT, 60, 0)
    turned = view.camera()
    assert turned.rotation != before.rotation
    assert (turned.centre, turned.height) == (before.centre, before.height)
    drag(view, MIDDLE, 30, 10)
    moved = view.camera()
    assert moved.rotation == turned.rotation
    assert moved.centre != turned.centre
    at = QPointF(view.rect().center())
    wheel = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, PLAIN,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, wheel)
    assert view.camera().height < moved.height
    QTest.mouseClick(view.bar.reset, LEFT)
    assert view.camera() == before
    assert middle(settled(qtbot, view))[0] > 150


def test_the_letters_are_taken_from_the_windows_shortcuts(view: SceneView) -> None:
    for key, taken in ((Qt.Key.Key_S, True), (Qt.Key.Key_B, False)):
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, PLAIN, "s")
        event.ignore()
        QApplication.sendEvent(view, event)
        assert event.isAccepted() == taken


def test_the_projection_is_switched_to(qtbot: QtBot, view: SceneView) -> None:
    array = np.zeros((16, 16, 16), np.uint8)
    array[6:10, 6:10, 6:10] = 200
    view.setMeshes([ball((7.5, 7.5, 7.5))])
    view.setVolume(prepare(array, np.eye(4), 0, 200))
    settled(qtbot, view)
    with qtbot.waitSignal(view.modeChanged):
        QTest.mouseClick(view.bar.projection, LEFT)
    assert view.mode() is SceneMode.PROJECTION
    picture = settled(qtbot, view)
    assert middle(picture) == (255, 255, 255)
    assert middle(picture, 0.3) == (0, 0, 0)
    QTest.mouseClick(view.bar.projection, LEFT)
    red, _, blue = middle(settled(qtbot, view))
    assert red > blue


def test_nothing_to_show_and_hidden_surfaces_leave_no_picture(
    qtbot: QtBot, view: SceneView
) -> None:
    assert view.grab().toImage().width() > 0
    assert view.picture() is None
    view.setMeshes([ball()])
    settled(qtbot, view)
    view.setMeshes([])
    qtbot.waitUntil(lambda: view.picture() is None)
    view.setMode(SceneMode.PROJECTION)
    view.grab()
    assert view.picture() is None


def test_many_faces_turn_and_come_to_rest_in_detail(qtbot: QtBot, view: SceneView) -> None:
    view.setMeshes([ball(rings=160)])
    settled(qtbot, view)
    for step in range(5):
        drag(view, LEFT, 10, step)
        view.grab()
    assert middle(settled(qtbot, view))[0] > 150


def test_without_the_library_of_opengl_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "widgets.viewer.scene.gl", None)
    assert open_renderer() == (None, "Drawn without OpenGL: its library is not installed")


def test_without_opengl_it_says_why(qtbot: QtBot) -> None:
    view = SceneView(software=True)
    qtbot.addWidget(view)
    view.show()
    assert "without OpenGL" in view.reason()
    view.setCrosshair((1.0, 2.0, 3.0))
    view.grab()
    view.close()


def test_a_view_that_is_deleted_while_drawing_ends_its_thread(qtbot: QtBot) -> None:
    view = SceneView(software=True)
    view.resize(400, 300)
    view.setMeshes([ball(rings=120)])
    view.show()
    view.grab()
    assert view.isBusy()
    view.deleteLater()
    qtbot.wait(50)
