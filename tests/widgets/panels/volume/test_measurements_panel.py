"""The list of measurements: copying, jumping, deleting."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.volume.measurements_panel import MeasureLine, MeasurementsPanel

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
LINES = (
    MeasureLine(4, "ruler", "Ruler 1", "12.3 mm", (("length mm", 12.34),)),
    MeasureLine(7, "region", "Disc, left", "5 ± 1", (("mean", 5.0), ("sd", 1.0))),
)


@pytest.fixture
def panel(qtbot: QtBot) -> MeasurementsPanel:
    panel = MeasurementsPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 200)
    panel.show()
    qtbot.waitExposed(panel)
    panel.setMeasurements(LINES)
    return panel


def centre(panel: MeasurementsPanel, row: int) -> QPoint:
    item = panel.view.topLevelItem(row)
    assert item is not None
    return panel.view.visualItemRect(item).center()


def copied() -> str:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    return clipboard.text()


def test_all_or_the_chosen_ones_are_copied(panel: MeasurementsPanel) -> None:
    QTest.mouseClick(panel.copy_button, LEFT)
    assert copied() == "Ruler 1\t12.3 mm\nDisc, left\t5 ± 1"
    QTest.mouseClick(panel.view.viewport(), LEFT, pos=centre(panel, 0))
    QTest.keyClick(panel.view, Qt.Key.Key_C, CONTROL)
    assert copied() == "Ruler 1\t12.3 mm"


def test_the_table_has_a_column_for_each_number(panel: MeasurementsPanel) -> None:
    QTest.mouseClick(panel.csv_button, LEFT)
    assert copied().splitlines() == [
        "name,kind,length mm,mean,sd",
        "Ruler 1,ruler,12.34,,",
        '"Disc, left",region,,5.0,1.0',
    ]


def test_a_double_click_or_enter_jumps(panel: MeasurementsPanel, qtbot: QtBot) -> None:
    assert not panel.jump_button.isEnabled()
    port = panel.view.viewport()
    QTest.mouseClick(port, LEFT, pos=centre(panel, 1))
    with qtbot.waitSignal(panel.jumpRequested) as asked:
        QTest.mouseDClick(port, LEFT, pos=centre(panel, 1))
    assert asked.args == [7]
    with qtbot.waitSignal(panel.jumpRequested) as asked:
        QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert asked.args == [7]


def test_the_chosen_ones_are_asked_to_be_deleted(panel: MeasurementsPanel, qtbot: QtBot) -> None:
    port = panel.view.viewport()
    QTest.mouseClick(port, LEFT, pos=centre(panel, 0))
    QTest.mouseClick(port, LEFT, CONTROL, centre(panel, 1))
    with qtbot.waitSignal(panel.deleteRequested) as asked:
        QTest.keyClick(panel.view, Qt.Key.Key_Delete)
    assert asked.args is not None
    assert sorted(asked.args[0]) == [4, 7]
    panel.setMeasurements(LINES[1:])
    assert panel.chosen() == (7,), "what was chosen stays so"
    panel.setMeasurements(())
    assert not panel.view.isVisible()
    assert not panel.delete_button.isEnabled()
