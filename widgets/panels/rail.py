"""The rail on the left that switches between workspaces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from widgets.icons import icon


@dataclass(frozen=True, slots=True)
class RailItem:
    """One workspace: the key that signals carry, its name, its icon, its tool tip."""

    key: str
    label: str
    icon: str
    help: str = ""


WORKSPACES: tuple[RailItem, ...] = (
    RailItem("synthesize", "Synthesize", "mdi6.creation", "Draw a mask, watch an image appear"),
    RailItem("segment", "Segment", "mdi6.vector-polygon", "Find structures in images"),
    RailItem("translate", "Translate", "mdi6.swap-horizontal", "Turn one modality into another"),
    RailItem("train", "Train", "mdi6.school-outline", "Train a method on your own data"),
    RailItem("evaluate", "Evaluate", "mdi6.chart-box-outline", "Compare results with references"),
    RailItem("models", "Models", "mdi6.cube-outline", "Checkpoints: see, import, remove"),
)


class Rail(QFrame):
    """Exclusive buttons, icon over label. Tab reaches the rail, the arrow keys move in it."""

    currentChanged = pyqtSignal(str)

    def __init__(
        self, items: Sequence[RailItem] = WORKSPACES, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._items = tuple(items)
        self._current = self._items[0].key
        self._buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        column = QVBoxLayout(self)
        pad = self.fontMetrics().height() // 3
        column.setContentsMargins(pad, pad, pad, pad)
        column.setSpacing(pad)
        for item in self._items:
            button = self._make(item)
            group.addButton(button)
            column.addWidget(button)
        column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._buttons[self._current].setChecked(True)
        self.setAccessibleName("Workspaces")

    def current(self) -> str:
        return self._current

    def items(self) -> tuple[RailItem, ...]:
        """The workspaces from the top."""
        return self._items

    def setCurrent(self, key: str) -> None:
        """Show `key` as the current workspace, silently.

        Raises:
            KeyError: there is no such workspace.
        """
        self._buttons[key].setChecked(True)
        self._current = key

    def setEnabledItems(self, keys: Iterable[str]) -> None:
        """Let only these workspaces be chosen."""
        allowed = set(keys)
        for key, button in self._buttons.items():
            button.setEnabled(key in allowed)

    def button(self, key: str) -> QToolButton:
        """The button of a workspace, to anchor a hint for instance."""
        return self._buttons[key]

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        keys = [item.key for item in self._items if self._buttons[item.key].isEnabled()]
        if self._current in keys:
            key = keys[(keys.index(self._current) + step) % len(keys)]
            self._buttons[key].setFocus(Qt.FocusReason.TabFocusReason)
            self._choose(key)

    def _make(self, item: RailItem) -> QToolButton:
        button = _RailButton(self)
        button.setText(item.label)
        button.setIcon(icon(item.icon))
        side = round(1.5 * self.fontMetrics().height())
        button.setIconSize(QSize(side, side))
        button.setToolTip(item.help)
        button.clicked.connect(lambda: self._choose(item.key))
        self._buttons[item.key] = button
        return button

    def _choose(self, key: str) -> None:
        before = self._current
        self.setCurrent(key)
        if key != before:
            self.currentChanged.emit(key)


class _RailButton(QToolButton):
    """Leaves the arrow keys to the rail, where QToolButton would move the focus only."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setProperty("role", "rail")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
            return
        super().keyPressEvent(event)
