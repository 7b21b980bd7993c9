from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QDoubleSpinBox
from pytestqt.qtbot import QtBot

from widgets.paint.labels.editor import LabelEditor
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.rule import Over
from widgets.paint.labels.settings import FillBy, Unit
from widgets.paint.labels.toolbar import LabelToolbar
from widgets.paint.labels.tools import ToolName
from widgets.paint.tools.base import ToolInfo
from widgets.viewer.volume.box import Box


@pytest.fixture
def bar(qtbot: QtBot) -> LabelToolbar:
    editor = LabelEditor(LabelModel((4, 5, 6)))
    bar = LabelToolbar(editor)
    editor.setParent(bar)
    qtbot.addWidget(bar)
    bar.resize(1100, 80)
    bar.show()
    return bar


def editor_of(bar: LabelToolbar) -> LabelEditor:
    (editor,) = bar.findChildren(LabelEditor)
    return editor


def click(qtbot: QtBot, button: QAbstractButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def enter(qtbot: QtBot, box: QDoubleSpinBox, text: str) -> None:
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)


def pick(qtbot: QtBot, box: QComboBox, text: str) -> None:
    """Choose by typing, as with the keyboard."""
    box.setFocus()
    qtbot.keyClicks(box, text)


def test_buttons_and_editor_follow_each_other(qtbot: QtBot, bar: LabelToolbar) -> None:
    editor = editor_of(bar)
    chosen: list[int] = []
    bar.chosen.connect(lambda: chosen.append(1))
    click(qtbot, bar.button(ToolName.POLYGON))
    assert editor.tool() is ToolName.POLYGON
    assert chosen == [1]
    editor.setTool(ToolName.BRUSH)
    assert bar.button(ToolName.BRUSH).isChecked()
    assert not bar.button(ToolName.POLYGON).isChecked()


def test_sizes_shapes_and_units(qtbot: QtBot, bar: LabelToolbar) -> None:
    editor = editor_of(bar)
    click(qtbot, bar.button(ToolName.BRUSH))
    enter(qtbot, bar.size_box, "17")
    click(qtbot, bar.square_button)
    click(qtbot, bar.volume_button)
    assert (editor.settings.brush, editor.settings.eraser) == (17.0, 12.0)
    assert editor.settings.square
    assert editor.settings.volume
    click(qtbot, bar.button(ToolName.ERASER))
    assert bar.size_box.value() == 12.0
    pick(qtbot, bar.unit_box, "mm")
    bar.unit_box.activated.emit(bar.unit_box.currentIndex())
    assert editor.settings.unit is Unit.MILLIMETRES
    enter(qtbot, bar.size_box, "2.5")
    assert editor.settings.eraser == 2.5
    editor.stepSize(1)
    assert bar.size_box.value() == 3.0


def test_limits_and_what_is_painted_over(qtbot: QtBot, bar: LabelToolbar) -> None:
    editor = editor_of(bar)
    click(qtbot, bar.button(ToolName.BRUSH))
    assert not bar.low_box.isVisible()
    click(qtbot, bar.limit_button)
    enter(qtbot, bar.low_box, "-100.5")
    enter(qtbot, bar.high_box, "300")
    assert editor.settings.limited
    assert (editor.settings.low, editor.settings.high) == (-100.5, 300.0)
    assert bar.low_box.text() == "-100.5"
    editor.table.add("Liver")
    texts = [bar.over_box.itemText(n) for n in range(bar.over_box.count())]
    assert texts == ["Everything", "Background only", "Label 1 only", "Liver only"]
    bar.over_box.activated.emit(3)
    assert (editor.settings.over, editor.settings.over_label) == (Over.LABEL, 2)
    assert bar.over_box.currentText() == "Liver only"
    editor.table.change(2, name="Spleen")
    assert bar.over_box.currentText() == "Spleen only"


