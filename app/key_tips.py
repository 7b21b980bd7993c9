"""Keys in tool tips: what a control says is what the keymap says, at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from app.keymap import Keymap, native
from widgets.tips import give_key


class KeyTips(QObject):
    """Writes the first key of each command into the tool tips of its controls.

    Args:
        keymap: Followed live.
        controls: Command -> those that do the same.
        parent: What the controls live in.
    """

    def __init__(
        self, keymap: Keymap, controls: Mapping[str, Sequence[QWidget]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._keymap, self._controls = keymap, dict(controls)
        keymap.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        for name, controls in self._controls.items():
            keys = native(self._keymap.keys(name))
            for control in controls:
                give_key(control, keys[0] if keys else "")
