"""Preferences, asked for by keys and kept for the next start."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.preferences import FOLDER, PreferencesDialog
from app.settings import load_settings, settings_path
from app.shortcuts_dialog import ShortcutsDialog
from app.window import MainWindow

LEFT = Qt.MouseButton.LeftButton


def asked(window: MainWindow, qtbot: QtBot) -> PreferencesDialog:
    """By their key."""
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = window.findChildren(PreferencesDialog)
    qtbot.waitExposed(dialog)
    return dialog


def test_what_is_saved_is_there_at_the_next_start(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = asked(window, qtbot)
    assert dialog.values() == {"device": "auto", "precision": "auto", "threads": 0, FOLDER: ""}
    device = dialog.form.control("device").editor()
    device.setFocus()
    QTest.keyClick(device, Qt.Key.Key_Down)
    QTest.keyClick(dialog.form.control("threads").editor(), Qt.Key.Key_Up)
    dialog.form.control(FOLDER).setValue(tmp_path)
    QTest.mouseClick(dialog.save, LEFT)
    assert not dialog.isVisible()
    kept, _ = load_settings(settings_path())
    assert (kept.device, kept.threads, kept.autosave_folder) == ("cpu", 1, str(tmp_path))


def test_a_folder_that_cannot_be_used_is_not_taken(window: MainWindow, qtbot: QtBot) -> None:
    dialog = asked(window, qtbot)
    dialog.form.control(FOLDER).setValue(Path("/nowhere/at/all"))
    QTest.mouseClick(dialog.save, LEFT)
    assert dialog.isVisible()
    assert "Nothing can be written there" in dialog.form.errors()[FOLDER]
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.settings.autosave_folder == ""


def test_keys_are_changed_from_there(window: MainWindow, qtbot: QtBot) -> None:
    dialog = asked(window, qtbot)
    dialog.keysRequested.emit()
    (keys,) = window.findChildren(ShortcutsDialog)
    assert keys.isVisible()
    keys.close()
    dialog.close()
