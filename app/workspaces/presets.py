"""A list of a task's presets that says which of them the form shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QSizePolicy, QWidget

from engine.method import Task

CUSTOM = "Custom"
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
        self._task = task
        self.clear()
        self.addItems([*(WRITTEN.get(n, n.capitalize()) for n in task.presets), CUSTOM])
        self.setCurrentText(CUSTOM)

    def showFor(self, values: Mapping[str, Any]) -> None:
        """Show which preset a form's values are, or that they are the user's own."""
        for place, name in enumerate(self._task.presets):
            preset = self._task.preset(name)
            if all(values[key] == value for key, value in preset.items()):
                self.setCurrentIndex(place)
                return
        self.setCurrentText(CUSTOM)

    def _take(self, place: int) -> None:
        names = list(self._task.presets)
        if place < len(names):
            self.taken.emit(self._task.preset(names[place]))
