"""The histogram's handles, numbers and presets, by mouse and keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from widgets.panels.volume.counting import histogram
from widgets.panels.volume.histogram_limits import Limits
from widgets.panels.volume.histogram_panel import HistogramPanel
from widgets.panels.volume.values import ValueBox, plain

LEFT = Qt.MouseButton.LeftButton


@dataclass(frozen=True)
class Window:
    name: str
    window: float
    level: float


@pytest.fixture
def panel(qtbot: QtBot) -> HistogramPanel:
    panel = HistogramPanel()
    qtbot.addWidget(panel)
    panel.resize(360, 320)
    panel.show()
    qtbot.waitExposed(panel)
    panel.setHistogram(*histogram(np.arange(1000, dtype=np.int16)))
    panel.setRange(200.0, 600.0)
    return panel


def drag(panel: HistogramPanel, value: float, to: float) -> None:
    plot = panel.plot
    y = int(plot.plotRect().center().y())
    start, end = (QPoint(round(plot.valueToX(v)), y) for v in (value, to))
    QTest.mousePress(plot, LEFT, pos=start)
    QTest.mouseMove(plot, (start + end) / 2)
    QTest.mouseMove(plot, end)
    QTest.mouseRelease(plot, LEFT, pos=end)


def type_in(box: ValueBox, text: str) -> None:
    field = box.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, text)


@pytest.mark.parametrize(
    ("value", "to", "expected"),
    [
        (200, 300, (300, 600)),
        (600, 800, (200, 800)),
        (400, 500, (300, 700)),
        (100, 150, (200, 600)),
    ],
)
def test_handles_and_what_lies_between_them_are_dragged(
    panel: HistogramPanel, value: float, to: float, expected: tuple[float, float]
) -> None:
    told: list[tuple[float, float]] = []
    panel.rangeChanged.connect(lambda low, high: told.append((low, high)))
    drag(panel, value, to)
    pixel = panel.plot.extent() / panel.plot.plotRect().width()
    assert panel.range() == pytest.approx(expected, abs=1.5 * pixel)
    assert bool(told) == (expected != (200, 600))
    low, high = panel.range()
    assert panel.low_box.value() == pytest.approx(low)
    assert panel.window_box.value() == pytest.approx(high - low)
    assert panel.level_box.value() == pytest.approx((low + high) / 2)


def test_a_handle_cannot_pass_the_other(panel: HistogramPanel) -> None:
    drag(panel, 200, 900)
    low, high = panel.range()
    assert low < high == 600


def test_typed_numbers_set_the_other_two(panel: HistogramPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.rangeChanged):
        type_in(panel.window_box, "100")
    assert panel.range() == (350, 450)
    assert panel.low_box.value() == 350
    with qtbot.waitSignal(panel.rangeChanged):
        type_in(panel.high_box, "550")
    assert panel.range() == (350, 550)
    assert (panel.window_box.value(), panel.level_box.value()) == (200, 450)


def test_a_low_above_high_is_not_taken(panel: HistogramPanel) -> None:
    type_in(panel.low_box, "700")
    assert panel.range()[1] == 600
    assert panel.range()[0] < 600


def test_presets_and_auto(panel: HistogramPanel, qtbot: QtBot) -> None:
    assert not panel.presets.isVisible()
    panel.setPresets([Window("Bone", 1000, 400), Window("Lung", 1400, -500)])
    assert panel.presets.isVisible()
    menu = panel.presets.menu()
    assert menu is not None
    with qtbot.waitSignal(panel.rangeChanged) as told:
        menu.actions()[1].trigger()
    assert told.args == [-1200.0, 200.0]
    assert panel.plot.valueToX(-1200) > 0, "the handle has to be in sight"
    with qtbot.waitSignal(panel.autoRequested):
        QTest.mouseClick(panel.auto, LEFT)


def test_keys_move_level_and_window(panel: HistogramPanel) -> None:
    step = panel.plot.extent() / 100
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    assert panel.range() == pytest.approx((200 + step, 600 + step))
    QTest.keyClick(panel.plot, Qt.Key.Key_Up)
    assert panel.range() == pytest.approx((200, 600 + 2 * step))


def test_the_wheel_zooms_at_the_pointer_and_a_double_click_resets(panel: HistogramPanel) -> None:
    plot = panel.plot
    before = plot.extent()
    at = QPointF(plot.valueToX(300), plot.plotRect().center().y())
    none, plain_keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        at, plot.mapToGlobal(at), QPoint(), QPoint(0, 240), none, plain_keys,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plot, event)
    assert plot.extent() == pytest.approx(before * 0.64)
    assert plot.xToValue(at.x()) == pytest.approx(300)
    QTest.mouseDClick(plot, LEFT, pos=at.toPoint())
    assert plot.extent() == pytest.approx(before)


def test_without_an_image_nothing_can_be_dragged(panel: HistogramPanel) -> None:
    panel.setHistogram(None, None)
    assert not panel.window_box.isEnabled()
    drag(panel, 200, 300)
    assert panel.range() == (200, 600)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1.7e6])
def test_it_paints_values_of_any_size(panel: HistogramPanel, scale: float) -> None:
    values = np.random.default_rng(0).random(5000) * scale
    values[:3] = np.nan
    panel.setHistogram(*histogram(values))
    panel.setRange(0.25 * scale, 0.75 * scale)
    panel.setLut(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1))
    pictures = []
    for on in (False, True):
        panel.logarithmic.setChecked(on)
        pictures.append(panel.plot.grab().toImage())
    assert pictures[0] != pictures[1]
    assert "e" not in panel.window_box.text()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_700_000.0, "1700000"), (0.25, "0.25"), (0.000123456789, "0.000123457"), (-0.0, "0"),
        (1e-9, "1e-09"), (12345678.5, "12345678"), (float("nan"), "NaN"), (-1024.0, "-1024"),
    ],
)  # fmt: skip
def test_numbers_are_written_plainly(value: float, text: str) -> None:
    assert plain(value) == text


def pull(panel: HistogramPanel, x: float, to: float, *, foot: bool = True) -> None:
    """Drag from one x to another at the foot or in the upper part of the plot."""
    rect = panel.plot.plotRect()
    y = int(rect.bottom() - 6 if foot else rect.center().y())
    QTest.mousePress(panel.plot, LEFT, pos=QPoint(round(x), y))
    QTest.mouseMove(panel.plot, QPoint(round((x + to) / 2), y))
    QTest.mouseMove(panel.plot, QPoint(round(to), y))
    QTest.mouseRelease(panel.plot, LEFT, pos=QPoint(round(to), y))


def test_flags_hide_values_at_either_end(panel: HistogramPanel) -> None:
    plot = panel.plot
    told: list[tuple[float | None, float | None]] = []
    panel.limitsChanged.connect(lambda below, above: told.append((below, above)))
    panel.setLimits(Limits(True))
    rect = plot.plotRect()
    pull(panel, rect.left(), plot.valueToX(300.0))
    pull(panel, rect.right(), plot.valueToX(700.0))
    below, above = told[-1]
    assert below == pytest.approx(300.0, abs=5)
    assert above == pytest.approx(700.0, abs=5)
    assert panel.range() == (200.0, 600.0)
    assert panel.hidden.text().startswith("Hidden below ")
    pull(panel, plot.valueToX(below or 0.0), rect.left() - 20)
    assert told[-1][0] is None
    assert plot.limits().above == above


def test_a_flag_does_not_pass_the_other(panel: HistogramPanel) -> None:
    panel.setLimits(Limits(True, 300.0, 500.0))
    pull(panel, panel.plot.valueToX(300.0), panel.plot.valueToX(900.0))
    assert panel.plot.limits() == Limits(True, 500.0, 500.0)
    # One on the other, the side decides which is taken.
    pull(panel, panel.plot.valueToX(500.0) + 3, panel.plot.valueToX(650.0))
    assert panel.plot.limits().above == pytest.approx(650.0, abs=5)


def test_where_flag_and_handle_meet_the_height_decides(panel: HistogramPanel) -> None:
    panel.setLimits(Limits(True, 200.0, None))
    x = panel.plot.valueToX(200.0)
    pull(panel, x, panel.plot.valueToX(250.0), foot=False)
    assert panel.range()[0] == pytest.approx(250.0, abs=5)
    assert panel.plot.limits().below == 200.0
    pull(panel, x, panel.plot.valueToX(150.0))
    assert panel.plot.limits().below == pytest.approx(150.0, abs=5)


def test_without_limits_there_are_no_flags(panel: HistogramPanel) -> None:
    rect = panel.plot.plotRect()
    pull(panel, rect.left(), rect.center().x())
    assert panel.plot.limits() == Limits()
    assert not panel.hidden.isVisible()


def test_flags_move_by_keys(panel: HistogramPanel) -> None:
    panel.setLimits(Limits(True))
    control = Qt.KeyboardModifier.ControlModifier
    for _ in range(3):
        QTest.keyClick(panel.plot, Qt.Key.Key_Right, control)
    QTest.keyClick(panel.plot, Qt.Key.Key_Down, control)
    limits = panel.plot.limits()
    assert limits.below is not None
    assert limits.above is not None
    assert limits.below < 50.0
    assert limits.above > 950.0
    for _ in range(4):
        QTest.keyClick(panel.plot, Qt.Key.Key_Left, control)
    assert panel.plot.limits().below is None
    assert panel.range() == (200.0, 600.0)
