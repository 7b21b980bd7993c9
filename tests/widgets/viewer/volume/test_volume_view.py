"""Views that follow each other, and how they are arranged."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import CONTROL, RIGHT, click, double_click, drag, move, wheel
from tests.widgets.viewer.volume.stage import image, labels, show, stack_of
from widgets.viewer.volume.arrangement import ViewLayout
from widgets.viewer.volume.layers import LayerStack
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.view_frame import ViewFrame
from widgets.viewer.volume.volume_view import VolumeView

AXIAL, CORONAL, SAGITTAL = PlaneName.AXIAL, PlaneName.CORONAL, PlaneName.SAGITTAL
SHAPE = (10, 12, 14)
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def block() -> np.ndarray[tuple[int, int, int], np.dtype[np.int16]]:
    return np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)


def make(qtbot: QtBot, stack: LayerStack | None = None) -> VolumeView:
    stack = stack or stack_of(image(block(), low=0, high=100), labels(np.zeros(SHAPE, np.uint8)))
    view = VolumeView(stack)
    stack.setParent(view)
    show(qtbot, view, 640, 480)
    return view


def indices(view: VolumeView) -> dict[PlaneName, int]:
    return {name: pane.index() for name, pane in view.views().items()}


def test_all_planes_begin_in_the_middle(qtbot: QtBot) -> None:
    view = make(qtbot)
    assert indices(view) == {AXIAL: 5, CORONAL: 6, SAGITTAL: 7}
    assert view.crosshair() == (7, 6, 5)


@pytest.mark.parametrize("affine", [np.eye(4), LPS])
def test_a_click_in_one_plane_moves_the_others(qtbot: QtBot, affine: np.ndarray) -> None:
    view = make(qtbot, stack_of(image(block(), affine)))
    axial = view.views()[AXIAL]
    plane = axial.plane()
    assert plane is not None
    x, y, _ = plane.point((5, 3, 9))
    with qtbot.waitSignal(view.crosshairMoved):
        click(axial, (x, y))
    assert indices(view) == {AXIAL: 5, CORONAL: 3, SAGITTAL: 9}


def test_scrolling_one_plane_moves_its_line_in_the_others(qtbot: QtBot) -> None:
    view = make(qtbot)
    wheel(view.views()[CORONAL], (3, 3), 2)
    assert view.crosshair() == (7, 8, 5)
    assert all(pane.crosshair() == (7, 8, 5) for pane in view.views().values())
    assert indices(view) == {AXIAL: 5, CORONAL: 8, SAGITTAL: 7}


def test_going_to_a_point_outside_shows_the_nearest_slices(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.setCrosshair((100, -100, 3))
    assert indices(view) == {AXIAL: 3, CORONAL: 0, SAGITTAL: 13}


def test_the_pointer_tells_voxels_of_the_stack(qtbot: QtBot) -> None:
    view = make(qtbot)
    told: list[object] = []
    view.pointerMoved.connect(told.append)
    move(view.views()[AXIAL], (0.5, 0.5))
    assert told == [(5, 11, 13)]


def test_the_current_view_is_the_one_last_used(qtbot: QtBot) -> None:
    view = make(qtbot)
    assert view.currentView() is view.views()[AXIAL]
    with qtbot.waitSignal(view.currentChanged):
        click(view.views()[SAGITTAL], (3, 3))
    assert view.currentView() is view.views()[SAGITTAL]
    view.setViewLayout(ViewLayout.ONE, CORONAL)
    assert view.currentView() is view.views()[CORONAL]


# --- layouts


def test_each_layout_shows_its_views(qtbot: QtBot) -> None:
    view = make(qtbot)
    scene = QLabel("3D")
    view.setScene(scene)
    expected = {
        ViewLayout.ONE: ([CORONAL], False),
        ViewLayout.MAIN: (list(PlaneName), True),
        ViewLayout.GRID: (list(PlaneName), True),
        ViewLayout.COMPARE: ([CORONAL, CORONAL], False),
    }
    for layout, (names, has_scene) in expected.items():
        view.setViewLayout(layout, CORONAL)
        assert [pane.name() for pane in view.shownViews()] == names
        assert all(pane.isVisible() and pane.width() > 100 for pane in view.shownViews())
        assert scene.isVisible() == has_scene
    view.setViewLayout(ViewLayout.MAIN)
    widths = {name: pane.width() for name, pane in view.views().items()}
    assert widths[CORONAL] > 1.5 * widths[AXIAL]
    view.setScene(None)
    assert scene.parent() is None
    scene.deleteLater()


def test_a_double_click_maximises_and_restores(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.setViewLayout(ViewLayout.MAIN, AXIAL)
    sagittal = view.views()[SAGITTAL]
    double_click(sagittal, (4, 4))
    assert view.isMaximised()
    assert view.shownViews() == [sagittal]
    assert sagittal.width() > 560
    double_click(sagittal, (4, 4))
    assert not view.isMaximised()
    assert (view.viewLayout(), view.mainPlane()) == (ViewLayout.MAIN, AXIAL)
    assert len(view.shownViews()) == 3


def test_a_layout_comes_back_with_its_sizes(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.setViewLayout(ViewLayout.MAIN, SAGITTAL)
    view.restoreLayout({"layout": "main", "main": "sagittal", "sizes": {"main": [[200, 436]]}})
    width = view.views()[SAGITTAL].width()
    assert 150 < width < 250
    kept = json.loads(json.dumps(view.layoutState()))
    view.setViewLayout(ViewLayout.GRID, AXIAL)
    view.restoreLayout(kept)
    assert abs(view.views()[SAGITTAL].width() - width) <= 2
    with pytest.raises(ValueError, match="nowhere"):
        view.restoreLayout({"layout": "nowhere", "main": "axial", "sizes": {}})


def test_the_slider_shows_and_sets_the_slice(qtbot: QtBot) -> None:
    view = make(qtbot, stack_of(image(block(), LPS)))
    frames = {frame.view.name(): frame for frame in view.findChildren(ViewFrame)}
    slider = frames[SAGITTAL].slider
    # Right is up, and the array runs to the left.
    assert slider.value() == 13 - 7
    QTest.keyClick(slider, Qt.Key.Key_Up)
    assert indices(view)[SAGITTAL] == 6
    wheel(view.views()[SAGITTAL], (3, 3), 1)
    assert slider.value() == 8


# --- shared state


def test_all_views_share_side_tool_mode_and_decorations(qtbot: QtBot) -> None:
    view = make(qtbot)
    view.setRadiological(False)
    view.setWindowMode(True)
    view.setCrosshairVisible(False)
    view.setViewLayout(ViewLayout.COMPARE)
    panes = [*view.views().values(), *view.shownViews()]
    assert len(panes) == 5
    assert not any(pane.isRadiological() for pane in panes)
    assert all(pane.isWindowMode() for pane in panes)
    assert not any(pane.decorations().crosshair for pane in panes)


def test_planes_keep_one_scale_when_linked(qtbot: QtBot) -> None:
    view = make(qtbot)
    axial, coronal = view.views()[AXIAL], view.views()[CORONAL]
    wheel(axial, (3, 3), 2, CONTROL)
    assert coronal.view().fitted
    view.setZoomLinked(True)
    wheel(axial, (3, 3), 1, CONTROL)
    assert coronal.mmPerPixel() == pytest.approx(axial.mmPerPixel())


def test_auto_window_cuts_the_tails(qtbot: QtBot) -> None:
    layer = image(np.arange(100_000, dtype=np.int32).reshape(10, 100, 100))
    view = make(qtbot, stack_of(layer))
    view.autoWindow()
    assert layer.look.low == pytest.approx(100, abs=2)
    assert layer.look.high == pytest.approx(99_900, abs=2)
    view.setSmooth(True)
    assert layer.look.smooth


# --- comparing


def test_images_of_one_stack_are_shown_apart(qtbot: QtBot) -> None:
    lower, upper = image(np.zeros(SHAPE, np.uint8)), image(np.ones(SHAPE, np.uint8), opacity=0.2)
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, 6:, :] = 1
    view = make(qtbot, stack_of(lower, upper, labels(mask)))
    view.setViewLayout(ViewLayout.COMPARE)
    colours = []
    for pane in view.shownViews():
        plane = pane.plane()
        assert plane is not None
        picture = pane.grab().toImage()
        spots = [pane.planeToView(QPointF(*plane.point((5, h, 3))[:2])) for h in (2, 9)]
        colours += [picture.pixelColor(spot.toPoint()).getRgb()[:3] for spot in spots]
    assert colours == [(0, 0, 0), (255, 0, 0), (255, 255, 255), (255, 0, 0)]
    view.stack().remove(upper)
    assert len(view.shownViews()) == 2


def test_stacks_of_other_grids_scroll_zoom_and_window_together(qtbot: QtBot) -> None:
    view = make(qtbot)
    coarse = np.diag([2.0, 2.0, 2.0, 1.0])
    other = image(np.zeros((6, 8, 9), np.int16), coarse, low=0, high=400)
    compared = stack_of(other)
    compared.setParent(view)
    view.setCompared([compared])
    view.setViewLayout(ViewLayout.COMPARE, AXIAL)
    left, right = view.shownViews()
    assert right.stack() is compared
    wheel(left, (3, 3), 1)
    assert (left.index(), right.index()) == (6, 3)
    wheel(right, (3, 3), -1)
    assert (left.index(), right.index()) == (4, 2)
    wheel(left, (3, 3), 3, CONTROL)
    assert right.mmPerPixel() == pytest.approx(left.mmPerPixel())
    middles = [pane.worldAt(QPointF(pane.width() / 2, pane.height() / 2)) for pane in (left, right)]
    assert middles[0] == pytest.approx(middles[1])
    told: list[object] = []
    view.pointerMoved.connect(told.append)
    move(right, (0.5, 7.5))  # the patient's right, where only the coarse grid reaches
    move(right, (8.5, 7.5))
    assert told == [None, (4, 0, 0)]
    drag(left, (3, 3), (6, 3), button=RIGHT)
    lower = view.stack().reference()
    assert lower is not None
    assert other.look.high == pytest.approx(4 * lower.look.high)
    assert other.look.low == pytest.approx(4 * lower.look.low)
