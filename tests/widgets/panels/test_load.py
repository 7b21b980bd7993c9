"""Meters of what something takes."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from widgets.panels.load import KEPT, LoadBar, Reading


def test_meters_come_go_and_remember(qtbot: QtBot) -> None:
    bar = LoadBar()
    qtbot.addWidget(bar)
    bar.resize(600, 60)
    assert bar.isHidden()
    bar.take([Reading("CPU", "50 %", 0.5), Reading("Speed", "2.0 it/s")])
    bar.show()
    qtbot.waitExposed(bar)
    assert bar.texts() == ["CPU 50 %", "Speed 2.0 it/s"]
    bar.take([Reading("CPU", "700 %", 7.0)])
    assert bar.texts() == ["CPU 700 %"]
    assert bar.meter("CPU").past() == (0.5, 1.0)
    assert bar.meter("Speed").past() == (), "it has no share"
    for _ in range(2 * KEPT):
        bar.take([Reading("CPU", "1 %", 0.01)])
    assert len(bar.meter("CPU").past()) == KEPT
    bar.clear()
    assert bar.isHidden()
    assert bar.texts() == []


def test_a_meter_stands_still_while_digits_go(qtbot: QtBot) -> None:
    bar = LoadBar()
    qtbot.addWidget(bar)
    bar.take([Reading("CPU", "100 %", 1.0)])
    wide = bar.meter("CPU").sizeHint()
    bar.take([Reading("CPU", "1 %", 0.01)])
    assert bar.meter("CPU").sizeHint() == wide


def test_the_graph_is_painted(qtbot: QtBot) -> None:
    bar = LoadBar()
    qtbot.addWidget(bar)
    bar.take([Reading("CPU", "100 %", 1.0), Reading("Memory", "1 GB", 0.0)])
    for _ in range(KEPT):
        bar.take([Reading("CPU", "100 %", 1.0), Reading("Memory", "1 GB", 0.0)])
    full, none = (bar.meter(name).grab().toImage() for name in ("CPU", "Memory"))
    x = bar.fontMetrics().horizontalAdvance("Memory  ") + 10
    middle = full.height() // 2
    assert full.pixelColor(x, middle) != none.pixelColor(x, middle)
