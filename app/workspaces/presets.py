"""A list of a task's presets that says which of them the form shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QSizePolicy, QWidget

from engine.method import Task
from engine.parameters import describe

DEFAULTS, CUSTOM = "Defaults", "Custom"
WRITTEN = {"gpu": "GPU"}


class PresetBox(QComboBox):
    """`taken` tells the values of the preset that the user has chosen."""

    taken = pyqtSignal(object)  # parameter -> value

    def __init__(self, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip("Published values, or quick ones")
        self.setAccessibleName("Preset")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.activated.connect(self._take)
        self.setTask(task)

    def setTask(self, task: Task) -> None:
        """Offer the presets of another task."""
        self._offered = {WRITTEN.get(n, n.capitalize()): task.preset(n) for n in task.presets}
        touched = {name for preset in self._offered.values() for name in preset}
        values = {i.name: i.default for i in describe(task.params) if i.name in touched}
        if not any(_shows(preset, values) for preset in self._offered.values()):
            self._offered = {DEFAULTS: values, **self._offered}
        self.clear()
        self.addItems([*self._offered, CUSTOM])
        self.setCurrentText(CUSTOM)

    def showFor(self, values: Mapping[str, Any]) -> None:
        """Show which preset a form's values are, or that they are the user's own."""
        fitting = [name for name, preset in self._offered.items() if _shows(preset, values)]
        self.setCurrentText(fitting[0] if fitting else CUSTOM)

    def _take(self, place: int) -> None:
        presets = list(self._offered.values())
        if place < len(presets):
            self.taken.emit(dict(presets[place]))


def _shows(preset: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether values are those of a preset, as far as it has a say."""
    return all(values[name] == value for name, value in preset.items())
