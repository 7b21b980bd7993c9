from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.help import sections
from app.window import MainWindow
from widgets.paint.tools.base import Tool


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        (Qt.Key.Key_E, Tool.ERASER),
        (Qt.Key.Key_V, Tool.VESSEL),
        (Qt.Key.Key_U, Tool.LINE),
        (Qt.Key.Key_3, Tool.POLYGON),
        (Qt.Key.Key_F, Tool.FILL),
        (Qt.Key.Key_H, Tool.NAVIGATE),
        (Qt.Key.Key_X, Tool.ERASER),
    ],
)
def test_keys_choose_tools(window: MainWindow, key: Qt.Key, tool: Tool) -> None:
    canvas = window.view.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, key)
    assert canvas.tool() is tool
    QTest.keyClick(canvas, Qt.Key.Key_B)
    assert canvas.tool() is Tool.BRUSH


def test_keys_change_size_opacity_and_visibility(window: MainWindow) -> None:
    canvas = window.view.canvas
    canvas.setFocus()
    canvas.setBrushSize(8)
    for key, size in (("]", 9), ("+", 10), ("=", 11), ("[", 10), ("-", 9)):
        QTest.keyClick(canvas, key)
        assert canvas.brushSize() == size
    QTest.keyClick(canvas, Qt.Key.Key_D)
    assert canvas.maskOpacity() == pytest.approx(0.6)
    QTest.keyClick(canvas, Qt.Key.Key_A)
    assert canvas.maskOpacity() == pytest.approx(0.5)
    QTest.keyClick(canvas, Qt.Key.Key_S)
    assert not canvas.isMaskVisible()


def test_keys_of_the_mask_can_be_changed_everywhere(window: MainWindow) -> None:
    """Also when Segment, which has the same letters, has been made."""
    window.spaces.segment()
    canvas, keymap = window.view.canvas, window.actions_.keymap
    assert keymap.clashes("draw.eraser", "E") == ()
    keymap.setKeys("draw.eraser", ["K"])
    QTest.keyClick(canvas, Qt.Key.Key_E)
    assert canvas.tool() is Tool.BRUSH
    QTest.keyClick(canvas, Qt.Key.Key_K)
    assert canvas.tool() is Tool.ERASER
    assert window.view.tools.button(Tool.ERASER).toolTip().startswith("Eraser  (K)")
    assert window.actions_["draw.eraser"].shortcut().toString() == "K"
    assert window.spaces.segment().study.editor.tool().value == "navigate"


def test_the_sheet_is_about_the_workspace_shown(window: MainWindow) -> None:
    titles = {row.what for _, rows in sections(window.actions_) for row in rows}
    assert "Swap brush and eraser" in titles
    assert "Ruler" not in titles
    window.spaces.show("segment")
    titles = {row.what for _, rows in sections(window.actions_) for row in rows}
    assert "Swap brush and eraser" not in titles
    assert {"Ruler", "Quit"} <= titles
