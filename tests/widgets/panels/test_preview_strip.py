"""Thumbnails of the past, to scrub over."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.previews import PreviewPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot: QtBot) -> PreviewPanel:
    panel = PreviewPanel()
    qtbot.addWidget(panel)
    panel.resize(600, 400)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def plain(colour: str) -> QImage:
    image = QImage(32, 16, QImage.Format.Format_RGB888)
    image.fill(QColor(colour))
    return image


def test_thumbnails_are_asked_for_once_each(panel: PreviewPanel, qtbot: QtBot) -> None:
    strip = panel.strip
    assert not strip.isVisible(), "nothing to choose from"
    with qtbot.waitSignal(strip.wanted) as asked:
        panel.setIterations([100, 200])
    assert asked.args == [(100, 200)]
    strip.setThumb(100, plain("red"))
    strip.setThumb(900, plain("red"))
    with qtbot.waitSignal(strip.wanted) as asked:
        panel.setIterations([100, 200, 300])
    assert asked.args == [(200, 300)]
    assert strip.thumbs() == 1
    middle = strip.grab().toImage().pixelColor(strip.height() // 2, strip.height() // 2)
    assert (middle.red(), middle.green()) == (255, 0)
    panel.clear()
    assert strip.shown() == ()


def test_a_drag_goes_through_the_past(panel: PreviewPanel, qtbot: QtBot) -> None:
    panel.setIterations([100, 200, 300])
    strip = panel.strip
    with qtbot.waitSignal(panel.wanted, check_params_cb=lambda i: i == 100):
        QTest.mousePress(strip, LEFT, pos=QPoint(5, 10))
    with qtbot.waitSignal(panel.wanted, check_params_cb=lambda i: i == 200):
        QTest.mouseMove(strip, QPoint(strip.height() + 10, 10))
    QTest.mouseMove(strip, QPoint(strip.width() - 1, 10))
    QTest.mouseRelease(strip, LEFT, pos=QPoint(strip.width() - 1, 10))
    assert panel.iteration() == 300


def test_of_many_some_are_seen_and_all_are_reached(panel: PreviewPanel) -> None:
    panel.setIterations(range(1, 1001))
    strip = panel.strip
    shown = strip.shown()
    assert shown[0] == 1
    assert shown[-1] == 1000
    assert len(shown) < 30
    places = {strip.placeAt(x) for x in range(strip.width())}
    assert {0, 999} <= places
    assert len(places) > 400


def test_a_low_panel_keeps_its_room_for_the_pictures(panel: PreviewPanel) -> None:
    panel.setIterations([100, 200])
    assert panel.strip.isVisible()
    panel.resize(600, 120)
    assert not panel.strip.isVisible()
