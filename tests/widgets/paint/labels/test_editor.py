from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication

from widgets.paint.labels.display import LabelDisplay
from widgets.paint.labels.editor import LabelEditor
from widgets.paint.labels.ink import painting
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.rule import Over
from widgets.paint.labels.settings import PaintSettings, Unit
from widgets.paint.labels.slices import clear_slice, copy_slice
from widgets.paint.labels.table import LabelTable
from widgets.paint.labels.tools import INFO, ToolName
from widgets.viewer.volume.box import Box
from widgets.viewer.volume.layers import Grid, Layer, LayerStack
from widgets.viewer.volume.planes import PlaneName, planes_of

SHAPE = (6, 7, 8)
GRID = Grid(SHAPE, np.diag([1.0, 2.0, 4.0, 1.0]))


@pytest.fixture
def editor(qapp: QCoreApplication) -> LabelEditor:
    editor = LabelEditor(LabelModel(SHAPE))
    editor.setGrid(GRID)
    return editor


def image(**fields: float) -> Layer:
    values = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(1, *SHAPE)
    return Layer("image", values, GRID, **fields)


def test_there_is_one_tool_for_each_key_and_all_are_told(editor: LabelEditor) -> None:
    assert set(INFO) == set(ToolName)
    assert len({info.label for info in INFO.values()}) == len(INFO)
    told: list[object] = []
    editor.toolChanged.connect(told.append)
    assert editor.sliceTool() is None
    for name in ToolName:
        editor.setTool(name)
        assert (editor.sliceTool() is None) == (name is ToolName.NAVIGATE)
    assert told == list(ToolName)[1:]


def test_sizes_stay_in_range_and_are_whole_in_voxels(editor: LabelEditor) -> None:
    editor.setSize(3.4)
    assert editor.size() == 3
    editor.setSize(-5)
    assert editor.size() == 1
    for _ in range(200):
        editor.stepSize(1)
    assert editor.size() == 400
    for _ in range(200):
        editor.stepSize(-1)
    assert editor.size() == 1
    with pytest.raises(ValueError, match="brush"):
        editor.change(brush=0.0)


def test_a_size_in_millimetres_reaches_equally_far_in_space(editor: LabelEditor) -> None:
    editor.change(unit=Unit.MILLIMETRES, brush=16.0, volume=True)
    plane = planes_of(SHAPE, GRID.affine)[PlaneName.AXIAL]
    assert editor.footprint(plane).radii == (2.0, 4.0, 8.0)


def test_limits_follow_the_images_scale() -> None:
    settings = PaintSettings(limited=True, low=10.0, high=30.0)
    layer = image(slope=-2.0, intercept=50.0)
    rule = painting(settings, LabelTable(), layer, 0).rule
    assert (rule.low, rule.high) == (10.0, 20.0)
    assert painting(PaintSettings(), LabelTable(), layer, 0).rule.image is None


def test_only_an_image_of_the_same_grid_counts(editor: LabelEditor) -> None:
    editor.setImage(image())
    assert editor.image is not None
    other = Grid((6, 7, 9), np.eye(4))
    editor.setImage(Layer("other", np.zeros((1, 6, 7, 9)), other))
    assert editor.image is None
    editor.setImage(Layer("rgb", np.zeros((3, *SHAPE)), GRID, channels="rgb"))
    assert editor.image is None


def test_new_labels_and_swapping_with_background(editor: LabelEditor) -> None:
    editor.newLabel()
    assert editor.table.active() == 2
    editor.swapBackground()
    assert editor.table.active() == 0
    eraser = editor.eraser(only_active=True)
    assert eraser is not None
    assert (eraser.value, eraser.rule.over, eraser.rule.label) == (0, Over.LABEL, 2)
    editor.swapBackground()
    assert editor.table.active() == 2


def test_swapping_back_finds_no_label_that_was_removed(editor: LabelEditor) -> None:
    editor.newLabel()
    editor.swapBackground()
    editor.table.remove(2)
    editor.swapBackground()
    assert editor.table.active() == 1


def test_slices_are_copied_over_and_cleared(editor: LabelEditor) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[2, 1:4, 1:4], labels[3, 3:6, 3:6] = 1, 2
    editor.model.reset(labels)
    editor.table.add()
    plane = planes_of(SHAPE, GRID.affine)[PlaneName.AXIAL]
    assert copy_slice(editor, plane, 2, 1) == 3
    array = editor.model.array
    assert (array[3, 1:4, 1:4] == 1).all()
    assert array[3, 5, 5] == 2
    editor.undo()
    editor.table.change(2, locked=True)
    copy_slice(editor, plane, 2, 1)
    np.testing.assert_array_equal(array == 2, labels == 2)
    assert clear_slice(editor, plane, 3)
    np.testing.assert_array_equal(array[3] == 2, labels[3] == 2)
    assert (array[3] == 1).sum() == 0
    assert copy_slice(editor, plane, 5, 1) == 5
    told: list[str] = []
    editor.statusChanged.connect(told.append)
    assert copy_slice(editor, plane, 4, 1) == 5
    assert told == ["This slice has nothing to copy there"]
    assert editor.model.names() == ["Copy slice 2 to 3", "Clear slice 3"]


def test_the_layer_follows_the_model(editor: LabelEditor) -> None:
    stack, boxes = LayerStack(), []
    stack.add(image())
    display = LabelDisplay(editor.model, editor.table, stack)
    layer = display.show("labels", GRID)
    layer.dataChanged.connect(boxes.append)
    box = Box((1, 1, 1), (2, 2, 2))
    ink = editor.ink()
    assert ink is not None
    editor.write(box, np.ones((1, 1, 1), bool), ink, "dot")
    assert boxes == [box]
    assert layer.value((1, 1, 1)) == 1
    looks: list[int] = []
    layer.lookChanged.connect(lambda: looks.append(1))
    editor.table.change(1, colour=(9, 9, 9))
    assert looks == [1]
    editor.model.begin("wide")
    editor.model.paint(box, np.ones((1, 1, 1), bool), 300)
    assert layer.value((1, 1, 1)) == 300
    editor.model.cancel()
    editor.model.reset(np.zeros((2, 2, 2), int))
    assert display.layer() is None
    assert len(stack) == 1


def test_display_keys_hide_and_show(editor: LabelEditor) -> None:
    stack = LayerStack()
    stack.add(image())
    display = LabelDisplay(editor.model, editor.table, stack)
    layer = display.show("labels", GRID)
    display.stepOpacity(-1)
    assert layer.look.opacity == 0.4
    for _ in range(9):
        display.stepOpacity(1)
    assert layer.look.opacity == 1.0
    display.toggleLabels()
    assert not layer.look.visible
    display.toggleLabels()
    other = image()
    stack.add(other)
    other.change(visible=False)
    display.toggleOverlays()
    assert not layer.look.visible
    display.toggleOverlays()
    assert layer.look.visible
    assert not other.look.visible


def test_labels_and_sizes_go_in_steps(editor: LabelEditor) -> None:
    editor.setTool(ToolName.ERASER)
    editor.newLabel()
    editor.table.previous()
    assert editor.table.active() == 1
    for steps in (1, 1, -1):
        editor.stepSize(steps)
    assert editor.size() == 13.0
