from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.widgets.paint.labels.bench import ALT, LEFT, RIGHT, SHIFT, Bench
from widgets.paint.labels.rule import Over
from widgets.paint.labels.settings import Unit
from widgets.paint.labels.tools import ToolName
from widgets.viewer.volume.planes import PlaneName


@pytest.mark.parametrize("name", PlaneName)
def test_a_click_paints_the_voxel_under_the_pointer(qtbot: QtBot, name: PlaneName) -> None:
    bench = Bench(qtbot, name, index=7)
    bench.take(ToolName.BRUSH, brush=1.0)
    plane = bench.view.plane()
    assert plane is not None
    bench.click((11.5, 3.5))
    d, h, w = (round(v) for v in plane.voxel(11.5, 3.5, 7))
    assert np.argwhere(bench.model.array).tolist() == [[d, h, w]]
    assert bench.seen()[3, 11] == 1
    assert bench.model.names() == ["Brush stroke: Label 1"]


@pytest.mark.parametrize("name", PlaneName)
def test_a_stroke_in_millimetres_is_round_on_every_plane(qtbot: QtBot, name: PlaneName) -> None:
    bench = Bench(qtbot, name)
    bench.take(ToolName.BRUSH, unit=Unit.MILLIMETRES, brush=12.0)
    plane = bench.view.plane()
    assert plane is not None
    x, y = plane.size[0] / 2, plane.size[1] / 2
    bench.click((x, y))
    rows, columns = np.nonzero(bench.seen())
    width = (np.ptp(columns) + 1) * plane.pixel_mm[0]
    height = (np.ptp(rows) + 1) * plane.pixel_mm[1]
    assert width == pytest.approx(12, abs=plane.pixel_mm[0])
    assert height == pytest.approx(12, abs=plane.pixel_mm[1])
    assert (bench.model.array > 0).sum() == len(rows)


def test_a_fast_stroke_has_no_gaps(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=1.0)
    bench.drag((2.5, 2.5), (29.5, 33.5))
    rows, columns = np.nonzero(bench.seen())
    assert sorted(set(rows.tolist())) == list(range(2, 34))
    assert sorted(set(columns.tolist())) == list(range(2, 30))
    assert bench.model.position() == 1


def test_a_ball_reaches_the_slices_around(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=5.0, volume=True)
    bench.click((15.5, 15.5))
    assert np.flatnonzero(bench.model.array.any(axis=(1, 2))).tolist() == [8, 9, 10, 11, 12]
    assert bench.seen().sum() > bench.seen(12).sum() > 0


