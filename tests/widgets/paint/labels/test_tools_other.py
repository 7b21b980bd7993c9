from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot
from scipy import ndimage

from tests.widgets.paint.labels.bench import LEFT, RIGHT, SHIFT, Bench
from widgets.paint.labels.settings import FillBy, Unit
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.planes import PlaneName

CORNERS = [(4.0, 4.0), (20.0, 4.0), (20.0, 14.0), (4.0, 14.0)]


def pieces(array: np.ndarray) -> int:
    return int(ndimage.label(array, np.ones((3,) * array.ndim))[1])


@pytest.mark.parametrize("how", ["enter", "double", "first corner"])
@pytest.mark.parametrize("name", PlaneName)
def test_a_closed_polygon_is_filled(qtbot: QtBot, how: str, name: PlaneName) -> None:
    bench = Bench(qtbot, name)
    bench.take(ToolName.POLYGON)
    for corner in CORNERS[: 3 if how == "double" else 4]:
        bench.click(corner)
    assert not bench.model.names()
    if how == "enter":
        qtbot.keyClick(bench.view, Qt.Key.Key_Return)
    elif how == "double":
        bench.double(CORNERS[3])
    else:
        bench.click(CORNERS[0])
    assert bench.seen()[4:14, 4:20].all()
    assert bench.model.count(1) == 10 * 16
    assert bench.model.names() == ["Polygon: Label 1"]
    assert not bench.editor.busy()


def test_a_right_click_takes_the_last_corner_back_and_escape_all(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.POLYGON)
    for corner in [*CORNERS, (30.0, 30.0)]:
        bench.click(corner)
    bench.click((1, 1), RIGHT)
    bench.click((9, 25))
    bench.editor.undo()
    qtbot.keyClick(bench.view, Qt.Key.Key_Enter)
    assert bench.model.count(1) == 10 * 16
    bench.editor.undo()
    for corner in CORNERS:
        bench.click(corner)
    qtbot.keyClick(bench.view, Qt.Key.Key_Escape)
    qtbot.keyClick(bench.view, Qt.Key.Key_Return)
    assert not bench.model.array.any()
    bench.click(CORNERS[0])
    bench.click((1, 1), RIGHT)
    assert not bench.editor.busy()


def test_a_drag_adds_a_freehand_border_that_goes_back_as_one(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.POLYGON)
    bench.drag((4, 4), (12, 4), (20, 4))
    bench.drag((20, 14), (19, 18), (18, 14), (12, 25))
    bench.click((1, 1), RIGHT)
    for corner in CORNERS[2:]:
        bench.click(corner)
    qtbot.keyClick(bench.view, Qt.Key.Key_Return)
    assert bench.model.count(1) == 10 * 16


def test_a_polygon_stays_on_its_slice(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.POLYGON)
    for corner in CORNERS:
        bench.click(corner)
    bench.view.setIndex(12)
    bench.click((9, 9))
    assert "another slice" in bench.said[-1]
    qtbot.keyClick(bench.view, Qt.Key.Key_Return)
    assert np.flatnonzero(bench.model.array.any(axis=(1, 2))).tolist() == [10]


def test_a_lasso_paints_and_erases(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.LASSO)
    bench.drag(*CORNERS)
    assert bench.seen()[4:14, 4:20].all()
    bench.editor.table.setActive(2)
    bench.drag(*CORNERS, button=RIGHT)
    assert bench.model.count(1) == 10 * 16
    bench.editor.table.setActive(1)
    bench.drag(*CORNERS, button=RIGHT)
    assert not bench.model.array.any()
    bench.click((9, 9))
    assert bench.model.names() == ["Lasso: Label 1", "Erase area"]


def test_a_line_is_drawn_anew_until_it_is_let_go(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.LINE, brush=1.0)
    bench.press((4.5, 4.5))
    bench.move((4.5, 30.5), LEFT)
    assert bench.seen()[30, 4] == 1
    bench.move((25.5, 6.5), LEFT, SHIFT)
    bench.release((25.5, 6.5), LEFT, SHIFT)
    rows, columns = np.nonzero(bench.seen())
    assert set(rows.tolist()) == {4}
    assert columns.max() >= 24
    assert bench.model.count(1) == len(rows)


