"""The banner."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.panels.message import MessageBar


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def bar(window: QWidget, qtbot: QtBot) -> MessageBar:
    bar = MessageBar()
    QVBoxLayout(window).addWidget(bar)
    window.show()
    qtbot.waitExposed(window)
    return bar


def test_hidden_until_there_is_a_message(bar: MessageBar) -> None:
    assert not bar.isVisible()
    bar.showMessage("warning", "The mask is grey", "It was cut at 128")
    assert bar.isVisible()
    assert bar.kind() == "warning"
    bar.showMessage("error", "The disk is full")
    assert bar.message() == "The disk is full"


def test_copy_takes_the_detail_too(bar: MessageBar) -> None:
    bar.showMessage("error", "Failed", "Try again")
    copy = bar.findChild(QPushButton)
    assert copy is not None
    assert not copy.isVisible()
    bar.showMessage("error", "Failed", "Try again", "Traceback")
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "Failed\n\nTry again\n\nTraceback"


def test_dismissing_by_button_and_by_escape(bar: MessageBar, qtbot: QtBot) -> None:
    close = bar.findChild(QToolButton)
    assert close is not None
    bar.showMessage("info", "Saved")
    with qtbot.waitSignal(bar.dismissed):
        QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
    bar.showMessage("info", "Saved")
    with qtbot.waitSignal(bar.dismissed):
        QTest.keyClick(close, Qt.Key.Key_Escape)
    assert not bar.isVisible()
