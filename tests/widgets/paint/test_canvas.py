from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF, QRect, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scipy import ndimage

from tests.helpers.pointer import (
    LEFT,
    RIGHT,
    SHIFT,
    click,
    double_click,
    drag,
    move,
    press,
    release,
)
from widgets.paint.canvas import MaskCanvas
from widgets.paint.tools.base import Tool


def parts(mask: np.ndarray) -> int:
    return int(ndimage.label(mask, np.ones((3, 3)))[1])


def grey(canvas: MaskCanvas) -> np.ndarray:
    """The widget as it is painted, (H, W)."""
    return grey_of(canvas.grab().toImage())


def grey_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    bits = image.constBits()
    assert bits is not None
    flat = np.frombuffer(bits.asstring(image.sizeInBytes()), np.uint8)
    return flat.reshape(image.height(), -1)[:, : image.width()]


# --- brush and eraser


def test_a_fast_brush_leaves_no_gaps(canvas: MaskCanvas) -> None:
    canvas.setBrushSize(3)
    drag(canvas, (10, 10), (190, 30), (12, 150), (180, 140))
    assert parts(canvas.vesselMask()) == 1
    assert canvas.model.steps() == ["Brush stroke"]


def test_the_brush_paints_its_size_where_the_pointer_is(canvas: MaskCanvas) -> None:
    canvas.setBrushSize(10)
    click(canvas, (50.5, 60.5))
    rows, columns = np.nonzero(canvas.vesselMask())
    assert np.ptp(columns) + 1 == 11  # the centre is a pixel's centre, so the circle is odd
    assert columns.mean() == pytest.approx(50, abs=0.3)
    assert rows.mean() == pytest.approx(60, abs=0.3)


def test_right_drag_erases_with_the_erasers_own_size(canvas: MaskCanvas) -> None:
    canvas.setStrokeDefaults(brush=30, eraser=8, start=6, end=2)
    drag(canvas, (20, 80), (180, 80))
    thick = int(canvas.vesselMask()[:, 100].sum())
    drag(canvas, (20, 80), (180, 80), button=RIGHT)
    assert thick == 30
    assert canvas.vesselMask()[:, 100].sum() == 22
    assert canvas.model.steps() == ["Brush stroke", "Erase"]
    assert canvas.tool() is Tool.BRUSH


@pytest.mark.parametrize("tool", [Tool.ERASER, Tool.VESSEL, Tool.LINE])
def test_right_drag_erases_in_every_stroke_tool(canvas: MaskCanvas, tool: Tool) -> None:
    canvas.invert()
    canvas.setTool(tool)
    drag(canvas, (50, 50), (90, 60), button=RIGHT)
    assert not canvas.vesselMask()[50:60, 50:90].all()
    assert canvas.model.steps()[-1] == "Erase"


def test_erasing_nothing_makes_no_step(canvas: MaskCanvas, qtbot: QtBot) -> None:
    canvas.setTool(Tool.ERASER)
    with qtbot.assertNotEmitted(canvas.maskEdited):
        drag(canvas, (50, 50), (90, 60))
    assert canvas.model.steps() == []


def test_brush_and_eraser_keep_their_sizes(canvas: MaskCanvas) -> None:
    canvas.setStrokeDefaults(brush=5, eraser=20, start=7, end=2)
    canvas.setTool(Tool.ERASER)
    assert canvas.brushSize() == 20
    canvas.stepBrushSize(1)
    canvas.setTool(Tool.BRUSH)
    assert (canvas.brushSize(), canvas.settings.eraser) == (5, 22)


def test_a_second_button_does_not_disturb_a_stroke(canvas: MaskCanvas) -> None:
    press(canvas, (20, 20))
    press(canvas, (30, 20), RIGHT)
    release(canvas, (30, 20), RIGHT)
    move(canvas, (60, 20), LEFT)
    release(canvas, (60, 20))
    assert canvas.model.steps() == ["Brush stroke"]
    assert canvas.vesselMask()[20, 55] == 1


def test_a_stroke_tells_its_start_moves_and_end(canvas: MaskCanvas) -> None:
    told: list[str] = []
    canvas.strokeStarted.connect(lambda: told.append("started"))
    canvas.strokeMoved.connect(lambda: told.append("moved"))
    canvas.strokeFinished.connect(lambda: told.append("finished"))
    canvas.maskEdited.connect(lambda: told.append("edited"))
    drag(canvas, (20, 20), (40, 30), (60, 20))
    assert told == ["started", "moved", "moved", "edited", "finished"]
    canvas.undo()
    canvas.redo()
    assert told[-2:] == ["edited", "edited"]


# --- history


