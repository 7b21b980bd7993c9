from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLineEdit, QMainWindow, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.pointer import (
    LEFT,
    SHIFT,
    click,
    wheel,
)
from widgets.paint.canvas import MaskCanvas
from widgets.paint.tools.base import Tool

# --- what keys are given to


def test_brush_and_eraser_are_swapped(canvas: MaskCanvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.toolChanged) as told:
        canvas.swapEraser()
    assert told.args == [Tool.ERASER]
    canvas.swapEraser()
    assert canvas.tool() is Tool.BRUSH
    canvas.setTool(Tool.FILL)
    canvas.swapEraser()
    assert canvas.tool() is Tool.ERASER


def test_size_opacity_and_visibility_go_in_steps(canvas: MaskCanvas) -> None:
    canvas.setBrushSize(8)
    for step, size in ((1, 9), (1, 10), (-1, 9), (-1, 8)):
        canvas.stepBrushSize(step)
        assert canvas.brushSize() == size
    canvas.stepOpacity(1)
    assert canvas.maskOpacity() == pytest.approx(0.6)
    canvas.stepOpacity(-1)
    assert canvas.maskOpacity() == pytest.approx(0.5)
    canvas.toggleMask()
    assert not canvas.isMaskVisible()
    click(canvas, (20, 20))
    assert canvas.isMaskVisible(), "drawing shows what is drawn"


def test_every_size_can_be_reached_and_left(canvas: MaskCanvas) -> None:
    canvas.setBrushSize(1)
    canvas.stepBrushSize(200)
    assert canvas.brushSize() == 400
    canvas.stepBrushSize(-200)
    assert canvas.brushSize() == 1


def test_letters_in_a_text_field_do_not_reach_the_canvas(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    rows = QVBoxLayout(window)
    field, canvas = QLineEdit(), MaskCanvas()
    rows.addWidget(field)
    rows.addWidget(canvas)
    window.show()
    field.setFocus()
    QTest.keyClicks(field, "evf3")
    assert field.text() == "evf3"
    assert canvas.tool() is Tool.BRUSH


def test_escape_belongs_to_the_polygon_before_the_window(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    canvas = MaskCanvas()
    window.setCentralWidget(canvas)
    cancel = QAction(window)
    cancel.setShortcut(Qt.Key.Key_Escape)
    window.addAction(cancel)
    fired: list[bool] = []
    cancel.triggered.connect(lambda: fired.append(True))
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    canvas.setFocus()
    canvas.setTool(Tool.POLYGON)
    click(canvas, (20, 20))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert (canvas.activeHandler(), fired) == (None, [])
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert fired == [True]


def test_shift_wheel_sizes_the_brush(canvas: MaskCanvas, qtbot: QtBot) -> None:
    canvas.setBrushSize(8)
    with qtbot.waitSignal(canvas.brushSizeChanged) as told:
        wheel(canvas, (50, 50), 1, SHIFT)
    assert told.args == [9]
    assert canvas.view().fitted


# --- dropped files


def drop(canvas: MaskCanvas, url: QUrl) -> tuple[bool, bool]:
    data = QMimeData()
    data.setUrls([url])
    where = QPointF(50, 50)
    copy = Qt.DropAction.CopyAction
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(where.toPoint(), copy, data, LEFT, none)
    enter.ignore()
    QApplication.sendEvent(canvas, enter)
    event = QDropEvent(where, copy, data, LEFT, none, QEvent.Type.Drop)
    event.ignore()
    QApplication.sendEvent(canvas, event)
    return enter.isAccepted(), event.isAccepted()


def test_a_dropped_file_is_passed_on(canvas: MaskCanvas, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mask é.png"
    with qtbot.waitSignal(canvas.imageDropped) as told:
        assert drop(canvas, QUrl.fromLocalFile(str(path))) == (True, True)
    assert told.args == [str(path)]


def test_a_dropped_web_address_is_refused(canvas: MaskCanvas, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(canvas.imageDropped):
        assert drop(canvas, QUrl("https://example.org/mask.png")) == (False, False)
