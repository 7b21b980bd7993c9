"""A result that was not taken where labels would be lost is not lost itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine import library
from tests.app.segment.driving import (
    choose,
    dialog,
    go,
    menu_action,
    open_image,
    pick,
    stroke,
    view_of,
)
from tests.app.segment.methods import Bench, write_card
from widgets.panels.choice_dialog import ChoiceDialog

FOUND = np.zeros((12, 20, 24), np.uint8)
FOUND[2:8, 5:15, 6:18] = 2
TAKE = "Take the last"


@pytest.fixture
def bench(window: MainWindow, image: Path, qtbot: QtBot) -> Bench:
    """With a stroke on a slice where something else is found, which is not taken."""
    write_card(library.user_folder() / "balls.safetensors")
    space = open_image(window, qtbot, image)
    space.choosing.reload()
    bench = Bench(window, space, qtbot)
    assert not menu_action(window, "Run", TAKE).isEnabled()
    space.showing.setTool("brush")
    view = view_of(space)
    go(view, (4, 0, 0))
    stroke(view, (4, 8, 8), (4, 8, 10))
    assert bench.labels[4, 8, 8]
    bench.land(FOUND)
    QTest.keyClick(dialog(window, qtbot, ChoiceDialog), Qt.Key.Key_Escape)
    bench.settle()
    return bench


def test_it_can_be_taken_after_all(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    assert "was not taken" in window.message.message()
    assert not bench.labels[2].any()
    choose(window, "Run", TAKE)
    pick(window, qtbot, "Replace")
    bench.settle()
    finding = bench.space.findings.current()
    assert finding is not None
    assert (bench.labels[FOUND == 2] == finding.values[2]).all()
    assert not menu_action(window, "Run", TAKE).isEnabled(), "it is taken"


def test_it_goes_with_its_image(bench: Bench, window: MainWindow) -> None:
    assert menu_action(window, "Run", TAKE).isEnabled()
    bench.space.study.close()
    assert not menu_action(window, "Run", TAKE).isEnabled()
