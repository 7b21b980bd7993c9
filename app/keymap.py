"""Which keys a command has: from a preset, with the user's own changes over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QKeySequence

Context = Literal["window", "viewer"]
Keys = tuple[str, ...]
Presets = Mapping[str, Mapping[str, Keys]]
PLAIN = "Reverie"


@dataclass(frozen=True)
class Command:
    """Something the user can do.

    Attributes:
        name: Stable, for settings and for presets.
        title: What people call it.
        group: Heading in lists.
        context: "window": keys work everywhere; "viewer": only while a viewer has the focus.
        keys: Of the plain preset, as `QKeySequence` writes them in portable text.
        repeats: Whether holding the key does it again and again.
        space: The workspace that it belongs to, or "" for all of them.
    """

    name: str
    title: str
    group: str
    context: Context = "window"
    keys: Keys = ()
    repeats: bool = False
    space: str = ""

    def meets(self, other: Command) -> bool:
        """Whether both can be there at a time."""
        return "" in (self.space, other.space) or self.space == other.space


class Keymap(QObject):
    """Commands and their keys. Changes are kept for each preset on its own.

    Args:
        commands: Those known from the start; `add` takes more.
        presets: Preset -> command -> keys, for commands whose keys differ from their own.
    """

    changed = pyqtSignal()

    def __init__(
        self,
        commands: Iterable[Command] = (),
        presets: Presets | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._commands = {command.name: command for command in commands}
        self._presets: Presets = {PLAIN: {}, **(presets or {})}
        self._preset = PLAIN
        self._changes: dict[str, dict[str, Keys]] = {}

    # --- commands

    def add(self, command: Command) -> Command:
        """Take a command, and say how it is listed.

        One that is known already keeps its group and context, and its keys if none are given.
        """
        known = self._commands.get(command.name)
        if known is not None:
            keys = command.keys or known.keys
            command = replace(known, title=command.title, keys=keys, space=command.space)
        self._commands[command.name] = command
        self.changed.emit()
        return command

    def commands(self) -> tuple[Command, ...]:
        return tuple(self._commands.values())

    def command(self, name: str) -> Command:
        """Raises KeyError when there is none."""
        return self._commands[name]

    # --- keys

    def keys(self, name: str) -> Keys:
        """The keys of a command at present, the first one for menus."""
        own = self._changes.get(self._preset, {}).get(name)
        return self.default(name) if own is None else own

    def default(self, name: str) -> Keys:
        """The keys of a command in the preset, without the user's changes."""
        preset = self._presets[self._preset]
        return preset[name] if name in preset else self._commands[name].keys

    def isChanged(self, name: str) -> bool:
        return name in self._changes.get(self._preset, {})

    def setKeys(self, name: str, keys: Iterable[str]) -> None:
        """Give a command other keys.

        Raises:
            KeyError: there is no such command.
            ValueError: a key cannot be read.
        """
        wanted = tuple(dict.fromkeys(portable(key) for key in keys))
        self._set(name, None if wanted == self.default(name) else wanted)
        self.changed.emit()

    def reset(self, name: str) -> None:
        """Back to the preset's keys."""
        self._set(name, None)
        self.changed.emit()

    def resetAll(self) -> None:
        """Back to the preset's keys, all of them."""
        self._changes.pop(self._preset, None)
        self.changed.emit()

    def clashes(self, name: str, key: str) -> tuple[Command, ...]:
        """Other commands of the same context that have a key already."""
        wanted, command = portable(key), self._commands[name]
        return tuple(
            other
            for other in self._commands.values()
            if other.name != name
            and other.context == command.context
            and other.meets(command)
            and wanted in self.keys(other.name)
        )

    def hidden(self, name: str, key: str) -> tuple[Command, ...]:
        """Commands of the window that a viewer's key hides while the viewer has the focus."""
        command, wanted = self._commands[name], portable(key)
        if command.context != "viewer":
            return ()
        return tuple(
            other
            for other in self._commands.values()
            if other.context == "window"
            and other.meets(command)
            and wanted in self.keys(other.name)
        )

    # --- presets

    def presets(self) -> tuple[str, ...]:
        return tuple(self._presets)

    def preset(self) -> str:
        return self._preset

    def setPreset(self, preset: str) -> None:
        """Take another preset, with the changes that the user has made to it.

        Raises:
            KeyError: there is no such preset.
        """
        if preset not in self._presets:
            raise KeyError(preset)
        if preset != self._preset:
            self._preset = preset
            self.changed.emit()

    # --- the user's changes

    def changes(self) -> dict[str, dict[str, list[str]]]:
        """Preset -> command -> keys, for settings and files; also of commands not known here."""
        return {
            preset: {name: list(keys) for name, keys in own.items()}
            for preset, own in self._changes.items()
            if own
        }

    def load(self, preset: str, changes: Mapping[str, Mapping[str, Iterable[str]]]) -> list[str]:
        """Take what `changes` gave; returns the names of commands whose keys cannot be read."""
        bad: list[str] = []
        self._changes = {}
        for where, own in changes.items():
            for name, keys in own.items():
                try:
                    wanted = tuple(dict.fromkeys(portable(key) for key in keys))
                except ValueError:
                    bad.append(name)
                    continue
                self._changes.setdefault(where, {})[name] = wanted
        self._preset = preset if preset in self._presets else PLAIN
        self.changed.emit()
        return bad

    def _set(self, name: str, keys: Keys | None) -> None:
        if name not in self._commands:
            raise KeyError(name)
        own = self._changes.setdefault(self._preset, {})
        if keys is None:
            own.pop(name, None)
        else:
            own[name] = keys


def portable(key: str) -> str:
    """A key in Qt's portable writing, so that equal ones compare equal.

    Raises:
        ValueError: it is no key that Qt knows, or empty.
    """
    sequence = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)
    known = [sequence[place].key() for place in range(sequence.count())]
    if not known or Qt.Key.Key_unknown in known:
        raise ValueError(f"{key!r} is no key")
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)


def native(keys: Iterable[str]) -> Keys:
    """Keys as the platform writes them, for people; "Shift+?" is left out where "?" is there."""
    keys = tuple(keys)
    kept = [key for key in keys if not (key.startswith("Shift+") and key[6:] in keys)]
    writing = QKeySequence.SequenceFormat.NativeText
    return tuple(QKeySequence(key).toString(writing) for key in kept)
