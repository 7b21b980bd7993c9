"""The cheat sheet and the dialog that changes keys, with real key and mouse events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QFont
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import Actions
from app.help import Shortcuts, sections
from app.keymap_commands import POINTER_VIEWER, VIEWER_COMMANDS
from app.shortcuts_dialog import ShortcutsDialog
from widgets.theme import apply_theme

# The offscreen platform says this of every window with a least size.
pytestmark = pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints")
LEFT = Qt.MouseButton.LeftButton


def make_actions(window: QMainWindow) -> Actions:
    actions = Actions(window)
    actions.add("&Edit", "undo", "&Undo", lambda: None, ("Ctrl+Z",))
    actions.add("&Help", "shortcuts", "Keyboard and pointer", lambda: None, ("?", "Shift+?"))
    actions.add("&Edit", "odd", "Without a key", lambda: None)
    for command in VIEWER_COMMANDS:
        actions.add("&Edit", command.name, command.title, lambda: None, context="viewer")
    actions.showSpace("segment")
    return actions


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    return made


@pytest.fixture
def actions(window: QMainWindow) -> Actions:
    return make_actions(window)


@pytest.fixture
def sheet(window: QMainWindow, actions: Actions, qtbot: QtBot) -> Shortcuts:
    made = Shortcuts(actions, window)
    made.open()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def dialog(window: QMainWindow, actions: Actions, qtbot: QtBot) -> ShortcutsDialog:
    made = ShortcutsDialog(actions, window)
    made.open()
    qtbot.waitActive(made)
    return made


def test_the_sheet_shows_commands_and_pointer(sheet: Shortcuts) -> None:
    texts = sheet.texts()
    assert {"Undo", "Brush", "Zoom", "Paint the active label"} <= set(texts)
    assert "Without a key" not in texts
    (row,) = [row for card in sheet.columns.cards() for row in card.rows if row.what == "Undo"]
    assert row.keys == ("Ctrl+Z",)


def test_without_a_viewer_its_pointer_is_left_out(window: QMainWindow) -> None:
    bare = Actions(window)
    bare.add("&Edit", "undo", "&Undo", lambda: None, ("Ctrl+Z",))
    titles = [title for title, _ in sections(bare)]
    assert titles[0] == "Edit"
    assert not {title for title, _ in POINTER_VIEWER} & set(titles)


def test_the_sheet_is_searched_by_word_key_and_heading(sheet: Shortcuts) -> None:
    QTest.keyClicks(sheet.search, "brush size")
    assert sheet.texts() == ["Brush size"]
    sheet.search.clear()
    QTest.keyClicks(sheet.search, "ctrl+z")
    assert "Undo" in sheet.texts()
    sheet.search.clear()
    QTest.keyClicks(sheet.search, "tools")
    assert "Eraser" in sheet.texts()
    QTest.keyClicks(sheet.search, " nothing like it")
    assert sheet.texts() == []
    QTest.keyClick(sheet.search, Qt.Key.Key_Return)
    assert sheet.isVisible(), "Enter in the search does not close"


def test_the_sheet_follows_the_keys(sheet: Shortcuts, actions: Actions) -> None:
    actions.keymap.setKeys("tool.brush", ["F8"])
    (row,) = [row for card in sheet.columns.cards() for row in card.rows if row.what == "Brush"]
    assert row.keys == ("F8",)


@pytest.fixture
def large_font(qtbot: QtBot) -> Iterator[None]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.font()
    large = QFont(before)
    large.setPointSizeF(2 * before.pointSizeF())
    app.setFont(large)
    yield
    app.setFont(before)
    app.setStyleSheet("")


@pytest.mark.usefixtures("large_font")
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_at_twice_the_size_nothing_lies_outside(qtbot: QtBot, theme: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, theme)
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1100, 700)
    window.show()
    actions = make_actions(window)
    for made in (Shortcuts(actions, window), ShortcutsDialog(actions, window)):
        made.open()
        qtbot.waitExposed(made)
        assert made.width() <= 1100
        assert made.height() <= 700
        if isinstance(made, Shortcuts):
            area = QRect(QPoint(0, 0), made.columns.size())
            for card in made.columns.cards():
                assert area.contains(card.geometry())
                assert card.height() >= card.heightForWidth(card.width())
            assert not made.grab().isNull()
        made.close()


# --- changing keys


def test_a_recorded_key_takes_effect_at_once(dialog: ShortcutsDialog, actions: Actions) -> None:
    dialog.select("tool.brush")
    QTest.mouseClick(dialog.recorder.replace, LEFT)
    assert dialog.recorder.edit.hasFocus()
    QTest.keyClick(dialog.recorder.edit, Qt.Key.Key_Z)
    assert actions.keymap.keys("tool.brush") == ("Z",)
    assert actions["tool.brush"].shortcut().toString() == "Z"
    QTest.mouseClick(dialog.recorder.more, LEFT)
    QTest.keyClick(dialog.recorder.edit, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert actions.keymap.keys("tool.brush") == ("Z", "Ctrl+Y")
    assert "Z, Ctrl+Y" in dialog.recorder.title.text()
    QTest.mouseClick(dialog.recorder.reset, LEFT)
    assert actions.keymap.keys("tool.brush") == ("B",)
    assert not dialog.recorder.reset.isEnabled()
    QTest.mouseClick(dialog.recorder.none, LEFT)
    assert actions.keymap.keys("tool.brush") == ()


def test_a_sign_is_recorded_without_the_shift_it_needs(
    dialog: ShortcutsDialog, actions: Actions
) -> None:
    dialog.select("tool.brush")
    QTest.mouseClick(dialog.recorder.replace, LEFT)
    QTest.keyClick(dialog.recorder.edit, Qt.Key.Key_Asterisk, Qt.KeyboardModifier.ShiftModifier)
    assert actions.keymap.keys("tool.brush") == ("*",)


@pytest.mark.parametrize("take", [True, False])
def test_a_taken_key_is_asked_about(dialog: ShortcutsDialog, actions: Actions, take: bool) -> None:
    recorder, keymap = dialog.recorder, actions.keymap
    dialog.select("tool.brush")
    QTest.mouseClick(recorder.replace, LEFT)
    QTest.keyClick(recorder.edit, Qt.Key.Key_E)
    assert keymap.keys("tool.brush") == ("B",)
    assert "Eraser" in recorder.warning.text()
    QTest.mouseClick(recorder.take if take else recorder.leave, LEFT)
    assert keymap.keys("tool.brush") == (("E",) if take else ("B",))
    assert keymap.keys("tool.eraser") == (() if take else ("E",))
    assert recorder.take.isHidden()


def test_a_preset_is_chosen_and_all_is_reset(dialog: ShortcutsDialog, actions: Actions) -> None:
    dialog.preset.setFocus()
    QTest.keyClicks(dialog.preset, "n")
    QTest.keyClick(dialog.preset, Qt.Key.Key_Return)
    assert actions.keymap.preset() == "napari"
    assert not dialog.reset_all.isEnabled()
    actions.keymap.setKeys("tool.brush", ["J"])
    QTest.mouseClick(dialog.reset_all, LEFT)
    assert actions.keymap.keys("tool.brush") == ("2", "P")


def test_commands_are_searched(dialog: ShortcutsDialog) -> None:
    QTest.keyClicks(dialog.search, "eraser")
    shown = []
    for place in range(dialog.tree.topLevelItemCount()):
        group = dialog.tree.topLevelItem(place)
        assert group is not None
        children = [group.child(row) for row in range(group.childCount())]
        shown += [c.text(0) for c in children if c is not None and not c.isHidden()]
        assert group.isHidden() == all(c is None or c.isHidden() for c in children)
    assert shown == ["Eraser"]


def test_keys_are_exported_and_imported(
    dialog: ShortcutsDialog, actions: Actions, tmp_path: Path
) -> None:
    actions.keymap.setKeys("tool.brush", ["J"])
    dialog.exportKeys(tmp_path / "keys.json")
    actions.keymap.resetAll()
    dialog.importKeys(tmp_path / "keys.json")
    assert actions.keymap.keys("tool.brush") == ("J",)
    dialog.importKeys(tmp_path / "missing.json")
    assert "cannot be read" in dialog.message.message()
    dialog.exportKeys(tmp_path / "no folder" / "keys.json")
    assert "cannot be written" in dialog.message.message()
