"""Sliding and playing through time."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.volume.time_slider import TimeSlider
from widgets.viewer.volume.layers import Grid, Layer, LayerStack

GRID = Grid((1, 2, 2), np.eye(4))


@pytest.fixture
def stack() -> LayerStack:
    stack = LayerStack()
    stack.add(Layer("Cine", np.zeros((4, 1, 2, 2)), GRID, channels="time"))
    return stack


def test_the_slider_and_the_stack_follow_each_other(qtbot: QtBot, stack: LayerStack) -> None:
    bar = TimeSlider(stack)
    qtbot.addWidget(bar)
    bar.show()
    QTest.keyClick(bar.slider, Qt.Key.Key_Right)
    assert (stack.time(), bar.text()) == (1, "2 of 4")
    stack.setTime(3)
    assert (bar.slider.value(), bar.text()) == (3, "4 of 4")


def test_playing_goes_round(qtbot: QtBot, stack: LayerStack) -> None:
    bar = TimeSlider(stack)
    qtbot.addWidget(bar)
    bar.show()
    stack.setTime(3)
    QTest.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stack.time() == 0)
    QTest.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert bar.play.toolTip() == "Play"


def test_it_hides_without_a_series(qtbot: QtBot, stack: LayerStack) -> None:
    bar = TimeSlider(stack)
    qtbot.addWidget(bar)
    bar.show()
    bar.play.setChecked(True)
    stack.clear()
    assert not bar.isVisible()
    assert not bar.play.isChecked()
