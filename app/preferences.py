"""What can be set once for all work of the program."""

from __future__ import annotations

import os
from typing import Any, Literal

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from app import forms
from app.settings import Settings
from engine.parameters import Parameters, parameter
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec

FOLDER = "autosave_folder"
AT_START = "Changes take effect at the next start of the program."


class Computing(Parameters):
    """Where and how the engine computes: the options that every command has, too."""

    device: Literal["auto", "cpu", "cuda", "mps"] = parameter(
        "auto", "Device", "Where networks run; one that this machine has.",
        choices={
            "auto": "The best there is", "cpu": "Processor (CPU)", "cuda": "NVIDIA GPU (CUDA)",
            "mps": "Apple GPU (MPS)",
        },
    )  # fmt: skip
    precision: Literal["auto", "float32", "bfloat16"] = parameter(
        "auto", "Precision", "Of inference. bfloat16 is faster where a device is made for it; "
        "results then differ in their last digits.",
        choices={"auto": "As suits the device", "float32": "float32", "bfloat16": "bfloat16"},
    )  # fmt: skip
    threads: int = parameter(0, "CPU threads", "Of the engine; 0 takes all cores.", ge=0, le=1024)


KEEPING = FieldSpec(
    FOLDER, "Unsaved work", "path", "", path_mode="folder",
    help="Folder for what is drawn and not saved yet, so that a crash loses nothing; the user's "
    "state folder where empty. What lies in the folder before is offered no more.",
)  # fmt: skip


class PreferencesDialog(QDialog):
    """`keysRequested` leads to where keys are changed.

    Args:
        now: What the engine computes on at the moment, for people.
    """

    keysRequested = pyqtSignal()

    def __init__(self, settings: Settings, now: str, parent: QWidget) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.setWindowTitle("Preferences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        specs = [*forms.field_specs(Computing, {}), KEEPING]
        self.form = Form(specs, self)
        self.form.setValues({spec.name: getattr(settings, spec.name) for spec in specs})
        keys = QPushButton("Change keys…", self)
        keys.setAutoDefault(False)
        keys.clicked.connect(self.keysRequested)
        buttons = QDialogButtonBox(self)
        self.save = buttons.addButton("Save", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(keys, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(round(0.7 * em))
        column.addWidget(_muted(f"At the moment: {now}", self))
        column.addWidget(self.form)
        column.addStretch(1)
        column.addWidget(_muted(AT_START, self))
        column.addWidget(buttons)
        self.resize(34 * em, self.sizeHint().height())

    def values(self) -> dict[str, Any]:
        """Name of a setting -> its value."""
        told = self.form.values()
        folder = told.pop(FOLDER)
        return {**Computing.parse(told).model_dump(), FOLDER: "" if folder is None else str(folder)}

    def accept(self) -> None:
        """Only what can be used."""
        folder = self.form.values()[FOLDER]
        if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):
            self.form.setError(FOLDER, "Nothing can be written there. Choose a folder of your own.")
            return
        super().accept()


def _muted(words: str, parent: QWidget) -> QLabel:
    label = QLabel(words, parent)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label


def ask(settings: Settings, now: str, parent: QWidget) -> PreferencesDialog:
    """Open the dialog; what is saved in it goes into the settings."""
    dialog = PreferencesDialog(settings, now, parent)

    def take() -> None:
        for name, value in dialog.values().items():
            setattr(settings, name, value)

    dialog.accepted.connect(take)
    dialog.open()
    return dialog
