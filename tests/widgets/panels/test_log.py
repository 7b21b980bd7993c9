"""A log with its filter."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from widgets.panels.log import MOST, LogEntry, LogPanel

ENTRIES = (
    LogEntry("note", "20 cases to train on"), LogEntry("warning", "3 cases are constant"),
    LogEntry("error", "The disk is full", 1e9),
)  # fmt: skip


@pytest.fixture
def panel(qtbot: QtBot) -> LogPanel:
    panel = LogPanel("Nothing was said")
    qtbot.addWidget(panel)
    panel.resize(500, 200)
    panel.setEntries(ENTRIES)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def rows(panel: LogPanel) -> QListWidget:
    found = panel.findChild(QListWidget)
    assert found is not None
    return found


def test_words_and_levels_narrow_it(panel: LogPanel) -> None:
    assert len(panel.shown()) == 3
    QTest.keyClicks(panel.words, "CASES")
    assert panel.shown() == ["20 cases to train on", "3 cases are constant"]
    assert panel.count() == "2 of 3"
    panel.level.setCurrentIndex(1)
    assert panel.shown() == ["3 cases are constant"]
    panel.words.clear()
    panel.level.setCurrentIndex(2)
    (line,) = panel.shown()
    assert line.endswith("The disk is full")
    assert line[2] == line[5] == ":", "with the time, where it is known"


def test_new_entries_join_those_that_are_there(panel: LogPanel) -> None:
    first = rows(panel).item(0)
    panel.setEntries([*ENTRIES, LogEntry("note", "more")])
    assert rows(panel).item(0) is first
    assert panel.shown()[-1] == "more"
    panel.setEntries([LogEntry("note", "of another run")])
    assert panel.shown() == ["of another run"]
    panel.setEntries([])
    assert not panel.words.isVisible()


def test_it_stays_at_the_end_unless_somebody_reads_above(panel: LogPanel) -> None:
    panel.add([LogEntry("note", f"line {i}") for i in range(100)])
    bar = rows(panel).verticalScrollBar()
    assert bar is not None
    assert bar.value() == bar.maximum() > 0
    bar.setValue(0)
    panel.add([LogEntry("note", "one more")])
    assert bar.value() == 0
    panel.add([LogEntry("note", f"line {i}") for i in range(MOST)])
    assert rows(panel).count() == MOST


def test_lines_are_copied(panel: LogPanel) -> None:
    rows(panel).selectAll()
    QTest.keyClick(rows(panel), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text().splitlines()[:2] == ["20 cases to train on", "3 cases are constant"]
