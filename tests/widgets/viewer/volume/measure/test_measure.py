"""Measuring by pointer, and whether the numbers are right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import RIGHT, click, drag, move, press, release, wheel
from tests.widgets.viewer.volume.stage import image, labels, slice_view, stack_of
from widgets.viewer.volume.layers import LayerStack
from widgets.viewer.volume.measure.figures import figures
from widgets.viewer.volume.measure.model import MeasureKind, Measurements
from widgets.viewer.volume.measure.overlay import MeasureOverlay
from widgets.viewer.volume.measure.tool import MeasureTool
from widgets.viewer.volume.planes import PlaneName
from widgets.viewer.volume.slice_view import SliceView

# Voxels of 1 x 2 x 3 mm along right, front and head.
AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])
RULER, ANGLE = MeasureKind.RULER, MeasureKind.ANGLE
RECTANGLE, ELLIPSE = MeasureKind.RECTANGLE, MeasureKind.ELLIPSE


def values() -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    block = np.zeros((5, 20, 40), np.float32)
    block[2, 4:8, 10:20] = 50.0
    return block


class Stage:
    """A view with a tool in hand."""

    def __init__(self, qtbot: QtBot, kind: MeasureKind, name: PlaneName = PlaneName.AXIAL) -> None:
        self.view: SliceView = slice_view(qtbot, image(values(), AFFINE), name=name, side=400)
        self.measurements = Measurements(self.view)
        self.tool = MeasureTool(self.measurements, kind)
        self.view.setTool(self.tool)
        self.view.addOverlay(MeasureOverlay(self.measurements))
        self.measurements.changed.connect(self.view.update)
        self.view.grab()

    def number(self, name: str) -> float:
        (item,) = self.measurements.items()
        return dict(figures(item, self.view.stack()).numbers)[name]

    def ink(self, at: QPointF) -> bool:
        """Whether something is drawn near a view position of the dark image."""
        picture = self.view.grab().toImage()
        x, y = round(at.x()), round(at.y())
        return any(
            picture.pixelColor(x + dx, y + dy).green() > 90
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
        )


def test_a_ruler_measures_millimetres(qtbot: QtBot) -> None:
    stage = Stage(qtbot, RULER)
    drag(stage.view, (3, 2), (5, 4), (33, 22))
    assert stage.number("length (mm)") == pytest.approx(math.hypot(30, 40))
    (item,) = stage.measurements.items()
    assert figures(item, stage.view.stack()).text == "50.0 mm"
    assert item.name == "Ruler 1"
    assert stage.measurements.selected() == item.key


def test_an_angle_is_a_drag_and_a_click(qtbot: QtBot) -> None:
    stage = Stage(qtbot, ANGLE)
    drag(stage.view, (10, 3), (10, 13))
    assert stage.measurements.items() == ()
    move(stage.view, (20, 13))
    click(stage.view, (30, 3))
    assert stage.number("angle (°)") == pytest.approx(45.0)


def test_angles_of_nothing_and_of_half_a_turn() -> None:
    measurements, stack = Measurements(), LayerStack()
    straight = measurements.add(ANGLE, [(0, 0, 0), (1, 0, 0), (2, 0, 0)], PlaneName.AXIAL)
    nothing = measurements.add(ANGLE, [(0, 0, 0)] * 3, PlaneName.AXIAL)
    assert figures(straight, stack).text == "180.0°"
    assert figures(nothing, stack).text == "0.0°"


def test_a_rectangle_has_the_statistics_of_its_pixels(qtbot: QtBot) -> None:
    stage = Stage(qtbot, RECTANGLE)
    # Seen from below: voxel w is at 39 - w + 0.5 from the left, h at 19 - h + 0.5 from the top.
    drag(stage.view, (18, 10), (20, 12), (26, 16))
    inside = values()[2, 20 - 16 : 20 - 10, 40 - 26 : 40 - 18]
    assert stage.number("n") == inside.size == 48
    assert stage.number("area (mm²)") == pytest.approx(48 * 2)
    assert stage.number("mean") == pytest.approx(inside.mean())
    assert stage.number("sd") == pytest.approx(inside.std())
    assert (stage.number("min"), stage.number("max")) == (0, 50)


def test_an_ellipse_covers_about_pi_fourths_of_its_frame(qtbot: QtBot) -> None:
    stage = Stage(qtbot, ELLIPSE, PlaneName.CORONAL)
    stage.view.setIndex(5)
    drag(stage.view, (5, 0), (20, 3), (35, 5))
    assert stage.number("n") == pytest.approx(30 * 5 * math.pi / 4, rel=0.1)
    assert stage.number("max") == 50


def test_regions_read_the_active_image_in_its_values() -> None:
    lower, upper = image(np.zeros((1, 8, 8))), image(np.full((1, 8, 8), 3.0))
    upper.slope, upper.intercept, upper.unit = 2.0, 1.0, "HU"
    upper.grid.affine[0, 3] = 4.0  # lies to the right of half of the lower one
    stack = stack_of(lower, upper, labels(np.zeros((1, 8, 8), np.uint8)))
    item = Measurements().add(RECTANGLE, [(-0.5, -0.5, 0), (7.5, 7.5, 0)], PlaneName.AXIAL)
    assert dict(figures(item, stack).numbers)["mean"] == 0
    stack.setActive(upper)
    numbers = dict(figures(item, stack).numbers)
    assert (numbers["mean (HU)"], numbers["n"]) == (7.0, 32)
    outside = Measurements().add(RECTANGLE, [(50, 50, 0), (60, 60, 0)], PlaneName.AXIAL)
    assert figures(outside, stack).text == "outside"
    assert figures(item, LayerStack()).text == "no image"


def test_end_points_are_moved(qtbot: QtBot) -> None:
    stage = Stage(qtbot, RULER)
    drag(stage.view, (3, 2), (5, 4), (33, 22))
    with qtbot.waitSignal(stage.measurements.changed):
        drag(stage.view, (33, 22), (20, 10), (13, 2))
    assert len(stage.measurements.items()) == 1
    assert stage.number("length (mm)") == pytest.approx(10)


def test_a_click_measures_nothing_and_deselects(qtbot: QtBot) -> None:
    stage = Stage(qtbot, RULER)
    drag(stage.view, (3, 2), (10, 2))
    click(stage.view, (30, 15))
    assert len(stage.measurements.items()) == 1
    assert stage.measurements.selected() is None


def test_delete_takes_the_selected_one(qtbot: QtBot) -> None:
    stage = Stage(qtbot, RULER)
    drag(stage.view, (3, 2), (10, 2))
    drag(stage.view, (3, 9), (10, 9))
    first, _ = stage.measurements.items()
    click(stage.view, (3, 2))
    QTest.keyClick(stage.view, Qt.Key.Key_Delete)
    assert first not in stage.measurements.items()
    assert stage.measurements.selected() is None
    QTest.keyClick(stage.view, Qt.Key.Key_Delete)
    assert len(stage.measurements.items()) == 1


@pytest.mark.parametrize("how", ["escape", "right", "tool"])
def test_drawing_can_be_given_up(qtbot: QtBot, how: str) -> None:
    stage = Stage(qtbot, ANGLE)
    drag(stage.view, (3, 2), (10, 2))
    assert stage.tool.busy
    wheel(stage.view, (10, 2), 1)
    assert stage.view.index() == 2
    if how == "escape":
        QTest.keyClick(stage.view, Qt.Key.Key_Escape)
    elif how == "right":
        click(stage.view, (10, 2), RIGHT)
    else:
        stage.view.setTool(None)
    assert not stage.tool.busy
    assert stage.measurements.items() == ()


def test_they_are_drawn_on_their_slice_only(qtbot: QtBot) -> None:
    stage = Stage(qtbot, RULER)
    middle = stage.view.planeToView(QPointF(20, 5))
    assert not stage.ink(middle)
    press(stage.view, (10, 5))
    move(stage.view, (30, 5), Qt.MouseButton.LeftButton)
    assert stage.ink(middle)
    release(stage.view, (30, 5))
    stage.view.setTool(None)
    assert stage.ink(middle)
    stage.view.setIndex(3)
    assert not stage.ink(middle)
    stage.view.setIndex(2)
    stage.view.setPlaneName(PlaneName.CORONAL)
    assert not stage.ink(stage.view.planeToView(QPointF(20, 2.5)))


def test_the_list_keeps_names_and_order() -> None:
    measurements = Measurements()
    one = measurements.add(RULER, [(0, 0, 0), (1, 0, 0)], PlaneName.AXIAL)
    two = measurements.add(RULER, [(0, 0, 0), (2, 0, 0)], PlaneName.AXIAL, "Tumour")
    measurements.rename(one.key, "Cyst")
    assert [item.name for item in measurements.items()] == ["Cyst", "Tumour"]
    assert measurements.get(two.key) == two
    measurements.remove([one.key, 99])
    measurements.clear()
    assert measurements.items() == ()
    with pytest.raises(ValueError, match="3 points"):
        measurements.add(ANGLE, [(0, 0, 0)], PlaneName.AXIAL)