def test_a_tool_shows_only_what_it_heeds(qtbot: QtBot, bar: LabelToolbar) -> None:
    editor = editor_of(bar)
    shown = {
        name: (
            bar.size_box.isVisible(), bar.end_box.isVisible(), bar.fill_box.isVisible(),
            bar.over_box.isVisible(),
        )
        for name in ToolName
        if editor.setTool(name) is None
    }  # fmt: skip
    assert shown[ToolName.NAVIGATE] == shown[ToolName.PICKER] == (False, False, False, False)
    assert shown[ToolName.BRUSH] == (True, False, False, True)
    assert shown[ToolName.ERASER] == (True, False, False, False)
    assert shown[ToolName.VESSEL] == (True, True, False, True)
    assert shown[ToolName.FILL] == (False, False, True, True)
    assert shown[ToolName.LASSO] == (False, False, False, True)


def test_fills_are_set(qtbot: QtBot, bar: LabelToolbar) -> None:
    editor = editor_of(bar)
    click(qtbot, bar.button(ToolName.FILL))
    pick(qtbot, bar.fill_box, "I")
    bar.fill_box.activated.emit(bar.fill_box.currentIndex())
    enter(qtbot, bar.tolerance_box, "2.25")
    assert editor.settings.fill_by is FillBy.INTENSITY
    assert editor.settings.tolerance == 2.25


def test_undo_and_redo_name_their_step(qtbot: QtBot, bar: LabelToolbar) -> None:
    editor = editor_of(bar)
    ink = editor.ink()
    assert ink is not None
    assert not bar.undo_button.isEnabled()
    editor.write(Box((0, 0, 0), (1, 1, 1)), np.ones((1, 1, 1), bool), ink, "Dot")
    assert bar.undo_button.toolTip() == "Undo Dot"
    click(qtbot, bar.undo_button)
    assert not editor.model.array.any()
    assert bar.redo_button.toolTip() == "Redo Dot"
    click(qtbot, bar.redo_button)
    assert editor.model.array.any()


def test_slices_are_asked_for(qtbot: QtBot, bar: LabelToolbar) -> None:
    asked: list[object] = []
    bar.copyRequested.connect(asked.append)
    bar.clearRequested.connect(lambda: asked.append("clear"))
    for button in (bar.copy_on_button, bar.copy_back_button, bar.clear_button):
        click(qtbot, button)
    assert asked == [1, -1, "clear"]


def test_everything_is_named_and_the_row_wraps(qtbot: QtBot, bar: LabelToolbar) -> None:
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox):
        for part in bar.findChildren(kind):
            assert part.accessibleName()
            assert part.toolTip()
    editor_of(bar).setTool(ToolName.BRUSH)
    assert bar.heightForWidth(400) > bar.heightForWidth(1400)


def test_another_tool_moves_nothing_below(bar: LabelToolbar) -> None:
    heights = set()
    for name in ToolName:
        editor_of(bar).setTool(name)
        heights.add(bar.heightForWidth(1100))
    assert len(heights) == 1


def test_tools_of_others_are_asked_for_and_shown(qtbot: QtBot) -> None:
    editor = LabelEditor(LabelModel((4, 5, 6)))
    ruler = ToolInfo("Ruler", "mdi6.ruler", "Drag from end to end")
    bar = LabelToolbar(editor, {"ruler": ruler})
    editor.setParent(bar)
    qtbot.addWidget(bar)
    bar.show()
    editor.setTool(ToolName.BRUSH)
    with qtbot.waitSignal(bar.otherChosen) as told:
        click(qtbot, bar.otherButton("ruler"))
    assert told.args == ["ruler"]
    bar.showOther("ruler")
    assert bar.otherButton("ruler").isChecked()
    assert not bar.button(ToolName.BRUSH).isChecked()
    assert not bar.size_box.isVisible()
    bar.showTool()
    assert bar.button(ToolName.BRUSH).isChecked()
    assert bar.size_box.isVisible()
