"""Every command of the window, once: for the menus, the shortcuts, the palette, the cheat sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar, QWidget

from app.keymap import Command, Context, Keymap
from app.keymap_commands import MASK_COMMANDS, TRANSLATE_COMMANDS, VIEWER_COMMANDS
from app.keymap_presets import PRESETS

Slot = Callable[[], object]
COMMANDS = (*MASK_COMMANDS, *VIEWER_COMMANDS, *TRANSLATE_COMMANDS)


class Actions(QObject):
    """Actions by name. `add` makes them, `fill` puts them into menus in the order of making.

    Args:
        window: Where their keys work.
        keymap: Says which keys they have, at any time; by default one with all presets.
    """

    def __init__(self, window: QWidget, keymap: Keymap | None = None) -> None:
        super().__init__(window)
        self._window = window
        self.keymap = keymap or Keymap(COMMANDS, PRESETS, self)
        self._menus: dict[str, list[QAction | QMenu | None]] = {}
        self._ends: dict[str, list[QAction | QMenu | None]] = {}
        self._spaces: dict[QAction, str] = {}
        self._top: list[QMenu] = []
        self._space = ""
        self._by_name: dict[str, QAction] = {}
        self._adding = False
        self.keymap.changed.connect(self._take_keys)

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
        context: Context = "window",
        space: str = "",
        last: bool = False,
    ) -> QAction:
        """One command; a checkable one gets its state by `isChecked`.

        Args:
            keys: Without any, those that the keymap knows for the name.
            context: "viewer" shows the keys in the menu and leaves them to `ViewerKeys`; where
                the keymap knows the name, it decides.
            space: The workspace in which it is there; see `showSpace`.
            last: At the end of the menu, whatever is added later.
        """
        action = QAction(text, self._window)
        action.setCheckable(checkable)
        # The text may change with the state of the window; this is the command's own name.
        title = text.replace("&", "").rstrip("…")
        action.setData(title)
        action.triggered.connect(lambda _checked=False: slot())
        self._adding = True
        listed = self.keymap.add(
            Command(name, title, menu.replace("&", ""), context, keys, space=space)
        )
        self._adding = False
        if listed.context == "viewer":
            # In no widget but the menu: there the key is shown, and does nothing by itself.
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        else:
            # Shortcuts work also while the menu bar is hidden.
            self._window.addAction(action)
        self._by_name[name] = action
        self._spaces[action] = space
        (self._ends if last else self._menus).setdefault(menu, []).append(action)
        self._take_own(name)
        return action

    def available(self) -> list[Command]:
        """Commands that there is an action for, in the order of the keymap."""
        return [command for command in self.keymap.commands() if command.name in self._by_name]

    def space(self) -> str:
        """The workspace shown."""
        return self._space

    def here(self) -> list[Command]:
        """Those of `available` that belong to the workspace shown, or to all."""
        return [command for command in self.available() if command.space in ("", self._space)]

    def specificFirst(self) -> list[QAction]:
        """All actions, those of a workspace before those of the window."""
        return sorted(self, key=lambda action: not self._spaces[action])

    def slots(self, space: str) -> dict[str, Slot]:
        """Name -> trigger of a workspace's viewer commands, for `ViewerKeys`.

        Disabled ones do nothing.
        """
        return {
            command.name: self._by_name[command.name].trigger
            for command in self.available()
            if command.context == "viewer" and command.space in ("", space)
        }

    def separate(self, menu: str) -> None:
        """A line below what the menu has so far."""
        self._menus.setdefault(menu, []).append(None)

    def addMenu(self, menu: str, text: str, space: str = "", made: QMenu | None = None) -> QMenu:
        """A menu in the menu; `made` is one that is there already."""
        made = made or QMenu(text, self._window)
        made.setTitle(text)
        entry = made.menuAction()
        assert entry is not None, "every menu has one"
        self._spaces[entry] = space
        self._menus.setdefault(menu, []).append(made)
        return made

    def fill(self, bar: QMenuBar) -> None:
        """Build the menus anew; a title that the bar has already gets its entries."""
        present = {action.text(): action.menu() for action in bar.actions()}
        for action in bar.actions():
            action.setVisible(False)  # until something is in it; see `showSpace`
        self._top = []
        for title in dict.fromkeys((*self._menus, *self._ends)):
            entries = [*self._menus.get(title, []), None, *self._ends.get(title, [])]
            menu = present.get(title) or bar.addMenu(title)
            assert menu is not None, "a menu bar makes menus"
            self._top.append(menu)
            # Not `clear`, which would delete the menus within.
            for action in menu.actions():
                menu.removeAction(action)
            for entry in entries:
                if entry is None:
                    menu.addSeparator()
                elif isinstance(entry, QMenu):
                    menu.addMenu(entry)
                else:
                    menu.addAction(entry)

    def showSpace(self, key: str) -> None:
        """Show the commands of a workspace and those of all; the others' keys rest meanwhile."""
        self._space = key
        for action, space in self._spaces.items():
            action.setVisible(space in ("", key))
        for menu in self._top:
            entry = menu.menuAction()
            assert entry is not None, "every menu has one"
            entry.setVisible(any(a.isVisible() and not a.isSeparator() for a in menu.actions()))

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

    def _take_keys(self) -> None:
        if not self._adding:  # what is added changes no others' keys
            for name in self._by_name:
                self._take_own(name)

    def _take_own(self, name: str) -> None:
        action = self._by_name[name]
        wanted = [QKeySequence(key) for key in self.keymap.keys(name)]
        if action.shortcuts() != wanted:
            action.setShortcuts(wanted)
