"""Keys of a viewer: they act while it or something in it has the focus, and never while typing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from app.keymap import Keymap

Slot = Callable[[], object]
_TO_SIGN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.GroupSwitchModifier
_ALT_GR = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
_MODIFIED = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier
_FIELDS = (QLineEdit, QAbstractSpinBox, QTextEdit, QPlainTextEdit)


class ViewerKeys(QObject):
    """Calls a slot when one of its command's keys goes down in the viewer.

    Widgets in the viewer come first: what they take, such as Esc during a stroke, stays theirs.
    A key of the viewer goes before the same key of the window.

    Args:
        viewer: The widget that the keys belong to.
        keymap: Followed live.
        slots: Command -> what it does.
    """

    def __init__(self, viewer: QWidget, keymap: Keymap, slots: Mapping[str, Slot]) -> None:
        super().__init__(viewer)
        self._viewer, self._keymap, self._slots = viewer, keymap, dict(slots)
        self._bound: dict[str, str] = {}
        keymap.changed.connect(self._bind)
        self._bind()
        viewer.installEventFilter(self)

    def setSlot(self, name: str, slot: Slot | None) -> None:
        """Give a command something to do, or nothing."""
        if slot is None:
            self._slots.pop(name, None)
        else:
            self._slots[name] = slot
        self._bind()

    def command(self, event: QKeyEvent) -> str:
        """The command of a key, or "" when it has none."""
        return next((self._bound[key] for key in keys_of(event) if key in self._bound), "")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if not isinstance(event, QKeyEvent) or event.type() not in kinds or _typing(event):
            return super().eventFilter(watched, event)
        name = self.command(event)
        if not name:
            return super().eventFilter(watched, event)
        repeats = self._keymap.command(name).repeats
        if event.type() == QEvent.Type.KeyPress and (repeats or not event.isAutoRepeat()):
            self._slots[name]()
        # Also a repetition that does nothing must not reach a command of the window.
        event.accept()
        return True

    def _bind(self) -> None:
        self._bound = {}
        for command in self._keymap.commands():
            if command.context == "viewer" and command.name in self._slots:
                for key in self._keymap.keys(command.name):
                    self._bound.setdefault(key, command.name)


def keys_of(event: QKeyEvent) -> tuple[str, ...]:
    """How a pressed key may be written in a keymap, the likeliest first.

    Signs that need Shift or AltGr on some keyboards, such as "?", "+" and "[", are also found
    without it, and those of the number pad like others.
    """
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    key = Qt.Key(event.key())
    text = event.text()
    sign = bool(text) and text.isprintable() and not text.isalnum() and not text.isspace()
    plain = modifiers & ~_TO_SIGN
    if modifiers & _ALT_GR == _ALT_GR:
        plain &= ~_ALT_GR
    written = _written(modifiers, key)
    return (written, _written(plain, key)) if sign and plain != modifiers else (written,)


def _written(modifiers: Qt.KeyboardModifier, key: Qt.Key) -> str:
    sequence = QKeySequence(QKeyCombination(modifiers, key))
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)


def _typing(event: QKeyEvent) -> bool:
    """Whether a key without Ctrl or Meta comes while a field for text has the focus."""
    focus = QApplication.focusWidget()
    field = isinstance(focus, _FIELDS) or (isinstance(focus, QComboBox) and focus.isEditable())
    return field and not event.modifiers() & _MODIFIED
