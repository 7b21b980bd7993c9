"""The few settings that matter, the rest folded away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import forms
from app.controllers.train.requests import OUTPUT, Trainer
from app.workspaces.presets import PresetBox
from app.workspaces.train.guide.frame import heading, muted
from engine.library import Entry
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec

MAIN = (
    "kind", "finding", "plane", "labelled_patients", "size", "crop", "iterations", "batch",
    "validation", "test", "seed",
)  # fmt: skip
"""Parameters that are asked openly, in this order; a task has some of them."""
RUN_FOLDER = "run_folder"


class SettingsPage(QWidget):
    """Preset, run folder and parameters of a training. `edited` tells that the user changed one."""

    edited = pyqtSignal()

    def __init__(self, trainer: Trainer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._trainer: Trainer | None = None
        self._title = heading("How shall it learn?", self)
        self._about = muted("", self)
        self.preset = PresetBox(trainer.task, self)
        self.preset.taken.connect(self._preset_taken)
        self.form = Form(parent=self)
        self.form.changed.connect(lambda _: self._edited())
        row = QHBoxLayout()
        row.addWidget(QLabel("Preset", self))
        row.addWidget(self.preset, 1)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(round(0.7 * em))
        column.addWidget(self._title)
        column.addWidget(self._about)
        column.addLayout(row)
        column.addWidget(self.form)
        column.addStretch(1)

    def trainer(self) -> Trainer | None:
        """Whose settings are shown."""
        return self._trainer

    def showTrainer(
        self, trainer: Trainer, values: Mapping[str, Any], folder: Path,
        entries: Sequence[Entry] = (),
    ) -> None:  # fmt: skip
        """Show the settings of a training, at its defaults but for these values.

        Args:
            entries: The checkpoints that it may begin with.
        """
        self._trainer = trainer
        task = trainer.task
        specs = forms.field_specs(task.params, {"checkpoint": forms.model_choices(entries)})
        by_name = {spec.name: spec for spec in specs}
        main = [replace(by_name[n], advanced=False, group="") for n in MAIN if n in by_name]
        rest = [replace(s, advanced=True) for s in specs if s.name not in MAIN]
        run = FieldSpec(
            RUN_FOLDER, "Run folder", "path", folder, path_mode="folder",
            help="Where the run is kept; a folder of its own.",
        )  # fmt: skip
        known = {spec.name for spec in specs}
        self.form.setSpecs([run, *main, *rest])
        self.form.setValues({n: v for n, v in values.items() if n in known})
        if "seed" in known:
            self.form.setSeedKept("seed", True)
        self.preset.setTask(task)
        self.preset.setEnabled(bool(task.presets))
        self._about.setText(f"{trainer.title}. {trainer.method.summary}")
        self._show_preset()

    def parameters(self) -> dict[str, Any]:
        """All but the run folder."""
        return {n: v for n, v in self.form.values().items() if n != RUN_FOLDER}

    def folder(self) -> Path | None:
        """Where the run goes."""
        found: Path | None = self.form.values()[RUN_FOLDER]
        return found

    def change(self, values: Mapping[str, Any]) -> None:
        """Take values over, as if the user had typed them."""
        self.form.setValues(values)
        self._edited()

    def setFolderError(self, text: str) -> None:
        self.form.setError(RUN_FOLDER, text)

    def inputs(self, given: Mapping[str, Path]) -> dict[str, Path | None]:
        """The task's inputs, those given and the run folder."""
        return {**given, OUTPUT: self.folder()}

    def _preset_taken(self, values: Mapping[str, Any]) -> None:
        self.form.setValues(values)
        self._edited()

    def _edited(self) -> None:
        self._show_preset()
        self.edited.emit()

    def _show_preset(self) -> None:
        self.preset.showFor(self.form.values())
