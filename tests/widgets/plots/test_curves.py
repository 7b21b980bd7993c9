"""Training curves and their smoothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QSlider
from pytestqt.qtbot import QtBot

from widgets.plots.curves import LossCurves
from widgets.plots.series import SmoothedSeries


@pytest.fixture
def curves(qtbot: QtBot) -> LossCurves:
    curves = LossCurves()
    qtbot.addWidget(curves)
    curves.resize(500, 300)
    curves.show()
    qtbot.waitExposed(curves)
    return curves


def test_average_of_a_constant_is_the_constant_from_the_first_value() -> None:
    series = SmoothedSeries(0.9)
    for step in range(5):
        series.append(step, 3.0)
    np.testing.assert_allclose(series.smooth, 3.0)


def test_average_matches_its_definition_and_skips_nan() -> None:
    series = SmoothedSeries(0.5)
    for step, value in enumerate((1.0, math.nan, 3.0)):
        series.append(step, value)
    # s = 0.5, then 0.25 + 1.5 = 1.75 with a mass of 1 - 0.25.
    assert series.smooth[0] == pytest.approx(1.0)
    assert math.isnan(series.smooth[1])
    assert series.smooth[2] == pytest.approx(1.75 / 0.75)
    series.setWeight(0.0)
    assert series.smooth[2] == 3.0


def test_a_new_name_starts_a_curve(curves: LossCurves) -> None:
    assert curves.isEmpty()
    curves.append([(0, {"loss": 1.0}), (1, {"loss": 0.5, "validation": 0.7})])
    assert curves.names() == ("loss", "validation")
    steps, raw, _ = curves.series("loss")
    assert steps.tolist() == [0, 1]
    assert raw.tolist() == [1.0, 0.5]
    curves.clear()
    assert curves.isEmpty()
    assert curves.names() == ()


def test_a_sparse_curve_is_smoothed_less(curves: LossCurves) -> None:
    curves.append([(i, {"loss": 1.0}) for i in range(100)])
    curves.append([(i, {"validation": float(i == 50)}) for i in (0, 50)])
    assert curves.series("validation")[2][-1] > 0.99


def test_slider_changes_the_smoothing(curves: LossCurves) -> None:
    curves.append([(0, {"loss": 1.0}), (1, {"loss": 0.0})])
    slider = curves.findChild(QSlider)
    assert slider is not None
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert curves.smoothing() == 0.0
    assert curves.series("loss")[2].tolist() == [1.0, 0.0]
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert curves.smoothing() == 0.99
    assert curves.series("loss")[2][1] == pytest.approx(0.99 / 1.99)


def test_log_scale_takes_zeros_negatives_and_nan(curves: LossCurves, qtbot: QtBot) -> None:
    curves.append([(i, {"loss": v}) for i, v in enumerate((1.0, 0.0, -1.0, math.nan, math.inf))])
    curves.append([(0, {"all bad": math.nan})])
    box = curves.findChild(QCheckBox)
    assert box is not None
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert box.isChecked()
    curves.grab()
    assert curves.series("loss")[1][:3].tolist() == [1.0, 0.0, -1.0]
