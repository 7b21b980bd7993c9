"""The threshold's line, number and button, by mouse and keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from widgets.panels.volume.counting import shares
from widgets.panels.volume.threshold_panel import ThresholdPanel
from widgets.panels.volume.threshold_plot import log_heights

LEFT = Qt.MouseButton.LeftButton
K = Qt.Key
VALUES = np.repeat(np.linspace(0, 1, 101, dtype=np.float32), 10).reshape(1, 10, 101)


class Heard:
    """What the panel told."""

    def __init__(self, panel: ThresholdPanel) -> None:
        self.previews: list[Any] = []
        self.chosen: list[Any] = []
        panel.previewed.connect(self.previews.append)
        panel.chosen.connect(self.chosen.append)


@pytest.fixture
def panel(qtbot: QtBot) -> ThresholdPanel:
    panel = ThresholdPanel()
    qtbot.addWidget(panel)
    panel.resize(700, 180)
    panel.show()
    qtbot.waitExposed(panel)
    panel.setCounts(shares(VALUES), 0.001)
    panel.setValue(None)
    return panel


@pytest.fixture
def heard(panel: ThresholdPanel) -> Heard:
    return Heard(panel)


def at(panel: ThresholdPanel, value: float) -> QPoint:
    plot = panel.plot
    return QPoint(round(plot.valueToX(value)), int(plot.plotRect().center().y()))


def test_dragging_previews_and_letting_go_chooses(panel: ThresholdPanel, heard: Heard) -> None:
    QTest.mousePress(panel.plot, LEFT, pos=at(panel, 0.5))
    for value in (0.45, 0.4, 0.3):
        QTest.mouseMove(panel.plot, at(panel, value))
    assert heard.previews == pytest.approx([0.5, 0.45, 0.4, 0.3], abs=0.005)
    assert heard.chosen == []
    assert panel.plot.isDragged()
    QTest.mouseRelease(panel.plot, LEFT, pos=at(panel, 0.3))
    assert heard.chosen == [panel.plot.value()]
    assert panel.box.value() == panel.plot.value()
    assert panel.majority.isEnabled()


def test_a_press_takes_the_line_there_and_the_ends_hold_it(
    panel: ThresholdPanel, heard: Heard
) -> None:
    QTest.mouseClick(panel.plot, LEFT, pos=at(panel, 0.8))
    assert heard.chosen == pytest.approx([0.8], abs=0.005)
    QTest.mousePress(panel.plot, LEFT, pos=at(panel, 0.8))
    QTest.mouseMove(panel.plot, QPoint(panel.plot.width() + 90, 5))
    QTest.mouseRelease(panel.plot, LEFT, pos=QPoint(panel.plot.width() + 90, 5))
    assert heard.chosen[-1] == 1.0


def test_escape_calls_a_drag_off(panel: ThresholdPanel, heard: Heard) -> None:
    panel.setValue(0.6)
    panel.plot.setFocus()
    QTest.mousePress(panel.plot, LEFT, pos=at(panel, 0.6))
    QTest.mouseMove(panel.plot, at(panel, 0.2))
    QTest.keyClick(panel.plot, K.Key_Escape)
    assert heard.previews[-1] is None
    assert panel.plot.value() == panel.box.value() == 0.6
    QTest.mouseRelease(panel.plot, LEFT, pos=at(panel, 0.2))
    assert heard.chosen == []


def test_keys_move_it_and_choose_when_they_are_let_go(panel: ThresholdPanel, heard: Heard) -> None:
    panel.setValue(0.5)
    panel.plot.setFocus()
    for _ in range(3):
        QTest.keyPress(panel.plot, K.Key_Right)
    assert heard.previews == [0.51, 0.52, 0.53]
    assert heard.chosen == []
    QTest.keyRelease(panel.plot, K.Key_Right)
    assert heard.chosen == [0.53]
    QTest.keyClick(panel.plot, K.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(panel.plot, K.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert heard.chosen[1:] == [0.43, 0.429]
    QTest.keyPress(panel.plot, K.Key_Left)
    panel.box.setFocus()
    assert heard.chosen[-1] == 0.419


def test_a_number_is_left_alone_while_it_is_typed(
    panel: ThresholdPanel, heard: Heard, qtbot: QtBot
) -> None:
    field = panel.box.findChild(QLineEdit)
    assert field is not None
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0.25")
    assert field.text() == "0.25"
    assert heard.previews[-1] == 0.25
    assert panel.plot.value() == 0.25
    assert heard.chosen == []
    QTest.keyClick(field, K.Key_Return)
    assert heard.chosen == [0.25]
    QTest.keyClick(field, K.Key_Up)
    with qtbot.waitSignal(panel.chosen):
        pass
    assert heard.chosen == [0.25, 0.26]


def test_the_majority_is_a_button_away(panel: ThresholdPanel, heard: Heard) -> None:
    assert not panel.majority.isEnabled()
    panel.setValue(0.2)
    QTest.mouseClick(panel.majority, LEFT)
    assert heard.chosen == [None]
    assert not panel.majority.isEnabled()
    assert panel.plot.value() == 0.5


@pytest.mark.parametrize("value", [0.0, 0.1, 0.35, 0.999, 1.0])
def test_it_says_how_many_voxels_that_is(panel: ThresholdPanel, value: float) -> None:
    panel.setValue(value)
    voxels = int((np.float32(value) < VALUES).sum())
    assert panel.count.text().startswith(f"{voxels:,} voxels")


def test_without_a_probability_there_is_nothing_to_drag(
    panel: ThresholdPanel, heard: Heard
) -> None:
    panel.setCounts(None, 0.0)
    QTest.mouseClick(panel.plot, LEFT, pos=at(panel, 0.8))
    QTest.keyClick(panel.plot, K.Key_Right)
    assert heard.chosen == heard.previews == []
    assert not panel.box.isEnabled()
    panel.grab()


def test_heights_are_logarithms_of_what_a_column_holds() -> None:
    counts = np.zeros(1001, np.int64)
    counts[[0, 1, 691, 700]] = 10**6, 5, 900, 99
    heights = log_heights(counts, 100)
    assert len(heights) == 100
    assert heights[0] == 1.0
    assert heights[69] == pytest.approx(np.log1p(999) / np.log1p(10**6 + 5))
    assert np.count_nonzero(heights) == 2
