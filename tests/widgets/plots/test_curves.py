"""The plots of a training."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.plots.curve_plot import POINTS, short_number
from widgets.plots.curves import CurveGroup, TrainingCurves
from widgets.plots.series import SeriesStore
from widgets.theme import apply_theme

LEFT = Qt.MouseButton.LeftButton
GROUPS = (
    CurveGroup("Validation", lambda name: name.startswith("validation"), log=False),
    CurveGroup("Rate", lambda name: name.endswith("lr")),
    CurveGroup("Loss", lambda name: True),
)


@pytest.fixture
def curves(qtbot: QtBot) -> TrainingCurves:
    curves = TrainingCurves(GROUPS)
    qtbot.addWidget(curves)
    curves.resize(900, 600)
    curves.show()
    qtbot.waitExposed(curves)
    return curves


def filled(curves: TrainingCurves, count: int = 100) -> SeriesStore:
    store = SeriesStore()
    store.append([(i, {"loss": 1 / i, "critic": 2.0, "lr": 1e-4}) for i in range(1, count + 1)])
    store.append([(i, {"validation Dice": i / count}) for i in (count // 2, count)])
    curves.setStore(store)
    QApplication.processEvents()
    return store


def test_iterations_are_marked_by_whole_numbers(curves: TrainingCurves) -> None:
    store = SeriesStore()
    store.append([(1, {"loss": 1.0}), (2, {"loss": 0.5})])
    curves.setStore(store)
    axis = curves.plots()["Loss"].box().parentItem().getAxis("bottom")
    marks = [mark for _, level in axis.tickValues(1.0, 2.0, 500.0) for mark in level]
    assert sorted(marks) == [1.0, 2.0]


def test_values_that_stay_the_same_are_not_read_as_nothing(curves: TrainingCurves) -> None:
    store = filled(curves, 10)
    plot = curves.plots()["Rate"]
    low, high = plot.box().viewRange()[1]
    assert (low, high) == (pytest.approx(0.5e-4), pytest.approx(1.5e-4))
    store.append([(11, {"lr": 2e-4})])
    curves.refresh()
    QApplication.processEvents()
    low, high = plot.box().viewRange()[1]
    assert low < 1e-4
    assert high > 2e-4


def test_the_legend_says_nothing_twice(curves: TrainingCurves) -> None:
    store = SeriesStore()
    names = ("validation Dice", "validation Dice, left", "validation HD95, left")
    store.append([(1, dict.fromkeys(names, 0.5))])
    curves.setStore(store)
    legend = curves.plots()["Validation"].legend
    assert [legend.entry(name).text() for name in names] == ["Dice", "left", "HD95, left"]
    assert legend.entry("validation Dice, left").accessibleName() == "Show validation Dice, left"


def test_a_legend_of_many_entries_has_room_for_all(curves: TrainingCurves) -> None:
    curves.resize(300, 100)
    store = SeriesStore()
    names = [f"validation {name}" for name in ("Dice", *(f"Dice, structure {i}" for i in range(6)))]
    store.append([(1, dict.fromkeys(names, 0.5))])
    curves.setStore(store)
    QApplication.processEvents()
    legend = curves.plots()["Validation"].legend
    for name in names:
        entry = legend.entry(name)
        bottom = entry.mapTo(legend, entry.rect().bottomLeft()).y()
        assert bottom <= legend.height(), name


def turn_wheel(curves: TrainingCurves, group: str, step: float, notches: int) -> None:
    """Over an iteration of a plot."""
    plot = curves.plots()[group]
    place = plot.pointAt(step)
    event = QWheelEvent(
        place, QPointF(plot.surface().mapToGlobal(place)), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plot.surface(), event)


def test_each_curve_is_in_the_plot_of_its_group(curves: TrainingCurves) -> None:
    assert curves.isEmpty()
    store = filled(curves)
    assert not curves.isEmpty()
    assert {title: plot.names() for title, plot in curves.plots().items()} == {
        "Loss": ("loss", "critic"), "Rate": ("lr",), "Validation": ("validation Dice",),
    }  # fmt: skip
    store.append([(101, {"new": 1.0})])
    curves.refresh()
    assert curves.plots()["Loss"].names() == ("loss", "critic", "new")
    curves.setStore(SeriesStore())
    assert curves.isEmpty()
    assert curves.plots() == {}


def test_plots_lie_in_the_order_of_the_groups(curves: TrainingCurves) -> None:
    filled(curves)
    plots = curves.plots()
    places = {title: (plot.y(), plot.x()) for title, plot in plots.items()}
    assert sorted(places, key=lambda title: places[title]) == ["Validation", "Rate", "Loss"]
    assert plots["Validation"].width() > 1.5 * plots["Rate"].width(), "three have one wide row"


def test_all_plots_show_the_same_iterations(curves: TrainingCurves) -> None:
    filled(curves)
    for plot in curves.plots().values():
        assert plot.inView() == pytest.approx((1, 100), abs=1.0)
    turn_wheel(curves, "Loss", 50, 3)
    low, high = curves.plots()["Loss"].inView()
    assert high - low < 90
    assert all(plot.inView() == (low, high) for plot in curves.plots().values())


def test_new_iterations_come_into_view_unless_the_user_looks_elsewhere(
    curves: TrainingCurves,
) -> None:
    store = filled(curves)
    store.append([(200, {"loss": 0.1})])
    curves.refresh()
    assert curves.plots()["Loss"].inView()[1] >= 200
    turn_wheel(curves, "Rate", 100, 5)
    seen = curves.plots()["Loss"].inView()
    store.append([(300, {"loss": 0.1})])
    curves.refresh()
    assert curves.plots()["Loss"].inView() == seen
    QTest.mouseClick(curves.fit_button, LEFT)
    assert curves.plots()["Loss"].inView()[1] >= 300
    assert not curves.fit_button.isVisible()


def test_a_double_click_shows_all(curves: TrainingCurves, qtbot: QtBot) -> None:
    filled(curves)
    turn_wheel(curves, "Loss", 50, 5)
    plot = curves.plots()["Validation"]
    QTest.mouseDClick(plot.surface(), LEFT, pos=plot.pointAt(50).toPoint())
    qtbot.waitUntil(lambda: plot.inView()[0] < 2)


def test_the_pointer_reads_all_plots(curves: TrainingCurves, qtbot: QtBot) -> None:
    filled(curves)
    loss, rate = curves.plots()["Loss"], curves.plots()["Rate"]
    assert curves.readout() == "Iteration 100"
    assert loss.legend.entry("loss").value() == "0.01"
    QTest.mouseMove(rate.surface(), rate.pointAt(20).toPoint())
    qtbot.waitUntil(lambda: curves.readout() == "Iteration 20")
    assert loss.legend.entry("loss").value() == "0.05"
    assert rate.legend.entry("lr").value() == "1e-4"
    assert curves.plots()["Validation"].legend.entry("validation Dice").value() == "0.5"
    QTest.mouseMove(curves.slider, QPoint(3, 3))
    rate.left.emit()
    assert curves.readout() == "Iteration 100"


def test_the_legend_switches_curves(curves: TrainingCurves, qtbot: QtBot) -> None:
    filled(curves)
    plot = curves.plots()["Loss"]
    high = plot.box().viewRange()[1][1]
    assert high > 2
    QTest.mouseClick(plot.legend.entry("critic"), LEFT)
    assert not plot.isShown("critic")
    qtbot.waitUntil(lambda: plot.box().viewRange()[1][1] < 1.5)
    plot.legend.entry("critic").setFocus()
    QTest.keyClick(plot.legend.entry("critic"), Qt.Key.Key_Space)
    assert plot.isShown("critic")
    plot.legend.grab()


def test_slider_changes_the_smoothing(curves: TrainingCurves) -> None:
    store = SeriesStore()
    store.append([(1, {"loss": 1.0}), (2, {"loss": 0.0})])
    curves.setStore(store)
    curves.slider.setFocus()
    QTest.keyClick(curves.slider, Qt.Key.Key_Home)
    assert curves.smoothing() == 0.0
    assert curves.plots()["Loss"].line("loss")[1].tolist() == [1.0, 0.0]
    QTest.keyClick(curves.slider, Qt.Key.Key_End)
    assert curves.smoothing() == 0.99
    assert curves.plots()["Loss"].line("loss")[1][1] == pytest.approx(0.99 / 1.99)


def test_a_sparse_curve_is_smoothed_less(curves: TrainingCurves) -> None:
    store = SeriesStore()
    store.append([(i, {"loss": 1.0}) for i in range(100)])
    store.append([(i, {"validation Dice": float(i == 50)}) for i in (0, 50)])
    curves.setStore(store)
    assert curves.plots()["Validation"].line("validation Dice")[1][-1] > 0.99


def test_log_scale_takes_zeros_negatives_and_nan(curves: TrainingCurves) -> None:
    store = SeriesStore()
    values = (1.0, 0.0, -1.0, math.nan, math.inf)
    store.append([(i, {"loss": v, "all bad": math.nan}) for i, v in enumerate(values)])
    store.append([(1, {"validation Dice": 0.0})])
    curves.setStore(store)
    QTest.mouseClick(curves.log, LEFT, pos=QPoint(8, curves.log.height() // 2))
    assert curves.log.isChecked()
    curves.grab()
    curves.setSmoothing(0.0)
    drawn = curves.plots()["Loss"].line("loss")[1]
    assert drawn[0] == 1.0
    assert np.isnan(drawn[1:]).all()
    assert curves.plots()["Validation"].line("validation Dice")[1].tolist() == [0.0]
    assert len(curves.plots()["Loss"].line("all bad")[1]) == 0


def test_a_long_run_is_drawn_with_few_points_and_all_its_peaks(curves: TrainingCurves) -> None:
    steps = np.arange(1, 200_001)
    values = 1 / steps
    values[123_456] = 50.0
    store = SeriesStore()
    store.extend({"loss": (steps, values)})
    curves.setStore(store)
    curves.setSmoothing(0.0)
    _, drawn = curves.plots()["Loss"].line("loss")
    assert len(drawn) <= 2 * POINTS
    assert drawn.max() == 50.0
    for _ in range(4):
        turn_wheel(curves, "Loss", 123_457, 12)
    QApplication.processEvents()
    xs, drawn = curves.plots()["Loss"].line("loss")
    low, high = curves.plots()["Loss"].inView()
    assert high - low < 20_000
    assert 123_457 in xs, "close up every iteration is there"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.047123, "0.0471"), (1.386, "1.39"), (12345.6, "12346"),
        (4.534e-4, "4.53e-4"), (1e-5, "1e-5"), (-2.5e-12, "-2.5e-12"), (math.nan, "nan"),
    ],
)  # fmt: skip
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text


def test_a_theme_that_changes_recolours(curves: TrainingCurves) -> None:
    filled(curves)
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    apply_theme(application, "dark")
    dark = curves.grab().toImage().pixelColor(450, 300)
    apply_theme(application, "light")
    light = curves.grab().toImage().pixelColor(450, 300)
    assert light.lightness() > dark.lightness() + 100
