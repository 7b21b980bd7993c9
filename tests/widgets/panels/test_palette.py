"""The command palette, typed into."""

from __future__ import annotations

import pytest
from PyQt6 import sip
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLabel, QLineEdit, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from widgets.panels.fuzzy import fuzzy_score
from widgets.panels.palette import CommandPalette

TEXTS = ("&Save image…", "Save &pair…", "Grow a vessel tree", "Undo", "Brush && eraser")


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    window.resize(800, 600)
    QLineEdit(window).setObjectName("elsewhere")
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def actions(window: QWidget) -> list[QAction]:
    made = [QAction(text, window) for text in TEXTS]
    made[3].setShortcut("Ctrl+Z")
    separator = QAction(window)
    separator.setSeparator(True)
    return [*made, separator]


@pytest.fixture
def palette(window: QWidget, actions: list[QAction]) -> CommandPalette:
    palette = CommandPalette(window)
    palette.setActions(actions)
    palette.popup()
    return palette


def _line(palette: CommandPalette) -> QLineEdit:
    line = palette.findChild(QLineEdit)
    assert line is not None
    return line


def test_score_prefers_word_starts_and_order() -> None:
    assert fuzzy_score("xyz", "Save image") is None
    assert fuzzy_score("egami", "Save image") is None
    word_starts = fuzzy_score("gvt", "Grow a vessel tree")
    scattered = fuzzy_score("gvt", "Ignore every limit")
    assert word_starts is not None
    assert scattered is None or word_starts > scattered
    exact, longer = fuzzy_score("undo", "Undo"), fuzzy_score("undo", "Undo all")
    assert exact is not None
    assert longer is not None
    assert exact > longer


def test_opens_with_all_commands_and_their_keys(palette: CommandPalette) -> None:
    assert palette.texts() == [
        "Save image", "Save pair", "Grow a vessel tree", "Undo", "Brush & eraser"
    ]  # fmt: skip
    assert "Ctrl+Z" in [label.text() for label in palette.findChildren(QLabel)]


def test_typing_filters_and_enter_triggers(
    palette: CommandPalette, actions: list[QAction], qtbot: QtBot
) -> None:
    QTest.keyClicks(_line(palette), "gvt")
    assert palette.texts()[0] == "Grow a vessel tree"
    with qtbot.waitSignal(actions[2].triggered):
        QTest.keyClick(_line(palette), Qt.Key.Key_Return)
    assert not palette.isVisible()


def test_arrows_choose_another(
    palette: CommandPalette, actions: list[QAction], qtbot: QtBot
) -> None:
    QTest.keyClicks(_line(palette), "save")
    assert palette.texts() == ["Save pair", "Save image"]
    QTest.keyClick(_line(palette), Qt.Key.Key_Down)
    with qtbot.waitSignal(actions[0].triggered):
        QTest.keyClick(_line(palette), Qt.Key.Key_Return)


def test_a_click_triggers(palette: CommandPalette, actions: list[QAction], qtbot: QtBot) -> None:
    rows = palette.findChild(QListWidget)
    assert rows is not None
    where = rows.visualItemRect(rows.item(3)).center()
    with qtbot.waitSignal(actions[3].triggered):
        QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_escape_leaves_without_triggering(
    palette: CommandPalette, actions: list[QAction], qtbot: QtBot
) -> None:
    with qtbot.assertNotEmitted(actions[0].triggered):
        QTest.keyClick(_line(palette), Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_the_focus_comes_back(window: QWidget, palette: CommandPalette, qtbot: QtBot) -> None:
    palette.leave()
    window.activateWindow()
    elsewhere = window.findChild(QLineEdit, "elsewhere")
    assert elsewhere is not None
    elsewhere.setFocus()
    qtbot.waitUntil(elsewhere.hasFocus)
    palette.popup()
    qtbot.waitUntil(_line(palette).hasFocus)
    QTest.keyClick(_line(palette), Qt.Key.Key_Escape)
    assert elsewhere.hasFocus()


def test_goes_when_another_field_is_clicked(
    window: QWidget, palette: CommandPalette, qtbot: QtBot
) -> None:
    window.activateWindow()
    qtbot.waitUntil(_line(palette).hasFocus)
    elsewhere = window.findChild(QLineEdit, "elsewhere")
    assert elsewhere is not None
    QTest.mouseClick(elsewhere, Qt.MouseButton.LeftButton)
    assert not palette.isVisible()
    assert elsewhere.hasFocus()


def test_disabled_commands_come_last_and_stay_quiet(
    palette: CommandPalette, actions: list[QAction], qtbot: QtBot
) -> None:
    actions[0].setEnabled(False)
    palette.popup()
    assert palette.texts()[-1] == "Save image"
    QTest.keyClicks(_line(palette), "save image")
    with qtbot.assertNotEmitted(actions[0].triggered):
        QTest.keyClick(_line(palette), Qt.Key.Key_Return)
    assert palette.isVisible()


def test_nothing_found_is_said(palette: CommandPalette) -> None:
    QTest.keyClicks(_line(palette), "qqq")
    assert palette.texts() == []
    assert any(
        label.isVisible() and "No command" in label.text() for label in palette.findChildren(QLabel)
    )
    QTest.keyClick(_line(palette), Qt.Key.Key_Return)
    assert palette.isVisible()


def test_what_had_the_focus_may_be_gone_when_it_closes(
    window: QWidget, actions: list[QAction], qtbot: QtBot
) -> None:
    button = QLineEdit(window)
    button.show()
    button.setFocus()
    palette = CommandPalette(window)
    palette.setActions(actions)
    palette.popup()
    sip.delete(button)
    QTest.keyClick(_line(palette), Qt.Key.Key_Escape)
    assert not palette.isVisible()
