"""Published weights into the user's models, with a report of what matched."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QWidget

from app import forms
from app.bridge import Bridge
from app.controllers.models.asking import Asking
from app.session import Session
from app.workspaces.models.job_dialog import JobDialog
from engine import library
from engine.data.atomic import disk_error
from engine.errors import CheckpointError, DiskError, EngineError, InputError
from engine.jobs import Job
from engine.library.describing import sections
from engine.method import Method
from engine.methods import METHODS
from engine.results import FileResult
from engine.training.checkpoint import read_card
from engine.worker import EngineLike
from widgets.forms.spec import FieldSpec

TASK = "import"
FILE, NAME = "weights", "name"
ABOUT = (
    "Weights that the authors of a method, or others with their code, have published. Nothing in "
    "the file is run: only its numbers are read, by their names."
)
SHOWN_PARTS = ("Network", "Diffusion", "Takes", "Labels")


class Importing(QObject):
    """Asks for a file and a method, and runs the method's import. `imported` has the new file."""

    imported = pyqtSignal(object)  # Path

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, view: QWidget, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._asking = Asking(engine, bridge, session, self)
        self._methods = [m for m in METHODS if any(t.name == TASK for t in m.tasks)]
        self._suggested = ""
        self.method: QComboBox | None = None
        self.dialog: JobDialog | None = None

    def open(self) -> None:
        """Show the dialog."""
        method = QComboBox(self._view)
        method.setAccessibleName("Method")
        method.setToolTip("Whose code the weights were trained with")
        for known in self._methods:
            method.addItem(known.title, known.id)
        dialog = JobDialog(
            "Import published weights", ABOUT, "Import", "mdi6.tray-arrow-down", "Show the model",
            self._view, method,
        )  # fmt: skip
        self.method, self.dialog = method, dialog
        method.currentIndexChanged.connect(lambda _: self._fill())
        dialog.form.changed.connect(self._edited)
        dialog.runRequested.connect(self._run)
        dialog.cancelRequested.connect(self._asking.cancel)
        dialog.after.clicked.connect(dialog.accept)
        dialog.finished.connect(lambda _: self._asking.leave())
        dialog.finished.connect(dialog.deleteLater)
        self._fill()
        dialog.open()

    # --- inside

    def _fill(self) -> None:
        """The fields of the chosen method; file and name stay."""
        assert self.dialog is not None, "it is open"
        form = self.dialog.form
        before = form.values()
        method = self._chosen()
        about = method.task(TASK).inputs[FILE]
        specs = [
            FieldSpec(
                FILE, "File", "path", help=f"{about[:1].upper()}{about[1:]}.",
                path_filter="Weights (*.pt *.pth *.safetensors *.ckpt *.bin);;All files (*)",
            ),
            FieldSpec(NAME, "Name", "text", "", help="Of the file among your models."),
            *forms.field_specs(method.task(TASK).params, {}),
        ]  # fmt: skip
        form.setSpecs([replace(spec, group="") for spec in specs])
        form.setValues({n: v for n, v in before.items() if n in (FILE, NAME, "title")})

    def _chosen(self) -> Method:
        assert self.method is not None, "it is open"
        return self._methods[self.method.currentIndex()]

    def _edited(self, field: str) -> None:
        assert self.dialog is not None, "it is open"
        values = self.dialog.form.values()
        # The name goes with the file until the user gives another one.
        if field == FILE and values[NAME] in ("", self._suggested):
            stem = values[FILE].stem if values[FILE] is not None else ""
            self._suggested = _plain_name(stem) if stem else ""
            self.dialog.form.setValues({NAME: self._suggested})

    def _run(self) -> None:
        dialog = self.dialog
        assert dialog is not None, "it is open"
        try:
            job = self._job(dialog)
        except EngineError as error:
            dialog.showFailed(error.message, error.hint, error.report)
            return
        self._asking.begin(job, dialog, lambda result: self._done(dialog, result))

    def _job(self, dialog: JobDialog) -> Job:
        """What the dialog asks for.

        Raises:
            InputError: a field is missing or wrong.
            DiskError: there is no folder for models.
        """
        values = dialog.form.values()
        wrong = dialog.form.errors()
        if wrong:
            raise InputError("Some values cannot be used.", next(iter(wrong.values())))
        source = values[FILE]
        if source is None:
            raise InputError("No file is chosen.", "Choose the file of the weights.")
        name = _plain_name(values[NAME] or source.stem)
        output = library.user_folder() / f"{name}.safetensors"
        if output.exists() or (library.bundled_folder() / output.name).exists():
            raise InputError(f"There is a model named {name} already.", "Choose another name.")
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(output.parent, error) from error
        method = self._chosen()
        params = forms.parse(
            method.task(TASK).params, {n: v for n, v in values.items() if n not in (FILE, NAME)}
        )
        inputs = {"weights": source, "output": output}
        return Job(method.id, TASK, params, inputs, f"Import {source.name}")

    def _done(self, dialog: JobDialog, result: FileResult) -> None:
        try:
            lines = report_of(result.path, result)
        except (CheckpointError, DiskError) as error:
            lines = [error.message]
        dialog.showDone(result.summary, lines)
        self.imported.emit(result.path)


def report_of(path: Path, result: FileResult) -> list[str]:
    """What an import has matched, and what it concluded from names and shapes.

    Raises:
        CheckpointError: the new file cannot be read.
    """
    count = result.figures.get("parameters", 0)
    lines = [
        f"matched by name and shape: {count} of {count}", "missing: none", "unexpected: none", ""
    ]  # fmt: skip
    for part in sections(read_card(path)):
        if part.title in SHOWN_PARTS:
            lines += [part.title, *(f"  {name}: {value}" for name, value in part.lines), ""]
    return lines


def _plain_name(text: str) -> str:
    """A name that is one of a file everywhere."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or "model"
