from __future__ import annotations

import pytest
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QAbstractSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import LEFT, drag
from widgets.paint.canvas import MaskCanvas
from widgets.paint.toolbar import PaintToolBar
from widgets.paint.tools.base import INFO, Tool


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    rows = QVBoxLayout(window)
    bar, canvas = PaintToolBar(), MaskCanvas(128, 128)
    rows.addWidget(bar)
    rows.addWidget(canvas, 1)
    bar.bind(canvas)
    window.resize(900, 600)
    window.show()
    return window


@pytest.fixture
def bar(window: QWidget) -> PaintToolBar:
    found = window.findChild(PaintToolBar)
    assert found is not None
    return found


@pytest.fixture
def canvas(window: QWidget) -> MaskCanvas:
    found = window.findChild(MaskCanvas)
    assert found is not None
    return found


def test_buttons_and_keys_stay_in_step(bar: PaintToolBar, canvas: MaskCanvas) -> None:
    for tool in Tool:
        QTest.mouseClick(bar.button(tool), LEFT)
        assert canvas.tool() is tool
    canvas.setTool(Tool.VESSEL)
    assert bar.button(Tool.VESSEL).isChecked()
    assert not bar.button(Tool.NAVIGATE).isChecked()


def test_a_chosen_tool_gives_the_canvas_the_keys(
    window: QWidget, bar: PaintToolBar, canvas: MaskCanvas, qtbot: QtBot
) -> None:
    with qtbot.waitActive(window):
        window.activateWindow()
    QTest.mouseClick(bar.button(Tool.ERASER), LEFT)
    assert canvas.hasFocus()


def test_widths_go_both_ways(bar: PaintToolBar, canvas: MaskCanvas) -> None:
    canvas.setTool(Tool.ERASER)
    assert bar.size_box.value() == canvas.brushSize() == canvas.settings.eraser
    bar.size_box.setValue(33)
    assert canvas.settings.eraser == 33
    for _ in range(4):
        canvas.stepBrushSize(1)
    assert bar.size_box.value() == canvas.brushSize() > 33
    bar.slider.setValue(bar.slider.maximum())
    assert canvas.brushSize() == 400
    canvas.setTool(Tool.BRUSH)
    assert bar.size_box.value() == canvas.settings.brush == 5


def test_every_width_survives_the_slider(bar: PaintToolBar, canvas: MaskCanvas) -> None:
    for size in range(1, 401):
        canvas.setBrushSize(size)
        assert canvas.brushSize() == bar.size_box.value() == size


def test_the_end_width_belongs_to_the_vessel(bar: PaintToolBar, canvas: MaskCanvas) -> None:
    assert not bar.end_box.isVisible()
    canvas.setTool(Tool.VESSEL)
    assert bar.end_box.isVisible()
    bar.end_box.setValue(4)
    assert canvas.vesselEnd() == 4


def test_history_buttons_follow(bar: PaintToolBar, canvas: MaskCanvas) -> None:
    assert not bar.undo_button.isEnabled()
    assert not bar.clear_button.isEnabled()
    drag(canvas, (20, 20), (60, 60))
    assert "Brush stroke" in bar.undo_button.toolTip()
    QTest.mouseClick(bar.clear_button, LEFT)
    assert canvas.model.isEmpty()
    QTest.mouseClick(bar.undo_button, LEFT)
    QTest.mouseClick(bar.undo_button, LEFT)
    assert bar.redo_button.isEnabled()
    assert not bar.undo_button.isEnabled()
    QTest.mouseClick(bar.invert_button, LEFT)
    assert canvas.model.count() == 128 * 128


def test_what_the_canvas_cannot_do_is_asked_for(bar: PaintToolBar, qtbot: QtBot) -> None:
    with qtbot.waitSignals([bar.growRequested, bar.importRequested]):
        QTest.mouseClick(bar.grow_button, LEFT)
        QTest.mouseClick(bar.import_button, LEFT)


def test_sizes_are_asked_for(bar: PaintToolBar, canvas: MaskCanvas, qtbot: QtBot) -> None:
    assert bar.size_button.text() == "128 × 128"
    with qtbot.waitSignal(bar.sizeRequested) as told:
        bar.size_menu.actions()[3].trigger()
    assert told.args == [384, 384]
    bar.size_menu.width_box.setValue(300)
    bar.size_menu.height_box.setValue(200)
    with qtbot.waitSignal(bar.sizeRequested) as told:
        bar.size_menu.apply_button.click()
    assert told.args == [300, 200]
    canvas.resizeMask(300, 200)
    assert bar.size_button.text() == "300 × 200"


def test_everything_has_a_name_and_tools_tell_what_they_do(bar: PaintToolBar) -> None:
    buttons = bar.findChildren(QAbstractButton)
    assert len(buttons) >= 14
    assert all(button.accessibleName() or button.text() for button in buttons)
    assert all(box.accessibleName() for box in bar.findChildren(QAbstractSpinBox))
    for tool, info in INFO.items():
        assert bar.button(tool).toolTip() == f"{info.label}\n{info.hint}"


@pytest.mark.parametrize("width", [1200, 700, 330])
def test_nothing_is_cut_off_at_any_width(
    window: QWidget, bar: PaintToolBar, width: int, qtbot: QtBot
) -> None:
    window.resize(width, 600)
    groups = [child for child in bar.children() if isinstance(child, QWidget) and child.isVisible()]
    qtbot.waitUntil(lambda: bar.height() >= bar.heightForWidth(bar.width()))
    for group in groups:
        if group is bar.size_menu:
            continue
        assert bar.rect().contains(group.geometry())
        assert group.width() >= group.minimumSizeHint().width()
    boxes = [group.geometry() for group in groups]
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
