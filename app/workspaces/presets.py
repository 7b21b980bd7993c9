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
    """`taken` tells the values of the preset that the user has chosen, and the defaults of what the
    one before had set and this one leaves open."""

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
        self._defaults = {i.name: i.default for i in describe(task.params) if i.name in touched}
        self._values, self._before = self._defaults, ""
        if not any(_shows(preset, self._defaults) for preset in self._offered.values()):
            self._offered = {DEFAULTS: self._defaults, **self._offered}
        self.clear()
        self.addItems([*self._offered, CUSTOM])
        self.setCurrentText(CUSTOM)

    def showFor(self, values: Mapping[str, Any]) -> None:
        """Show which preset a form's values are, or that they are the user's own."""
        self._values = dict(values)
        fitting = [name for name in self._offered if _shows(self._change(name), values)]
        # Two may have the same values: the one that was taken stays.
        if self.currentText() not in fitting:
            # Of several, the one that says most.
            most = max(fitting, key=lambda name: len(self._offered[name]), default=CUSTOM)
            self.setCurrentText(most)
        if fitting:
            self._before = self.currentText()

    def advise(self, name: str) -> None:
        """Take a preset of the task, unless what it sets are values of the user's own."""
        shown = WRITTEN.get(name, name.capitalize())
        usual = {**self._defaults, **self._offered.get(self._before, {})}
        wanted = self._offered.get(shown, {})
        if wanted and all(self._values[other] == usual[other] for other in wanted):
            self.taken.emit(self._change(shown))
            self.setCurrentText(shown)

    def _take(self, place: int) -> None:
        if place < len(self._offered):
            self.taken.emit(self._change(self.itemText(place)))

    def _change(self, name: str) -> dict[str, Any]:
        """What a form gets where this preset takes the place of the one before."""
        wanted, before = self._offered[name], self._offered.get(self._before, {})
        left = {
            other: self._defaults[other]
            for other, value in before.items()
            if other not in wanted and self._values.get(other) == value
        }
        return {**left, **wanted}


def _shows(preset: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether values are those of a preset, as far as it has a say."""
    return all(values[name] == value for name, value in preset.items())