def test_a_hundred_and_twenty_strokes_can_be_undone(canvas: MaskCanvas) -> None:
    states = [canvas.vesselMask()]
    canvas.setBrushSize(4)
    for index in range(120):
        x, y = 5 + 9 * (index % 20), 8 + 22 * (index // 20)
        drag(canvas, (x, y), (x + 5, y + 15))
        states.append(canvas.vesselMask())
    assert len(canvas.model.steps()) == 120
    for state in reversed(states[:-1]):
        canvas.undo()
        np.testing.assert_array_equal(canvas.vesselMask(), state)
    for _ in range(120):
        canvas.redo()
    np.testing.assert_array_equal(canvas.vesselMask(), states[-1])


def test_escape_and_undo_during_a_stroke_take_the_stroke_back(canvas: MaskCanvas) -> None:
    press(canvas, (20, 20))
    move(canvas, (90, 90), LEFT)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    move(canvas, (120, 90), LEFT)
    release(canvas, (120, 90))
    assert canvas.model.isEmpty()
    press(canvas, (20, 20))
    canvas.undo()
    release(canvas, (20, 20))
    assert canvas.model.isEmpty()
    assert canvas.model.steps() == []


def test_a_generated_tree_is_one_step(canvas: MaskCanvas) -> None:
    drag(canvas, (20, 20), (60, 60))
    drawn = canvas.vesselMask()
    canvas.applyResult(np.ones((160, 200)), "Grow tree")
    canvas.undo()
    np.testing.assert_array_equal(canvas.vesselMask(), drawn)


def test_the_drawing_follows_a_new_size(canvas: MaskCanvas) -> None:
    canvas.setBrushSize(20)
    click(canvas, (50, 40))
    canvas.resizeMask(400, 320)
    assert canvas.vesselMask().shape == (320, 400)
    assert canvas.vesselMask()[80, 100] == 1
    click(canvas, (380, 300))
    assert canvas.vesselMask()[300, 380] == 1
    canvas.undo()
    canvas.undo()
    assert canvas.vesselMask().shape == (160, 200)


# --- line, vessel, polygon, fill


def test_a_line_is_straight_and_shift_snaps_it(canvas: MaskCanvas) -> None:
    canvas.setTool(Tool.LINE)
    canvas.setBrushSize(3)
    drag(canvas, (20, 50.5), (90, 120), (150, 56), modifiers=SHIFT)
    rows = np.flatnonzero(canvas.vesselMask().any(axis=1))
    np.testing.assert_array_equal(rows, [49, 50, 51])
    assert canvas.model.steps() == ["Line"]


def test_a_vessel_tapers_and_its_preview_is_the_result(canvas: MaskCanvas) -> None:
    canvas.setTool(Tool.VESSEL)
    canvas.setStrokeDefaults(brush=5, eraser=5, start=16, end=2)
    press(canvas, (20, 80))
    for x in range(24, 181, 4):
        move(canvas, (x, 80), LEFT)
    preview = canvas.vesselMask()
    release(canvas, (180, 80))
    widths = canvas.vesselMask().sum(axis=0)
    np.testing.assert_array_equal(preview, canvas.vesselMask())
    assert widths[22] >= 14
    assert widths[176] <= 4
    assert (np.diff(widths[30:175].astype(int)) <= 0).all()
    assert canvas.model.steps() == ["Vessel"]


def test_a_polygon_is_edited_and_closed(canvas: MaskCanvas) -> None:
    canvas.setTool(Tool.POLYGON)
    for corner in ((20, 20), (100, 20), (100, 90), (5, 150)):
        click(canvas, corner)
    click(canvas, (0, 0), RIGHT)
    click(canvas, (20, 90))
    assert canvas.model.isEmpty()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.model.count() == 80 * 70
    assert canvas.model.steps() == ["Polygon"]


def test_a_double_click_or_the_first_corner_closes_a_polygon(canvas: MaskCanvas) -> None:
    canvas.setTool(Tool.POLYGON)
    for corner in ((20, 20), (100, 20)):
        click(canvas, corner)
    double_click(canvas, (100, 90))
    assert canvas.model.steps() == ["Polygon"]
    for corner in ((120, 20), (180, 20), (180, 90), (120.5, 20.5)):
        click(canvas, corner)
    assert canvas.model.steps() == ["Polygon", "Polygon"]
    assert canvas.activeHandler() is None


def test_escape_undo_and_another_tool_leave_a_polygon(canvas: MaskCanvas) -> None:
    canvas.setTool(Tool.POLYGON)
    for leave in (
        lambda: QTest.keyClick(canvas, Qt.Key.Key_Escape),
        lambda: [canvas.undo() for _ in range(3)],
        lambda: canvas.setTool(Tool.BRUSH),
    ):
        for corner in ((20, 20), (100, 20), (100, 90)):
            click(canvas, corner)
        leave()
        assert canvas.activeHandler() is None
        assert canvas.model.steps() == []


def test_fill_and_its_counterpart(canvas: MaskCanvas) -> None:
    canvas.setTool(Tool.LINE)
    canvas.setBrushSize(2)
    drag(canvas, (100, -5), (100, 170))
    canvas.setTool(Tool.FILL)
    click(canvas, (20, 20))
    assert canvas.vesselMask()[:, :99].all()
    assert not canvas.vesselMask()[:, 102:].any()
    click(canvas, (20, 20), RIGHT)
    assert canvas.model.isEmpty()
    click(canvas, (-3, 20))
    assert canvas.model.steps() == ["Line", "Fill", "Erase area"]


# --- what is seen


@pytest.mark.parametrize("zoom", [1.0, 2.5, 6.0])
def test_the_cursor_has_the_brushs_size_on_the_screen(canvas: MaskCanvas, zoom: float) -> None:
    canvas.applyResult(np.pad([[1]], ((0, 159), (0, 199))), "Dot")  # else a hint is in the way
    canvas.setBrushSize(14)
    canvas.zoomBy(zoom, canvas.imageToView(QPointF(100, 80)))
    before = grey(canvas).astype(int)
    move(canvas, (100, 80))
    circle = np.abs(grey(canvas).astype(int) - before) > 100
    columns = np.flatnonzero(circle.any(axis=0))
    assert canvas.cursorDiameter() == pytest.approx(14 * canvas.scale())
    assert np.ptp(columns) == pytest.approx(14 * canvas.scale(), abs=2.0)


@pytest.mark.parametrize("scale", [1, 2, 9])
def test_partial_repaints_show_what_a_full_one_shows(canvas: MaskCanvas, scale: int) -> None:
    canvas.resizeMask(200 * scale, 160 * scale)
    canvas.setTool(Tool.LINE)
    canvas.setBrushSize(7)
    press(canvas, (20 * scale, 50 * scale))
    for x, y in ((150, 110), (60, 140), (130, 30)):
        QApplication.processEvents()
        move(canvas, (x * scale, y * scale), LEFT)
    # The cursor's own repaints must not be what makes it right.
    side = 20 * scale
    canvas.model.paint(QRect(side, side, side, side), np.ones((side, side), bool), 1)
    QApplication.processEvents()
    partial = on_screen(canvas)
    canvas.update()
    QApplication.processEvents()
    differs = np.abs(on_screen(canvas).astype(int) - partial) > 32
    # Where a pixel border falls on a sample, Qt rounds by where the clip begins: single lines.
    assert differs.mean() < 1e-3
    assert not (differs[1:-1] & differs[:-2] & differs[2:]).any()
    release(canvas, (0, 0))


def on_screen(canvas: MaskCanvas) -> np.ndarray:
    """What has been painted so far, (H, W), without painting it anew."""
    screen = QApplication.primaryScreen()
    assert screen is not None
    return grey_of(screen.grabWindow(canvas.winId()).toImage())


def test_the_mask_is_white_alone_and_coloured_over_an_underlay(canvas: MaskCanvas) -> None:
    canvas.setBrushSize(40)
    click(canvas, (100, 80))
    spot = canvas.imageToView(QPointF(100, 70)).toPoint()
    assert canvas.grab().toImage().pixelColor(spot).getRgb()[:3] == (255, 255, 255)
    canvas.setUnderlay(np.full((80, 100), 0.5, np.float32))
    red, green, _, _ = canvas.grab().toImage().pixelColor(spot).getRgb()
    beside = canvas.imageToView(QPointF(20, 20)).toPoint()
    assert red is not None
    assert green is not None
    assert red > green + 60
    assert canvas.grab().toImage().pixelColor(beside).getRgb()[:3] == (127, 127, 127)
    canvas.setMaskVisible(False)
    assert canvas.grab().toImage().pixelColor(spot).getRgb()[:3] == (127, 127, 127)
    with pytest.raises(ValueError, match="underlay"):
        canvas.setUnderlay(np.zeros((4, 4, 2)))


def test_an_empty_canvas_invites_and_a_drawn_one_does_not(canvas: MaskCanvas) -> None:
    empty = grey(canvas)
    click(canvas, (5, 5))
    drawn = grey(canvas)
    middle = np.s_[240:280, 200:440]
    assert empty[middle].max() > 150
    assert drawn[middle].max() < 40
