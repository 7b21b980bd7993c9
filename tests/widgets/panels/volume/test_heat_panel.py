"""What a heat map is cut with, by mouse and keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.forms.spec import FieldSpec
from widgets.panels.volume.counting import shares
from widgets.panels.volume.heat_panel import HeatPanel

LEFT = Qt.MouseButton.LeftButton
K = Qt.Key
HEAT = np.repeat(np.linspace(0, 1, 101, dtype=np.float32), 10).reshape(1, 10, 101)
OTSU = 0.62


@pytest.fixture
def panel(qtbot: QtBot) -> HeatPanel:
    panel = HeatPanel((FieldSpec("refine", "Refine", "bool", False),))
    qtbot.addWidget(panel)
    panel.resize(800, 200)
    panel.show()
    qtbot.waitExposed(panel)
    panel.setHistogram(shares(HEAT), OTSU)
    panel.setSteps(0, 10)
    panel.form.setEnabled(True)
    return panel


def at(panel: HeatPanel, value: float) -> QPoint:
    plot = panel.threshold.plot
    return QPoint(round(plot.valueToX(value)), int(plot.plotRect().center().y()))


def test_the_line_starts_where_otsu_has_it_and_goes_back_there(panel: HeatPanel) -> None:
    chosen: list[Any] = []
    panel.chosen.connect(chosen.append)
    plot, way_back = panel.threshold.plot, panel.threshold.majority
    assert plot.value() == OTSU
    assert not way_back.isEnabled()
    QTest.mousePress(plot, LEFT, pos=at(panel, OTSU))
    QTest.mouseMove(plot, at(panel, 0.3))
    QTest.mouseRelease(plot, LEFT, pos=at(panel, 0.3))
    assert chosen == [pytest.approx(0.3, abs=0.01)]
    panel.setHistogram(shares(HEAT), 0.4)
    assert plot.value() == chosen[0], "another slice leaves a threshold of one's own"
    QTest.mouseClick(way_back, LEFT)
    assert chosen[1:] == [None]
    assert plot.value() == pytest.approx(0.4), "the Otsu threshold of that slice"
    assert not way_back.isEnabled()


def test_another_slice_has_its_own_line(panel: HeatPanel) -> None:
    panel.setHistogram(shares(HEAT), 0.25)
    assert panel.threshold.plot.value() == panel.threshold.box.value() == 0.25
    panel.setHistogram(None, why="Nothing was found on this slice")
    assert not panel.threshold.box.isEnabled()


def test_a_threshold_that_is_there_before_the_histogram_stays(panel: HeatPanel) -> None:
    panel.clear()
    panel.setThreshold(0.8)
    panel.setHistogram(shares(HEAT), OTSU)
    assert panel.threshold.plot.value() == panel.threshold.box.value() == 0.8
    assert panel.threshold.majority.isEnabled()
    panel.clear()
    panel.setHistogram(shares(HEAT), OTSU)
    assert panel.threshold.plot.value() == OTSU


def test_the_steps_by_keys_and_by_mouse(panel: HeatPanel) -> None:
    told: list[int] = []
    panel.stepsChanged.connect(told.append)
    assert (panel.used(), panel.steps.isEnabled()) == (10, True)
    panel.steps.setFocus()
    for _ in range(3):
        QTest.keyClick(panel.steps, K.Key_Left)
    assert told == [9, 8, 7]
    assert panel.used() == 7
    panel.setSteps(4, 10)
    assert told == [9, 8, 7], "setting is silent"
    assert panel.used() == 4


def test_steps_that_are_kept_together_move_together(panel: HeatPanel) -> None:
    panel.setSteps(0, 10, 4)
    assert panel.steps.maximum() == 3
    assert panel.used() == 10
    QTest.keyClick(panel.steps, K.Key_Left)
    assert panel.used() == 8
    panel.setSteps(0, 1)
    assert not panel.steps.isEnabled()


def test_findings_are_offered_where_there_are_several(panel: HeatPanel) -> None:
    panel.setLabels([(1, "Lesion")])
    assert not panel.label.isVisible()
    panel.setLabels([(1, "Lesion"), (2, "Bleeding")])
    assert panel.label.isVisible()
    told: list[int] = []
    panel.labelChosen.connect(told.append)
    panel.label.setFocus()
    QTest.keyClick(panel.label, K.Key_Down)
    assert told == [2]
    panel.setLabels([(1, "Lesion"), (2, "Bleeding")])
    assert panel.currentLabel() == 2


def test_other_fields_tell_their_names(panel: HeatPanel) -> None:
    told: list[str] = []
    panel.changed.connect(told.append)
    QTest.mouseClick(panel.form.control("refine").editor(), LEFT, pos=QPoint(6, 6))
    assert told == ["refine"]
    panel.clear()
    assert not panel.form.isEnabled()
    assert not panel.steps.isEnabled()
    assert panel.currentLabel() == 0
