"""The layers panel, clicked, dragged and typed into."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from widgets.panels.volume.layers_panel import LayersPanel
from widgets.viewer.volume.layers import Blend, Grid, Layer, LayerKind, LayerStack

LEFT = Qt.MouseButton.LeftButton
GRID = Grid((2, 3, 4), np.eye(4))
KINDS = (("T1", LayerKind.IMAGE), ("Tumour", LayerKind.LABELS), ("Doubt", LayerKind.MAP))


@pytest.fixture
def stack() -> LayerStack:
    stack = LayerStack()
    for name, kind in KINDS:
        stack.add(Layer(name, np.zeros((1, 2, 3, 4)), GRID, kind))
    return stack


@pytest.fixture
def panel(qtbot: QtBot, stack: LayerStack) -> LayersPanel:
    panel = LayersPanel(stack)
    panel.setLuts({"grey": np.zeros((256, 3), np.uint8), "hot": np.ones((256, 4), np.uint8)})
    qtbot.addWidget(panel)
    panel.resize(360, 420)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def names(panel: LayersPanel) -> list[str]:
    return [row.name.text() for row in panel.rows()]


def drag(panel: LayersPanel, row: int, to: QPoint) -> None:
    """From the name of a row to a point of the list, in a few moves."""
    view = panel.listWidget().viewport()
    assert view is not None
    grip = panel.rows()[row].name
    start = grip.mapTo(view, QPoint(5, grip.height() // 2))
    target = view.childAt(start) or view
    QTest.mousePress(target, LEFT, pos=target.mapFrom(view, start))
    for share in (0.3, 0.7, 1.0):
        place = start + (to - start) * share
        QTest.mouseMove(target, target.mapFrom(view, place))
    QTest.mouseRelease(target, LEFT, pos=target.mapFrom(view, to))


def test_the_top_layer_is_listed_first_and_the_active_one_is_chosen(
    panel: LayersPanel, stack: LayerStack
) -> None:
    assert names(panel) == ["Doubt", "Tumour", "T1"]
    assert panel.listWidget().currentRow() == 0
    stack.setActive(next(iter(stack)))
    assert panel.listWidget().currentRow() == 2
    name = panel.rows()[1].name
    QTest.mouseClick(name, LEFT, pos=QPoint(4, 4))
    active = stack.active()
    assert active is not None
    assert active.name == "Tumour"


def test_the_eye_and_the_slider_change_their_layer_only(
    panel: LayersPanel, stack: LayerStack
) -> None:
    row = panel.rows()[1]
    QTest.mouseClick(row.eye, LEFT)
    assert [layer.look.visible for layer in stack] == [True, False, True]
    QTest.mouseClick(row.eye, LEFT)
    assert row.layer.look.visible
    row.opacity.setValue(40)
    assert [layer.look.opacity for layer in stack] == [1.0, 0.4, 1.0]
    row.layer.change(opacity=0.7)
    assert row.opacity.value() == 70


def test_a_double_click_renames_and_escape_does_not(panel: LayersPanel, stack: LayerStack) -> None:
    name = panel.rows()[0].name
    for typed, key in (("Risk", Qt.Key.Key_Return), ("Other", Qt.Key.Key_Escape)):
        QTest.mouseDClick(name, LEFT, pos=QPoint(4, 4))
        field = name.findChild(QLineEdit)
        assert field is not None
        QTest.keyClicks(field, typed)
        assert field.text() == typed
        QTest.keyClick(field, key)
        assert names(panel)[0] == "Risk"
    assert [layer.name for layer in stack][-1] == "Risk"


@pytest.mark.parametrize(
    ("row", "edge", "expected"),
    [
        (0, "bottom", ["Tumour", "T1", "Doubt"]),
        (2, "top", ["T1", "Doubt", "Tumour"]),
        (1, "same", ["Doubt", "Tumour", "T1"]),
    ],
)
def test_dragging_a_row_reorders_the_stack(
    panel: LayersPanel, stack: LayerStack, row: int, edge: str, expected: list[str]
) -> None:
    view = panel.listWidget().viewport()
    assert view is not None
    own = panel.rows()[row].geometry().center().y()
    y = {"bottom": view.height() - 2, "top": 1, "same": own}[edge]
    drag(panel, row, QPoint(60, y))
    assert names(panel) == expected
    assert [layer.name for layer in stack] == expected[::-1]


def test_escape_calls_a_drag_off(panel: LayersPanel) -> None:
    row = panel.rows()[0].name
    QTest.mousePress(row, LEFT, pos=QPoint(4, 4))
    QTest.mouseMove(row, QPoint(4, 80))
    QTest.keyClick(panel.listWidget(), Qt.Key.Key_Escape)
    QTest.mouseRelease(row, LEFT, pos=QPoint(4, 80))
    assert names(panel) == ["Doubt", "Tumour", "T1"]


def test_keys_work_on_the_chosen_layer(panel: LayersPanel, stack: LayerStack, qtbot: QtBot) -> None:
    view = panel.listWidget()
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Space)
    QTest.keyClick(view, Qt.Key.Key_Left)
    layer = stack.active()
    assert layer is not None
    assert (layer.name, layer.look.visible, layer.look.opacity) == ("Tumour", False, 0.95)
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert names(panel) == ["Doubt", "T1", "Tumour"]
    with qtbot.waitSignal(panel.removeRequested) as asked:
        QTest.keyClick(view, Qt.Key.Key_Delete)
    assert asked.args == [layer]
    assert len(stack) == 3, "it is for others to remove it"


def test_each_kind_has_its_fields(panel: LayersPanel, stack: LayerStack) -> None:
    look = panel.look()

    def shown() -> list[bool]:
        fields: list[QWidget] = [look.lut, look.invert, look.smooth, look.outlined, look.below]
        return [field.isVisible() for field in fields]

    image, labels, _ = stack
    assert shown() == [True, True, True, False, True]
    stack.setActive(labels)
    assert shown() == [False, False, False, True, False]
    QTest.mouseClick(look.outlined, LEFT, pos=QPoint(8, look.outlined.height() // 2))
    assert labels.look.outlined
    stack.setActive(image)
    assert shown() == [True, True, True, False, False]
    QTest.keyClick(look.lut, Qt.Key.Key_Down)
    QTest.keyClick(look.blend, Qt.Key.Key_Down)
    assert (image.look.lut, image.look.blend) == ("hot", Blend.ADD)


def test_a_threshold_is_switched_slid_and_typed(panel: LayersPanel, stack: LayerStack) -> None:
    layer = stack.active()
    assert layer is not None
    below = panel.look().below
    assert not below.slider.isEnabled()
    QTest.mouseClick(below.switch, LEFT, pos=QPoint(8, below.switch.height() // 2))
    assert layer.look.threshold == 0.0
    below.slider.setValue(250)
    assert layer.look.threshold == 0.25
    assert below.box.value() == 0.25
    field = below.box.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, "0.6")
    assert layer.look.threshold == 0.6
    assert below.slider.value() == 600
    QTest.mouseClick(below.switch, LEFT, pos=QPoint(8, below.switch.height() // 2))
    assert layer.look.threshold is None


def test_without_layers_it_says_what_to_do(qtbot: QtBot) -> None:
    stack = LayerStack()
    panel = LayersPanel(stack)
    qtbot.addWidget(panel)
    panel.show()
    assert not panel.listWidget().isVisible()
    assert not panel.look().isVisible()
    stack.add(Layer("T2", np.zeros((1, 2, 3, 4)), GRID))
    assert panel.listWidget().isVisible()
    stack.clear()
    assert not panel.listWidget().isVisible()


def test_layers_may_go_while_one_is_dragged(panel: LayersPanel, stack: LayerStack) -> None:
    view = panel.listWidget().viewport()
    assert view is not None
    start = panel.rows()[2].name.mapTo(view, QPoint(5, 8))
    QTest.mousePress(view, LEFT, pos=start)
    QTest.mouseMove(view, start - QPoint(0, 40))
    stack.clear()
    QTest.mouseRelease(view, LEFT, pos=start - QPoint(0, 80))
    assert panel.rows() == []
