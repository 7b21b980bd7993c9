from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from widgets.tab_order import follow_layout


def test_tab_goes_as_things_lie(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    # Made in another order than they lie.
    last, inner, first, second = (QPushButton(n, window) for n in ("last", "inner", "1", "2"))
    box = QSpinBox(window)
    tabs, splitter, area = QTabWidget(window), QSplitter(window), QScrollArea(window)
    page = QWidget()
    QVBoxLayout(page).addWidget(inner)
    tabs.addTab(page, "Page")
    area.setWidget(last)
    splitter.addWidget(tabs)
    splitter.addWidget(area)
    column, row = QVBoxLayout(window), QHBoxLayout()
    row.addWidget(first)
    row.addWidget(box)
    column.addLayout(row)
    column.addWidget(second)
    column.addWidget(splitter)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    follow_layout(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    first.setFocus()
    passed = [QApplication.focusWidget()]
    for _ in range(6):
        qtbot.keyClick(passed[-1] or window, Qt.Key.Key_Tab)
        passed.append(QApplication.focusWidget())
    assert passed == [first, box, second, tabs.tabBar(), inner, last, first]
