"""A form of what a task reads and of its parameters, as the right sides of workspaces have it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from engine.method import Task
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec, PathMode

PREFIX = "input."
"""Parameters and inputs may share names."""


class InputsForm(QWidget):
    """A form that scrolls; what is around it is up to who derives from this.

    Attributes:
        form: Inputs, under names with `PREFIX`, and parameters.
        area: Scrolls it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = Form(parent=self)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, self.fontMetrics().height() // 2, 0)
        column.addWidget(self.form)
        column.addStretch(1)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)

    def inputs(self) -> dict[str, Path | None]:
        """Input -> path; None where the field is empty."""
        values = self.form.values()
        return {n.removeprefix(PREFIX): v for n, v in values.items() if n.startswith(PREFIX)}

    def parameters(self) -> dict[str, Any]:
        return {n: v for n, v in self.form.values().items() if not n.startswith(PREFIX)}

    def setInput(self, name: str, path: Path | None) -> None:
        self.form.setValues({PREFIX + name: path})

    def setErrors(self, wrong: Mapping[str, str]) -> None:
        """Say under the inputs what is wrong with them, and go to the first."""
        for name, text in wrong.items():
            self.form.setError(PREFIX + name, text)
        if wrong:
            control = self.form.control(PREFIX + next(iter(wrong)))
            control.setFocus()
            self.area.ensureWidgetVisible(control)


def input_spec(task: Task, name: str, label: str, mode: PathMode, *, group: str = "") -> FieldSpec:
    """The field of one of a task's inputs."""
    about = task.inputs[name]
    hint = " May be left out." if name in task.optional else ""
    help = f"{about[:1].upper()}{about[1:]}.{hint}"
    return FieldSpec(PREFIX + name, label, "path", help=help, group=group, path_mode=mode)
