"""A box of voxels by pointer, in every plane and whichever way its axes run."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import LEFT, click, drag, move, press, release, wheel
from tests.widgets.viewer.volume.stage import image, seen, slice_view
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import PlaneName, rect_of
from widgets.viewer.volume.region.model import RegionModel
from widgets.viewer.volume.region.overlay import RegionOverlay
from widgets.viewer.volume.region.tool import RegionTool
from widgets.viewer.volume.slice_view import SliceView

SHAPE = (6, 20, 30)
# Voxels of three sizes; x runs to the left, as scanners write it.
SCANNER = np.diag([-1.0, 1.5, 2.0, 1.0])


class Stage:
    """A view of a grey image with the tool in hand."""

    def __init__(
        self, qtbot: QtBot, name: PlaneName = PlaneName.AXIAL, affine: np.ndarray = SCANNER
    ) -> None:
        grey = image(np.full(SHAPE, 0.8, np.float32), affine)
        self.view: SliceView = slice_view(qtbot, grey, name=name, side=420)
        self.model = RegionModel(self.view)
        self.model.setShape(SHAPE)
        self.model.setShown(True)
        self.tool = RegionTool(self.model)
        self.view.setTool(self.tool)
        self.view.addOverlay(RegionOverlay(self.model))
        self.model.changed.connect(self.view.update)

    @property
    def box(self) -> Box:
        return self.model.box()

    def frame(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in plane coordinates."""
        plane = self.view.plane()
        assert plane is not None
        rect = rect_of(plane, self.box)
        return rect.left(), rect.top(), rect.right(), rect.bottom()


@pytest.mark.parametrize("name", list(PlaneName))
@pytest.mark.parametrize("affine", [SCANNER, np.diag([1.0, -1.0, 1.0, 1.0])])
def test_a_frame_holds_the_pixels_that_it_was_drawn_through(
    qtbot: QtBot, name: PlaneName, affine: np.ndarray
) -> None:
    stage = Stage(qtbot, name, affine)
    view, plane = stage.view, stage.view.plane()
    assert plane is not None
    view.setIndex(2)
    drag(view, (2.4, 1.3), (3.5, 2.5), (4.6, 3.7))
    assert stage.frame() == (2, 1, 5, 4)
    # All slices at first, as nothing else was said.
    assert (stage.box.low[plane.axis], stage.box.high[plane.axis]) == (0, plane.count)
    d, h, w = plane.voxel(3.5, 2.5, 2)
    inside = stage.box.index
    marked = np.zeros(SHAPE, bool)
    marked[inside] = True
    assert marked[round(d), round(h), round(w)]
    assert marked.sum() == 3 * 3 * plane.count


def test_sides_corners_and_all_of_it_are_dragged(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.model.setBox(Box((1, 5, 8), (4, 15, 20)))
    left, top, right, bottom = stage.frame()
    middle = (top + bottom) / 2
    drag(stage.view, (right, middle), (right + 1, middle), (right + 4, middle))
    assert stage.frame() == (left, top, right + 4, bottom)
    drag(stage.view, (left, top), (left - 1, top - 1), (left - 2, top - 3))
    assert stage.frame() == (left - 2, top - 3, right + 4, bottom)
    drag(stage.view, (left + 4, middle), (left + 5, middle), (left + 6, middle + 1))
    assert stage.frame() == (left, top - 2, right + 6, bottom + 1)
    # It stays in the image, and is moved as it is.
    drag(stage.view, (left + 4, middle), (left + 30, middle), (left + 90, middle))
    assert stage.frame()[2] == SHAPE[2]
    assert stage.frame()[2] - stage.frame()[0] == 18
    assert (stage.box.low[0], stage.box.high[0]) == (1, 4)


def test_a_side_cannot_pass_the_other_one(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.model.setBox(Box((1, 5, 8), (4, 15, 20)))
    left, top, right, bottom = stage.frame()
    drag(stage.view, (right, 10), (left, 10), (left - 5, 10))
    assert stage.frame() == (left, top, left + 1, bottom)


def test_a_frame_on_another_slice_reaches_to_it(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.model.setBox(Box((1, 5, 8), (3, 15, 20)))
    stage.view.setIndex(4)
    drag(stage.view, (1, 1), (2, 2), (3, 3))
    assert (stage.box.low[0], stage.box.high[0]) == (1, 5)


def test_a_click_changes_nothing(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    click(stage.view, (4, 4))
    assert stage.model.isWhole()
    assert not stage.tool.busy


@pytest.mark.parametrize("how", ["escape", "another tool"])
def test_a_drag_is_given_up(qtbot: QtBot, how: str) -> None:
    stage = Stage(qtbot)
    before = Box((1, 5, 8), (3, 15, 20))
    stage.model.setBox(before)
    press(stage.view, (1, 1))
    move(stage.view, (4, 4), LEFT)
    assert stage.box != before
    if how == "escape":
        QTest.keyClick(stage.view, Qt.Key.Key_Escape)
    else:
        stage.view.setTool(None)
    assert stage.box == before
    release(stage.view, (5, 5))
    assert stage.box == before


def test_the_wheel_does_not_leave_the_slice_of_a_drag(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    press(stage.view, (1, 1))
    before = stage.view.index()
    wheel(stage.view, (1, 1), 1)
    assert stage.view.index() == before
    release(stage.view, (1, 1))
    wheel(stage.view, (1, 1), 1)
    assert stage.view.index() != before


def test_what_lies_outside_is_dimmed(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain = seen(stage.view, (3, 2, 2))
    stage.model.setBox(Box((2, 5, 8), (4, 15, 20)))
    assert seen(stage.view, (3, 10, 14)) == plain
    assert sum(seen(stage.view, (3, 2, 2))) < sum(plain)
    stage.view.setIndex(0)
    assert sum(seen(stage.view, (0, 10, 14))) < sum(plain)
    stage.model.setShown(False)
    stage.view.update()
    assert seen(stage.view, (0, 10, 14)) == plain


def test_the_cursor_says_what_a_press_would_take(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.model.setBox(Box((1, 5, 8), (4, 15, 20)))
    left, top, right, bottom = stage.frame()
    shapes = Qt.CursorShape
    for at, shape in (
        ((left, 10), shapes.SizeHorCursor),
        ((16, bottom), shapes.SizeVerCursor),
        ((left, top), shapes.SizeFDiagCursor),
        ((right, top), shapes.SizeBDiagCursor),
        ((16, 10), shapes.SizeAllCursor),
        ((1, 1), shapes.CrossCursor),
    ):
        position = stage.view.imageToView(QPointF(*at))
        grip = stage.tool.gripAt(stage.view, position)
        assert stage.tool.shapeOf(grip) == shape, at


def test_boxes_are_kept_inside_of_the_image() -> None:
    model = RegionModel()
    model.setShape((4, 5, 6))
    assert model.isWhole()
    assert model.setBox(Box((-1, 2, 3), (3, 9, 4)))
    assert model.box() == Box((0, 2, 3), (3, 5, 4))
    assert not model.setBox(Box((4, 0, 0), (5, 5, 6)))
    assert model.box() == Box((0, 2, 3), (3, 5, 4))
    model.setShape(None)
    assert model.box().empty
