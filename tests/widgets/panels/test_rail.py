"""The workspace rail with mouse and keyboard."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.panels.rail import Rail


@pytest.fixture
def rail(qtbot: QtBot) -> Rail:
    rail = Rail()
    qtbot.addWidget(rail)
    rail.show()
    qtbot.waitExposed(rail)
    return rail


def test_a_click_switches_once(rail: Rail, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rail.currentChanged, check_params_cb=lambda k: k == "train"):
        QTest.mouseClick(rail.button("train"), Qt.MouseButton.LeftButton)
    with qtbot.assertNotEmitted(rail.currentChanged):
        QTest.mouseClick(rail.button("train"), Qt.MouseButton.LeftButton)
    assert rail.current() == "train"
    assert rail.button("train").isChecked()
    assert not rail.button("synthesize").isChecked()


def test_arrow_keys_skip_what_is_disabled_and_wrap(rail: Rail) -> None:
    rail.setEnabledItems(("synthesize", "translate"))
    seen: list[str] = []
    rail.currentChanged.connect(seen.append)
    rail.button("synthesize").setFocus()
    QTest.keyClick(rail.button("synthesize"), Qt.Key.Key_Down)
    QTest.keyClick(rail.button("translate"), Qt.Key.Key_Down)
    QTest.keyClick(rail.button("synthesize"), Qt.Key.Key_Up)
    assert seen == ["translate", "synthesize", "translate"]
    assert rail.button("translate").isChecked()


def test_disabled_items_do_not_answer(rail: Rail, qtbot: QtBot) -> None:
    rail.setEnabledItems(("synthesize",))
    with qtbot.assertNotEmitted(rail.currentChanged):
        QTest.mouseClick(rail.button("models"), Qt.MouseButton.LeftButton)
    assert rail.current() == "synthesize"


def test_setting_is_silent(rail: Rail, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(rail.currentChanged):
        rail.setCurrent("evaluate")
    assert rail.button("evaluate").isChecked()
    with pytest.raises(KeyError):
        rail.setCurrent("nowhere")
