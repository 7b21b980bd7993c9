from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.progress import ProgressLine


def test_it_shows_what_runs_and_can_stop_it(qtbot: QtBot) -> None:
    line = ProgressLine()
    qtbot.addWidget(line)
    assert not line.isVisible()
    line.showWork("Reading brain.nii.gz", 0.25, 2)
    assert line.isVisible()
    assert line.text() == "Reading brain.nii.gz (+2)"
    with qtbot.waitSignal(line.cancelled):
        QTest.mouseClick(line.cancel_button, Qt.MouseButton.LeftButton)
    line.clear()
    assert not line.isVisible()
