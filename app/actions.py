"""Every command of the window, once: for the menus, the shortcuts, the palette, the cheat sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar, QWidget

Slot = Callable[[], object]


class Actions(QObject):
    """Actions by name. `add` makes them, `fill` puts them into menus in the order of making."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._menus: dict[str, list[QAction | QMenu | None]] = {}
        self._by_name: dict[str, QAction] = {}

    def __getitem__(self, name: str) -> QAction:
        return self._by_name[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._by_name.values())

    def add(
        self,
        menu: str,
        name: str,
        text: str,
        slot: Slot,
        keys: tuple[str, ...] = (),
        checkable: bool = False,
    ) -> QAction:
        """One command; a checkable one gets its state by `isChecked`."""
        action = QAction(text, self._window)
        action.setCheckable(checkable)
        # The text may change with the state of the window; this is the command's own name.
        action.setData(text.replace("&", "").rstrip("…"))
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.triggered.connect(lambda _checked=False: slot())
        # Shortcuts work also while the menu bar is hidden.
        self._window.addAction(action)
        self._by_name[name] = action
        self._menus.setdefault(menu, []).append(action)
        return action

    def separate(self, menu: str) -> None:
        """A line below what the menu has so far."""
        self._menus.setdefault(menu, []).append(None)

    def addMenu(self, menu: str, text: str) -> QMenu:
        """A menu in the menu."""
        made = QMenu(text, self._window)
        self._menus.setdefault(menu, []).append(made)
        return made

    def fill(self, bar: QMenuBar) -> None:
        """Build the menus; a title that the bar has already gets its entries."""
        present = {action.text(): action.menu() for action in bar.actions()}
        for title, entries in self._menus.items():
            menu = present.get(title) or bar.addMenu(title)
            assert menu is not None, "a menu bar makes menus"
            for entry in entries:
                if entry is None:
                    menu.addSeparator()
                elif isinstance(entry, QMenu):
                    menu.addMenu(entry)
                else:
                    menu.addAction(entry)

    def enable(self, names: tuple[str, ...], enabled: bool) -> None:
        """Let these be used, or not."""
        for name in names:
            self._by_name[name].setEnabled(enabled)

    def shortcuts(self) -> list[tuple[str, str]]:
        """(key, what it does) of all actions that have one."""
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (action.shortcut().toString(native), str(action.data()))
            for action in self
            if action.shortcuts()
        ]
