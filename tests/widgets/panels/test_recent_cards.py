"""Cards of what was open before, with real mouse and key events."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.panels.recent_card import RecentItem
from widgets.panels.recent_cards import RecentCards

# The offscreen platform says this of every window with a least size.
pytestmark = pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints")


def test_keys_come_back_and_without_cards_nothing_is_seen(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    cards = RecentCards("Recent trials", window)
    QVBoxLayout(window).addWidget(cards)
    window.resize(600, 400)
    window.show()
    assert not cards.isVisible()

    cards.setItems([RecentItem(f"key {n}", f"trial {n}", "/data", kind="run") for n in range(3)])
    assert cards.isVisible()
    with qtbot.waitSignal(cards.chosen) as chosen:
        QTest.mouseClick(cards.cards()[1], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(cards.removed) as removed:
        QTest.keyClick(cards.cards()[2], Qt.Key.Key_Delete)
    assert (chosen.args, removed.args) == (["key 1"], ["key 2"])

    cards.setItems(())
    assert not cards.isVisible()
