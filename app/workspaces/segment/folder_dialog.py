"""The dialog that segments a folder: which images, where labels go, how; and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import forms
from app.segmenters import CHECKPOINT, Segmenter
from engine.library import Entry
from engine.method import Task
from widgets.elided_label import ElidedLabel
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec
from widgets.icons import icon
from widgets.panels.case_list import CaseList
from widgets.panels.job_bar import JobBar
from widgets.panels.job_row import JobRow

INPUT, OUTPUT, MAP = "input", "output", "map."
ABOUT = (
    "Segments every image and volume of a folder, DICOM series in the folders below it, or "
    "imagesTs of a published set. Images that were done before with the same values are kept."
)
EMPTY = "Results are listed here. A click opens the image with its labels."


@dataclass(frozen=True, eq=False)
class FolderSegmenter:
    """A method, its task for folders, and the one for single images that it repeats."""

    single: Segmenter
    task: Task

    def maps(self) -> tuple[str, ...]:
        """The maps that it can write beside labels."""
        return tuple(name for name in self.task.inputs if name not in (INPUT, OUTPUT))


def folder_segmenters(among: Sequence[Segmenter]) -> tuple[FolderSegmenter, ...]:
    """Those that can work through a folder."""
    return tuple(
        FolderSegmenter(segmenter, task)
        for segmenter in among
        for task in segmenter.method.tasks
        if task.folder_of == segmenter.task.name
    )


class FolderDialog(QDialog):
    """Blocks nothing: it may stay open, or be closed and opened again, while the job runs.

    Attributes:
        method: List of the methods; hidden where there is one.
        form: Folders, maps (under names with `MAP`) and parameters.
        run, cancel: Buttons; connected by whoever runs.
        list: The cases.
    """

    edited = pyqtSignal(str)  # field, by the user

    def __init__(
        self, segmenters: Sequence[FolderSegmenter], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Segment a folder")
        self._segmenters = tuple(segmenters)
        self._current = self._segmenters[0]
        self._specs: list[FieldSpec] = []
        self.method = QComboBox(self)
        self.method.setAccessibleName("Method")
        self.method.addItems([s.single.method.title for s in self._segmenters])
        self.method.activated.connect(lambda place: self.showMethod(place, {}))
        self.form = Form(parent=self)
        self.form.changed.connect(self.edited)
        self.run = QPushButton(icon("mdi6.folder-play-outline", tone="on_accent"), "Segment", self)
        self.run.setProperty("primary", True)
        self.run.setDefault(True)
        self.cancel = QPushButton("Cancel run", self)
        self.cancel.setAutoDefault(False)
        self.list = CaseList(EMPTY, self)
        self._bar = JobBar(self)
        self._status = ElidedLabel("", self)
        self._status.setProperty("role", "muted")
        self._build()
        self.showMethod(0, {})
        self.showJob(None)

    def current(self) -> FolderSegmenter:
        """The method that is shown."""
        return self._current

    def showMethod(self, place: int, values: Mapping[str, Any]) -> None:
        """Show the fields of a method with these of its values, the folders as they are."""
        folders = self.form.values() if self._specs else {}
        self._current = self._segmenters[place]
        self.method.setCurrentIndex(place)
        segmenter = self._current
        entries: dict[str, Sequence[Entry]] = {
            name: segmenter.single.entries(role) for name, role in segmenter.single.roles().items()
        }
        choices = {name: forms.model_choices(found) for name, found in entries.items()}
        self._specs = [*self._places(), *forms.field_specs(segmenter.task.params, choices)]
        self.form.setSpecs(self._specs)
        self.run.setEnabled(bool(entries[CHECKPOINT]))
        kept = {name: v for name, v in folders.items() if name in (INPUT, OUTPUT)}
        self.setValues({**kept, **values})

    def addCheckpoint(self, name: str, title: str) -> None:
        """Offer a checkpoint that is in no library, and choose it."""
        control = next(spec for spec in self._specs if spec.name == CHECKPOINT)
        known = [choice for choice in control.choices if choice[0] and choice[0] != name]
        self.form.setChoices(CHECKPOINT, ((name, title), *known))
        self.form.setValues({CHECKPOINT: name})
        self.run.setEnabled(True)

    def setValues(self, values: Mapping[str, Any]) -> None:
        """Show those of these values that the fields can show."""
        paths = {n: values[n] for n in (INPUT, OUTPUT) if values.get(n)}
        self.form.setValues({**forms.usable(self._specs, values), **paths})

    def values(self) -> dict[str, Any]:
        """All fields as plain values, for settings."""
        return {n: str(v) if isinstance(v, Path) else v for n, v in self.form.values().items()}

    def folder(self, name: str) -> Path | None:
        """What INPUT or OUTPUT shows."""
        found = self.form.values()[name]
        return found if isinstance(found, Path) else None

    def maps(self) -> tuple[str, ...]:
        """The maps that are wanted."""
        values = self.form.values()
        return tuple(name for name in self._current.maps() if values[MAP + name])

    def parameters(self) -> dict[str, Any]:
        """The task's parameters."""
        known = self._current.task.params.model_fields
        return {name: value for name, value in self.form.values().items() if name in known}

    def showJob(self, row: JobRow | None) -> None:
        """How the job goes; None when there is none."""
        self.cancel.setVisible(self._bar.showJob(row))
        if row is not None:
            self.setStatus(row.status())

    def setStatus(self, text: str) -> None:
        """A line above the buttons."""
        self._status.setText(text)

    def status(self) -> str:
        return self._status.text()

    # --- inside

    def _places(self) -> list[FieldSpec]:
        inputs = self._current.task.inputs
        specs = [
            FieldSpec(INPUT, "Images", "path", help=_sentence(inputs[INPUT]), path_mode="folder"),
            FieldSpec(OUTPUT, "Labels to", "path", help=_sentence(inputs[OUTPUT]),
                      path_mode="folder"),
        ]  # fmt: skip
        for name in self._current.maps():
            told = f"Also write the {name} of each image into that folder."
            specs.append(FieldSpec(MAP + name, name.capitalize(), "bool", False, help=told))
        return specs

    def _build(self) -> None:
        em = self.fontMetrics().height()
        about = QLabel(ABOUT, self)
        about.setWordWrap(True)
        about.setProperty("role", "muted")
        self.method.setVisible(len(self._segmenters) > 1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.form)
        parts = QHBoxLayout()
        parts.setSpacing(em)
        parts.addWidget(area, 2)
        parts.addWidget(self.list, 3)
        close = QPushButton("Close", self)
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self._status, 1)
        for button in (self.cancel, close, self.run):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em // 2)
        column.addWidget(about)
        column.addWidget(self.method)
        column.addLayout(parts, 1)
        column.addWidget(self._bar)
        column.addLayout(buttons)
        self.resize(54 * em, 30 * em)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