def test_a_vessel_tapers_without_gaps(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.VESSEL, brush=7.0, vessel_end=1.0)
    path = [(4 + t, 20 + 6 * np.sin(t / 4)) for t in range(26)]
    bench.drag(*path)
    seen = bench.seen()
    assert pieces(seen) == 1
    assert np.count_nonzero(seen[:, 6]) > 2 * np.count_nonzero(seen[:, 27]) > 0
    assert bench.model.names() == ["Vessel: Label 1"]
    for size in (2.0, 4.0, 8.0):
        bench.editor.undo()
        bench.take(ToolName.VESSEL, brush=size)
        bench.drag((4, 36), (20, 5), (28, 30))
        assert pieces(bench.seen()) == 1


def test_a_vessel_in_3d_is_a_tube_in_millimetres(qtbot: QtBot) -> None:
    bench = Bench(qtbot, PlaneName.CORONAL)
    bench.take(ToolName.VESSEL, unit=Unit.MILLIMETRES, brush=8.0, vessel_end=8.0, volume=True)
    bench.drag((6, 12), (16, 12), (26, 12))
    plane = bench.view.plane()
    assert plane is not None
    tube = bench.model.array[:, :, 16]
    heights = (np.ptp(np.nonzero(tube)[0]) + 1) * 2.5, (np.ptp(np.nonzero(tube)[1]) + 1) * 0.8
    assert heights == pytest.approx((8, 8), abs=2.6)


def test_fill_follows_labels_on_the_slice(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    start = np.zeros((24, 40, 32), np.uint8)
    start[:, :, 15:17] = 2
    bench.model.reset(start)
    bench.take(ToolName.FILL)
    bench.click((3, 3))
    assert bench.model.count(1) == 40 * 15
    assert np.flatnonzero((bench.model.array == 1).any(axis=(1, 2))).tolist() == [10]
    bench.click((3, 3), RIGHT)
    assert bench.model.count(1) == 0
    bench.click((15.5, 3), RIGHT)
    np.testing.assert_array_equal(bench.model.array, start)
    assert bench.model.names() == ["Fill: Label 1", "Erase area"]


def test_fill_follows_intensity(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.FILL, fill_by=FillBy.INTENSITY, tolerance=50.0)
    plane = bench.view.plane()
    assert plane is not None
    x, y, _ = plane.point((10, 35, 16))
    bench.click((x, y))
    assert bench.model.array[10, 20:].all()
    assert bench.model.count(1) == 20 * 32
    bench.editor.setImage(None)
    bench.click((x, y))
    assert "needs an image" in bench.said[-1]


def test_fill_in_3d_is_asked_for(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    asked: list[tuple[object, ...]] = []
    bench.editor.fillRequested.connect(lambda *parts: asked.append(parts))
    bench.take(ToolName.FILL, volume=True, fill_by=FillBy.INTENSITY, tolerance=7.0)
    plane = bench.view.plane()
    assert plane is not None
    x, y, _ = plane.point((10, 35, 16))
    bench.click((x, y))
    ((voxel, by, tolerance, ink),) = asked
    assert (voxel, by, tolerance) == ((10, 35, 16), FillBy.INTENSITY, 7.0)
    assert not bench.model.names()
    area = np.ones((2, 3, 4), bool)
    assert bench.editor.write(Box((1, 1, 1), (3, 4, 5)), area, ink, "Fill in 3D")
    assert bench.model.count(1) == 24


def test_the_picker_takes_the_label_and_hands_back_to_the_brush(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    start = np.zeros((24, 40, 32), np.uint8)
    start[:, 20:] = 7
    bench.model.reset(start)
    plane = bench.view.plane()
    assert plane is not None
    bench.take(ToolName.LINE)
    bench.take(ToolName.PICKER)
    x, y, _ = plane.point((10, 35, 16))
    bench.click((x, y))
    assert bench.editor.table.active() == 7
    assert bench.editor.table.label(7) is not None
    assert bench.editor.tool() is ToolName.LINE
    bench.take(ToolName.PICKER)
    x, y, _ = plane.point((10, 5, 16))
    bench.click((x, y))
    assert bench.editor.table.active() == 0
    assert bench.said[-1] == "Painting Background"


def test_a_fill_does_not_pass_through_what_must_not_be_painted(qtbot: QtBot) -> None:
    bench = Bench(qtbot, PlaneName.SAGITTAL)
    bench.take(ToolName.FILL, limited=True, low=0.0, high=150.0)
    plane = bench.view.plane()
    assert plane is not None
    x, y, _ = plane.point((5, 3, 10))
    bench.click((x, y))
    assert bench.model.array[:, :20, 10].all()
    assert bench.model.count(1) == 24 * 20
    x, y, _ = plane.point((5, 30, 10))
    bench.click((x, y))
    assert bench.model.count(1) == 24 * 20
