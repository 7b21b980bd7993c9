"""The right side of Train: what to train, on what, with which values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import forms
from app.controllers.train.requests import CHECKPOINT, OUTPUT, Trainer
from app.workspaces.inputs_form import InputsForm, input_spec
from app.workspaces.presets import PresetBox
from app.workspaces.train.where_box import WhereBox
from engine.library import Entry
from widgets.forms.spec import FieldSpec, PathMode
from widgets.icons import icon
from widgets.tips import give_tip

DATA, REST = "Data", "Training"
LABELS = {"images": "Image folder", "masks": "Mask folder", "labelled": "Labelled list"}


class TrainSetup(InputsForm):
    """A form of inputs and parameters; `start` is connected by whoever starts.

    `trainerChosen` and `edited` tell what the user did.

    Attributes:
        trainer: The list of what can be trained.
        patients: Lets patients be looked at and chosen, where the trainer tells labelled ones.
    """

    trainerChosen = pyqtSignal(int)  # place in the list
    edited = pyqtSignal(str)  # input, with the prefix, or parameter

    def __init__(self, trainers: Sequence[Trainer], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trainers = tuple(trainers)
        self._current = self._trainers[0]
        self._specs: list[FieldSpec] = []
        self.trainer = QComboBox(self)
        self.trainer.setAccessibleName("What to train")
        self.trainer.addItems([trainer.title for trainer in self._trainers])
        self.trainer.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.trainer.setMinimumContentsLength(8)
        self.trainer.activated.connect(self.trainerChosen)
        self.preset = PresetBox(self._current.task, self)
        self.preset.taken.connect(self._preset_taken)
        self.form.changed.connect(self._form_changed)
        self.patients = QPushButton(
            icon("mdi6.account-group-outline"), "Look at patients and choose…", self
        )
        give_tip(
            self.patients, "Who is labelled, who is not, who validates",
            "Reads the images, and shows what labels there are of each patient",
        )  # fmt: skip
        self.start = QPushButton(
            icon("mdi6.school-outline", tone="on_accent"), "Start training", self
        )
        self.start.setProperty("primary", True)
        self.where = WhereBox(self)
        self._build()
        self.showTrainer(0, ())

    def current(self) -> Trainer:
        """What is shown."""
        return self._current

    def showTrainer(self, place: int, entries: Sequence[Entry]) -> None:
        """Show the fields of a trainer, at their defaults.

        Args:
            entries: The checkpoints that it may begin with.
        """
        self._current = self._trainers[place]
        with QSignalBlocker(self.trainer):
            self.trainer.setCurrentIndex(place)
        method, task = self._current.method, self._current.task
        self.trainer.setToolTip(f"{method.summary}\n{method.paper}")
        choices = {CHECKPOINT: forms.model_choices(entries)}
        self._specs = [*self._input_specs(), *_headed(forms.field_specs(task.params, choices))]
        self.form.setSpecs(self._specs)
        self.preset.setTask(task)
        self.preset.setEnabled(bool(task.presets))
        self.patients.setVisible(self._current.parts_patients)
        self.where.setVisible(self._current.makes_run)
        self._show_where()
        self.start.setText("Start training" if self._current.makes_run else "Run")
        self._show_preset()

    def setCheckpoints(self, entries: Sequence[Entry]) -> None:
        """Offer other checkpoints to begin with, where the trainer takes any."""
        if any(spec.name == CHECKPOINT for spec in self._specs):
            self.form.setChoices(CHECKPOINT, forms.model_choices(entries))

    def values(self) -> dict[str, Any]:
        """All fields as plain values, for settings."""
        return {n: str(v) if isinstance(v, Path) else v for n, v in self.form.values().items()}

    def setValues(self, values: Mapping[str, Any]) -> None:
        """Show those of these values that the fields can show."""
        self.form.setValues(forms.usable(self._specs, values))
        self._show_preset()
        self._show_where()

    def _input_specs(self) -> list[FieldSpec]:
        task = self._current.task
        found = []
        for name, about in task.inputs.items():
            label = LABELS.get(name, name.capitalize())
            if name == OUTPUT:
                label = "Run folder" if self._current.makes_run else "Result"
            mode: PathMode = "open" if about.startswith("list of") else "folder"
            found.append(input_spec(task, name, label, mode, group=DATA))
        return found

    def _show_preset(self) -> None:
        self.preset.showFor(self.form.values())

    def _preset_taken(self, values: Mapping[str, Any]) -> None:
        self.form.setValues(values)
        self._show_preset()
        self._show_where()

    def _form_changed(self, name: str) -> None:
        self._show_preset()
        self._show_where()
        self.edited.emit(name)

    def _show_where(self) -> None:
        wanted = self.form.values().get("iterations")
        self.where.setIterations(wanted if isinstance(wanted, int) else 0)

    def _build(self) -> None:
        em = self.fontMetrics().height()
        title = QLabel("New training", self)
        title.setProperty("role", "heading")
        head = QGridLayout()
        head.setHorizontalSpacing(em // 2)
        head.setColumnStretch(1, 1)
        head.addWidget(title, 0, 0, 1, 2)
        head.addWidget(self.trainer, 1, 0, 1, 2)
        head.addWidget(QLabel("Preset", self), 2, 0)
        head.addWidget(self.preset, 2, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        outer.setSpacing(em // 2)
        outer.addLayout(head)
        outer.addWidget(self.area, 1)
        outer.addWidget(self.patients)
        outer.addWidget(self.where)
        outer.addWidget(self.start)


def _headed(specs: Sequence[FieldSpec]) -> list[FieldSpec]:
    """A heading for all."""
    return [replace(spec, group=spec.group or REST) for spec in specs]