def test_the_right_button_erases_the_active_label_only(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.model.reset(np.tile(np.array([1, 2], np.uint8), (24, 40, 16)))
    bench.take(ToolName.BRUSH, brush=9.0)
    bench.editor.table.setActive(2)
    bench.drag((16.5, 16.5), (20.5, 20.5), button=RIGHT)
    assert bench.model.names() == ["Erase"]
    assert bench.model.count(1) == 24 * 40 * 16
    assert bench.model.count(2) < 24 * 40 * 16
    assert bench.model.count(0) == 24 * 40 * 16 - bench.model.count(2)


def test_the_eraser_takes_all_but_locked_labels_and_has_its_own_size(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    start = np.tile(np.array([1, 2], np.uint8), (24, 40, 16))
    bench.model.reset(start)
    bench.editor.table.change(2, locked=True)
    bench.take(ToolName.ERASER, eraser=5.0, brush=1.0)
    bench.click((16.5, 16.5))
    assert bench.model.count(0) > 1
    np.testing.assert_array_equal(bench.model.array == 2, start == 2)
    bench.editor.stepSize(1)
    assert bench.editor.settings.eraser == 6.0
    bench.editor.setTool(ToolName.BRUSH)
    assert bench.editor.size() == 1.0


def test_a_locked_label_is_not_painted_and_says_so(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.editor.table.change(1, locked=True)
    bench.take(ToolName.BRUSH)
    bench.drag((10, 10), (20, 20))
    bench.drag((10, 10), (20, 20), button=RIGHT)
    assert not bench.model.array.any()
    assert bench.said == ["Label 1 is locked"] * 2
    assert not bench.model.isEditing()


def test_scrolling_while_painting_goes_on_with_the_new_slice(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=3.0)
    bench.press((10.5, 10.5))
    first = bench.view.index()
    bench.wheel((10.5, 10.5), 1)
    second = bench.view.index()
    assert second != first
    assert bench.seen(second)[10, 10] == 1
    bench.move((20.5, 10.5), LEFT)
    bench.release((20.5, 10.5))
    assert bench.seen(second)[10, 20] == 1
    assert bench.seen(first)[10, 10] == 1
    assert bench.seen(first)[10, 20] == 0
    assert bench.model.position() == 1


def test_painting_keeps_to_the_intensities_and_to_what_is_below(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=15.0, limited=True, low=150.0, high=1000.0)
    bench.drag((16, 20), (16, 21))
    assert bench.model.array.any()
    assert (bench.image[bench.model.array > 0] >= 150).all()
    before = bench.model.array.copy()
    bench.editor.table.setActive(2)
    bench.take(ToolName.BRUSH, limited=False, over=Over.BACKGROUND)
    bench.drag((16, 20), (16, 21))
    np.testing.assert_array_equal(bench.model.array == 1, before == 1)
    assert bench.model.count(2) > 0
    bench.take(ToolName.BRUSH, over=Over.LABEL, over_label=1)
    background = bench.model.count(0)
    bench.drag((16, 18), (16, 25))
    assert bench.model.count(0) == background
    assert bench.model.count(1) < before.sum()


def test_escape_abandons_a_stroke_and_undo_does_so_too(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH)
    for abandon in (lambda: qtbot.keyClick(bench.view, "\x1b"), bench.editor.undo):
        bench.press((10, 10))
        bench.move((20, 20), LEFT)
        assert bench.model.array.any()
        abandon()
        assert not bench.model.array.any()
        bench.move((25, 25), LEFT)
        bench.release((25, 25))
        assert not bench.model.array.any()
        assert not bench.model.names()


def test_shift_wheel_and_alt_move_change_the_size(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=5.0)
    index = bench.view.index()
    bench.wheel((10, 10), 2, SHIFT)
    assert bench.editor.size() == 6.0
    assert bench.editor.isSizeShown()
    assert bench.view.index() == index
    bench.move((10, 10), modifiers=ALT)
    bench.move((14, 10), modifiers=ALT)
    assert bench.editor.size() == 10.0
    bench.move((8, 10), modifiers=ALT)
    assert bench.editor.size() == 4.0
    assert not bench.model.names()


def test_changing_the_unit_keeps_the_size_about(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=10.0)
    bench.editor.setUnit(Unit.MILLIMETRES)
    assert bench.editor.size() == 8.0
    bench.editor.setUnit(Unit.VOXELS)
    assert bench.editor.size() == 10.0


def test_the_edge_brush_keeps_to_the_structure(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.ADAPTIVE, brush=13.0)
    plane = bench.view.plane()
    assert plane is not None
    x, y, _ = plane.point((10, 17, 16))
    bench.drag((x, y), (x + 4, y))
    assert bench.model.array[10, 17, 16] == 1
    assert not (bench.model.array[:, 20:] == 1).any()
    assert bench.model.array[10, 19].any()
    bench.editor.setImage(None)
    bench.click((x, y))
    assert "needs an image" in bench.said[-1]
    assert bench.model.position() == 1


def test_a_mask_of_another_grid_is_not_painted(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH)
    bench.model.reset(np.zeros((3, 4, 5), np.uint8))
    bench.drag((1, 1), (2, 2))
    assert bench.said == ["This image and the mask have different grids"]
    assert not bench.model.names()


def test_the_footprint_is_drawn_at_the_pointer(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=9.0)
    bench.editor.table.change(1, colour=(255, 0, 255))
    qtbot.waitExposed(bench.view)
    bench.move((16.5, 16.5))
    with_outline = bench.view.grab().toImage()
    edge = bench.at((12.0, 16.5)).toPoint()
    near = [with_outline.pixelColor(edge.x() + dx, edge.y()).name() for dx in range(-2, 3)]
    assert "#ff00ff" in near


def test_labels_from_elsewhere_end_the_stroke(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH)
    bench.press((10, 10))
    new = np.zeros((24, 40, 32), np.uint8)
    new[3] = 1
    bench.model.replace(new, "Segment")
    bench.move((20, 20), LEFT)
    bench.release((20, 20))
    np.testing.assert_array_equal(bench.model.array, new)
    assert bench.model.names() == ["Segment"]
    bench.press((10, 10))
    bench.model.reset(new)
    bench.move((20, 20), LEFT)
    bench.release((20, 20))
    np.testing.assert_array_equal(bench.model.array, new)
    bench.click((10, 10))
    assert bench.model.position() == 1


def test_painting_what_is_hidden_is_told(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH)
    bench.editor.table.change(1, visible=False)
    bench.click((10, 10))
    assert bench.model.count(1) > 0
    assert "hidden" in bench.said[-1]


def test_slices_that_are_jumped_over_stay_as_they_are(qtbot: QtBot) -> None:
    bench = Bench(qtbot)
    bench.take(ToolName.BRUSH, brush=3.0)
    bench.press((10.5, 10.5))
    bench.view.setIndex(14)
    bench.release((10.5, 10.5))
    assert np.flatnonzero(bench.model.array.any(axis=(1, 2))).tolist() == [10, 14]
