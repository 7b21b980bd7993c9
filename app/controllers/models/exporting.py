"""A checkpoint for other programs: asks for the format, and says how close the file is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QWidget

from app import forms
from app.bridge import Bridge
from app.command_line import PROGRAM
from app.controllers.models.asking import Asking
from app.session import Session
from app.workspaces.models.job_dialog import JobDialog
from engine.errors import EngineError, InputError
from engine.jobs import Job
from engine.library import Entry
from engine.library.export_params import FORMATS, ExportParams
from engine.methods import METHODS
from engine.parameters import describe
from engine.results import FileResult
from engine.worker import EngineLike
from widgets.forms.spec import FieldSpec
from widgets.panels.wording import file_size

TASK = "export"
FORMAT, FOLDER, NAME = "format", "folder", "name"
ABOUT = (
    "The file is compared with the checkpoint before it is kept. The terms of the training data go "
    "with it."
)
SHORT = {".safetensors": "Weights (.safetensors)", ".onnx": "ONNX", ".pt2": "PyTorch program"}


class Exporting(QObject):
    """Asks how, and runs the method's export."""

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, view: QWidget, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._asking = Asking(engine, bridge, session, self)
        self.dialog: JobDialog | None = None

    def open(self, entry: Entry) -> None:
        """Show the dialog for a checkpoint."""
        title = entry.card.title.strip() or entry.name
        dialog = JobDialog(
            f"Export {title}", ABOUT, "Export", "mdi6.export", "Show folder", self._view
        )
        self.dialog = dialog
        dialog.form.setSpecs(self._specs(entry))
        dialog.form.changed.connect(lambda _: self._follow(dialog))
        dialog.runRequested.connect(lambda: self._run(dialog, entry))
        dialog.cancelRequested.connect(self._asking.cancel)
        dialog.after.clicked.connect(lambda: self._show_folder(dialog))
        dialog.finished.connect(lambda _: self._asking.leave())
        dialog.finished.connect(dialog.deleteLater)
        self._follow(dialog)
        dialog.open()

    # --- inside

    def _specs(self, entry: Entry) -> list[FieldSpec]:
        own = [
            spec for spec in forms.field_specs(ExportParams, {"checkpoint": (("", ""),)})
            if spec.name != "checkpoint"
        ]  # fmt: skip
        return [
            FieldSpec(
                FORMAT, "Format", "choice", ".safetensors",
                choices=tuple((ending, SHORT[ending]) for ending in FORMATS),
                help="\n".join(f"{SHORT[ending]}: {about}" for ending, about in FORMATS.items()),
            ),
            FieldSpec(FOLDER, "Folder", "path", Path.home(), path_mode="folder"),
            FieldSpec(NAME, "Name", "text", entry.path.stem, help="Of the file, without ending."),
            *own,
        ]  # fmt: skip

    def _follow(self, dialog: JobDialog) -> None:
        """Fields that mean nothing for the format rest."""
        network = dialog.form.values()[FORMAT] != ".safetensors"
        dialog.form.setFieldEnabled("half", not network)
        for name in ("any_size", "samples", "seed"):
            dialog.form.setFieldEnabled(name, network)

    def _run(self, dialog: JobDialog, entry: Entry) -> None:
        try:
            job = self._job(dialog.form.values(), dialog.form.errors(), entry)
        except EngineError as error:
            dialog.showFailed(error.message, error.hint, error.report)
            return
        self._asking.begin(job, dialog, lambda result: self._done(dialog, job, result))

    def _job(self, values: dict[str, Any], wrong: dict[str, str], entry: Entry) -> Job:
        """What the dialog asks for.

        Raises:
            InputError: a field is missing or wrong, or nothing here exports such a checkpoint.
        """
        if wrong:
            raise InputError("Some values cannot be used.", next(iter(wrong.values())))
        folder, name = values.pop(FOLDER), str(values.pop(NAME)).strip()
        if folder is None or not name:
            raise InputError("Folder or name is missing.", "Say where the file goes.")
        output = folder / f"{name}{values.pop(FORMAT)}"
        if output.exists():
            raise InputError(f"{output} is there already.", "Choose another name.")
        if entry.card.method not in [method.id for method in METHODS]:
            raise InputError(f"There is no method {entry.card.method} here.", "Update the program.")
        params = ExportParams.parse({**values, "checkpoint": str(entry.path)})
        return Job(entry.card.method, TASK, params, {"output": output}, f"Export {output.name}")

    def _done(self, dialog: JobDialog, job: Job, result: FileResult) -> None:
        lines = [
            f"{name}: {_told(name, value)}" for name, value in result.figures.items()
        ]  # fmt: skip
        lines += ["", "The same on the command line:", _command(job, result.path)]
        dialog.showDone(result.summary, [str(result.path), *lines])

    def _show_folder(self, dialog: JobDialog) -> None:
        folder = dialog.form.values()[FOLDER]
        if folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _command(job: Job, output: Path) -> str:
    """What differs from the defaults, as options."""
    words = [PROGRAM, TASK, "--output", str(output)]
    values = job.params.model_dump()
    for info in describe(ExportParams):
        flag, value = info.name.replace("_", "-"), values[info.name]
        if isinstance(value, bool) and value != info.default:
            words.append(f"--{'' if value else 'no-'}{flag}")
        elif value != info.default:
            words += [f"--{flag}", str(value)]
    return shlex.join(words)


def _told(name: str, value: Any) -> str:
    if name == "bytes":
        return f"{value:,} ({file_size(value)})"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
