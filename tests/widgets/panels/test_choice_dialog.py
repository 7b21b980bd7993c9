from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.choice_dialog import Choice, ChoiceDialog

CHOICES = [
    Choice("a", "T1", "155 slices", np.zeros((20, 30), np.uint8)),
    Choice("b", "FLAIR", "22 slices, 6.5 mm apart"),
]


@pytest.fixture
def dialog(qtbot: QtBot) -> ChoiceDialog:
    made = ChoiceDialog("Series", "Which series?", CHOICES)
    # It deletes itself on closing.
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.open()
    return made


def test_keys_choose(dialog: ChoiceDialog) -> None:
    told: list[str] = []
    dialog.chosen.connect(told.append)
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert told == ["b"]
    assert not dialog.isVisible()


def test_escape_chooses_nothing(dialog: ChoiceDialog) -> None:
    told: list[str] = []
    dialog.chosen.connect(told.append)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert told == []
    assert not dialog.isVisible()
