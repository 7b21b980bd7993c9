"""The trace of one pixel."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.plots.pixel_trace import PixelTrace

T = (9.0, 6.0, 3.0, 0.0)


@pytest.fixture
def trace(qtbot: QtBot) -> PixelTrace:
    trace = PixelTrace()
    qtbot.addWidget(trace)
    trace.resize(500, 300)
    trace.show()
    qtbot.waitExposed(trace)
    return trace


def test_starts_empty_and_empties_again(trace: PixelTrace) -> None:
    assert trace.isEmpty()
    trace.setSeries(T, (1, 2, 3, 4), (4, 4, 4, 4))
    assert not trace.isEmpty()
    trace.clear()
    assert trace.isEmpty()


@pytest.mark.parametrize("position", range(4))
def test_a_click_asks_for_the_nearest_step(trace: PixelTrace, qtbot: QtBot, position: int) -> None:
    trace.setSeries(T, (1, 2, 3, 4), (4, 4, 4, 4))
    qtbot.wait(20)
    where = trace.pointAt(T[position]).toPoint()
    with qtbot.waitSignal(trace.stepRequested, check_params_cb=lambda p: p == position):
        QTest.mouseClick(trace.plot.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_time_runs_down_to_the_right(trace: PixelTrace, qtbot: QtBot) -> None:
    trace.setSeries(T, (1, 2, 3, 4), (4, 4, 4, 4))
    qtbot.wait(20)
    assert trace.pointAt(9.0).x() < trace.pointAt(0.0).x()


def test_title_names_the_pixel(trace: PixelTrace) -> None:
    trace.setPixel(12, 34)
    assert "x = 12" in trace.header()
    assert "y = 34" in trace.header()
    assert "x0_hat" in trace.header()


def test_the_line_follows_the_current_step(trace: PixelTrace) -> None:
    trace.setSeries(T, (1, 2, 3, 4), (4, 4, 4, 4))
    trace.setCurrent(2)
    (line,) = [i for i in trace.plot.items() if type(i).__name__ == "InfiniteLine"]
    assert line.value() == 3.0
    trace.setCurrent(-1)
    assert not line.isVisible()


def test_lengths_must_agree(trace: PixelTrace) -> None:
    with pytest.raises(ValueError, match="lengths differ"):
        trace.setSeries(T, (1, 2), (1, 2, 3, 4))
