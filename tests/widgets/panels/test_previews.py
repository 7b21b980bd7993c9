"""Pictures of a training and the slider over them."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.previews import PreviewPanel
from widgets.viewer.picture_row import Picture

LEFT = Qt.MouseButton.LeftButton


def pictures(level: float = 0.5) -> list[Picture]:
    return [Picture("Image", np.full((8, 8), level, np.float32))]


@pytest.fixture
def panel(qtbot: QtBot) -> PreviewPanel:
    panel = PreviewPanel()
    qtbot.addWidget(panel)
    panel.resize(500, 200)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_the_newest_pictures_are_followed(panel: PreviewPanel, qtbot: QtBot) -> None:
    assert panel.iteration() is None
    with qtbot.waitSignal(panel.wanted, check_params_cb=lambda i: i == 100):
        panel.setIterations([100])
    panel.setPictures(100, pictures())
    assert panel.caption() == "Iteration 100  ·  1 of 1"
    with qtbot.waitSignal(panel.wanted, check_params_cb=lambda i: i == 1200):
        panel.setIterations([100, 1200])
    assert panel.caption() == "Iteration 1,200  ·  2 of 2"
    assert panel.isFollowing()


def test_who_looks_at_the_past_stays_there(panel: PreviewPanel, qtbot: QtBot) -> None:
    panel.setIterations([100, 200, 300])
    panel.slider.setFocus()
    with qtbot.waitSignal(panel.wanted, check_params_cb=lambda i: i == 200):
        QTest.keyClick(panel.slider, Qt.Key.Key_Left)
    with qtbot.assertNotEmitted(panel.wanted):
        panel.setIterations([100, 200, 300, 400])
        panel.setIterations([100, 200, 300, 400])
    assert panel.iteration() == 200
    with qtbot.waitSignal(panel.wanted, check_params_cb=lambda i: i == 400):
        QTest.mouseClick(panel.newest, LEFT)
    assert not panel.newest.isEnabled()


def test_pictures_that_come_late_are_not_shown(panel: PreviewPanel) -> None:
    panel.setIterations([100, 200])
    panel.setPictures(100, pictures(0.1))
    assert panel.row.pictures() == ()
    panel.setPictures(200, pictures(0.2))
    assert panel.row.pictures()[0].values[0, 0] == np.float32(0.2)


def test_iterations_that_went_give_way_to_what_is_left(panel: PreviewPanel) -> None:
    panel.setIterations([100, 200, 300])
    panel.slider.setValue(1)
    panel.setIterations([100])
    assert panel.iteration() == 100
    panel.setIterations([])
    assert panel.iteration() is None


def test_cleared_it_says_why(panel: PreviewPanel) -> None:
    panel.setIterations([100])
    panel.setPictures(100, pictures())
    panel.clear("This stage shows none")
    assert panel.iteration() is None
    assert panel.row.pictures() == ()
    assert panel.caption() == ""
