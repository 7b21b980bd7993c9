"""Keys of a viewer, with real key events: focus, fields, repetition, and keys of the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.actions import Actions
from app.keymap import Keymap
from app.keymap_keys import ViewerKeys

# The offscreen platform says this of every window with a least size.
pytestmark = pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints")
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
NONE = Qt.KeyboardModifier.NoModifier


class Screen:
    """A window with a viewer in it, which has a view and fields, and a button outside."""

    def __init__(self, qtbot: QtBot) -> None:
        self.done: Counter[str] = Counter()
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.actions = Actions(self.window)
        self.keymap: Keymap = self.actions.keymap
        center = QWidget()
        self.window.setCentralWidget(center)
        self.viewer, self.outside = QWidget(), QPushButton("Outside")
        column = QVBoxLayout(center)
        column.addWidget(self.viewer)
        column.addWidget(self.outside)
        self.view = QWidget()
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.line, self.spin, self.real = QLineEdit(), QSpinBox(), QDoubleSpinBox()
        self.text, self.combo = QPlainTextEdit(), QComboBox()
        self.combo.setEditable(True)
        inner = QVBoxLayout(self.viewer)
        for widget in (self.view, self.line, self.spin, self.real, self.text, self.combo):
            inner.addWidget(widget)
        self._command("tool.brush")
        self._command("brush.larger")
        self._command("contrast.auto")
        self._command("label.next")
        self.actions.add("&View", "zoom", "Zoom", self._counter("zoom"), ("Ctrl+J", "Z"))
        bar = self.window.menuBar()
        assert bar is not None
        self.actions.fill(bar)
        ViewerKeys(self.viewer, self.keymap, self.actions.slots("segment"))
        self.window.show()
        self.window.activateWindow()
        qtbot.waitActive(self.window)

    def _counter(self, name: str) -> Callable[[], None]:
        return lambda: self.done.update([name])

    def _command(self, name: str) -> None:
        self.actions.add("&Edit", name, name, self._counter(name), context="viewer")

    def press(self, widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        widget.setFocus()
        assert QApplication.focusWidget() is not None
        QTest.keyClick(widget, key, modifiers)


@pytest.fixture
def screen(qtbot: QtBot) -> Iterator[Screen]:
    made = Screen(qtbot)
    yield made
    made.window.close()


def test_a_letter_acts_in_the_viewer_only(screen: Screen) -> None:
    screen.press(screen.view, Qt.Key.Key_B)
    assert screen.done == {"tool.brush": 1}
    screen.press(screen.outside, Qt.Key.Key_B)
    screen.press(screen.view, Qt.Key.Key_B, SHIFT)
    assert screen.done == {"tool.brush": 1}


@pytest.mark.parametrize("name", ["line", "spin", "real", "text", "combo"])
def test_letters_and_signs_are_typed_while_a_field_has_the_focus(screen: Screen, name: str) -> None:
    field: QWidget = getattr(screen, name)
    for key in (Qt.Key.Key_B, Qt.Key.Key_Plus, Qt.Key.Key_Period, Qt.Key.Key_BracketRight):
        screen.press(field, key)
    assert not screen.done
    if isinstance(field, QLineEdit):
        assert field.text().lower() == "b+.]"
    if isinstance(field, QPlainTextEdit):
        assert field.toPlainText().lower() == "b+.]"
    screen.press(field, Qt.Key.Key_J, CONTROL)
    assert screen.done == {"contrast.auto": 1}, "with Ctrl nothing is typed"


def test_the_viewer_goes_before_the_window(screen: Screen) -> None:
    screen.press(screen.view, Qt.Key.Key_J, CONTROL)
    assert screen.done == {"contrast.auto": 1}
    screen.press(screen.outside, Qt.Key.Key_J, CONTROL)
    assert screen.done == {"contrast.auto": 1, "zoom": 1}
    screen.press(screen.view, Qt.Key.Key_Z)
    assert screen.done["zoom"] == 2


def repeat(widget: QWidget, key: Qt.Key, text: str) -> None:
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
        QApplication.sendEvent(widget, QKeyEvent(kind, key, NONE, text, True))


def test_only_some_commands_repeat_while_a_key_is_held(screen: Screen) -> None:
    screen.view.setFocus()
    for key, text in ((Qt.Key.Key_B, "b"), (Qt.Key.Key_BracketRight, "]")):
        QTest.keyPress(screen.view, key)
        for _ in range(3):
            repeat(screen.view, key, text)
        QTest.keyRelease(screen.view, key)
    assert screen.done == {"tool.brush": 1, "brush.larger": 4}


def test_signs_are_found_with_and_without_shift_and_on_the_number_pad(screen: Screen) -> None:
    screen.press(screen.view, Qt.Key.Key_Plus, SHIFT)
    screen.press(screen.view, Qt.Key.Key_Equal)
    screen.press(screen.view, Qt.Key.Key_Plus, Qt.KeyboardModifier.KeypadModifier)
    assert screen.done == {"brush.larger": 3}
    screen.keymap.setPreset("ITK-SNAP")
    screen.press(screen.view, Qt.Key.Key_Greater, SHIFT)
    assert screen.done["label.next"] == 1


@pytest.mark.parametrize(
    "modifiers",
    [CONTROL | Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.GroupSwitchModifier],
)
def test_signs_are_found_where_they_need_alt_gr(
    screen: Screen, modifiers: Qt.KeyboardModifier
) -> None:
    screen.view.setFocus()
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_BracketRight, modifiers, "]")
    QApplication.sendEvent(screen.view, event)
    assert screen.done == {"brush.larger": 1}


def test_new_keys_work_at_once_and_show_in_the_menu(screen: Screen) -> None:
    screen.keymap.setKeys("tool.brush", ["J"])
    screen.keymap.setKeys("zoom", ["F7"])
    screen.press(screen.view, Qt.Key.Key_B)
    screen.press(screen.view, Qt.Key.Key_J)
    screen.press(screen.outside, Qt.Key.Key_F7)
    screen.press(screen.outside, Qt.Key.Key_J, CONTROL)
    assert screen.done == {"tool.brush": 1, "zoom": 1}
    assert screen.actions["tool.brush"].shortcut().toString() == "J"


def test_a_disabled_command_does_nothing(screen: Screen) -> None:
    screen.actions["tool.brush"].setEnabled(False)
    screen.press(screen.view, Qt.Key.Key_B)
    assert not screen.done


def test_a_widget_in_the_viewer_comes_first(screen: Screen, qtbot: QtBot) -> None:
    class Greedy(QWidget):
        def keyPressEvent(self, event: QKeyEvent | None) -> None:
            assert event is not None
            event.accept()

    greedy = Greedy(screen.viewer)
    greedy.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    greedy.show()
    screen.press(greedy, Qt.Key.Key_B)
    assert not screen.done
