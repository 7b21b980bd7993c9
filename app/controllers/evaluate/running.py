"""The form of Evaluate -> a job; its events -> the form; its result -> something to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from app import forms
from app.background import Background
from app.bridge import Bridge
from app.controllers.evaluate.kinds import CHECKPOINT, OUTPUT, Kind, new_file
from app.errors import Teller
from app.session import Session
from app.workspaces.evaluate.setup import EvaluateSetup
from app.workspaces.inputs_form import PREFIX
from engine.data.atomic import disk_error
from engine.errors import InputError
from engine.events import JobFinished, JobNote
from engine.jobs import InputValue, Job
from engine.worker import EngineLike
from widgets.panels.job_row import FINISHED

if TYPE_CHECKING:
    from app.controllers.evaluate.pages import Found, Shown

ROLES = {
    "references": ("ref", "truth", "gt", "label", "manual", "annot"),
    "predictions": ("pred", "result", "output", "found", "segmented"),
    "images": ("image", "scan", "raw", "input"),
    "training": ("train",),
    "synthetic": ("synth", "fake", "generated"),
}
"""Input -> words in names of files and folders that tell it."""


class Running(QObject):
    """Runs one evaluation at a time; `shown` carries what came of it, and its file."""

    shown = pyqtSignal(object, object)  # Shown, Path | None

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, setup: EvaluateSetup,
        background: Background, teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._engine, self._session, self._setup = engine, session, setup
        self._background, self._teller = background, teller
        self._job_id = 0
        self._file: Path | None = None
        self._notes: list[str] = []
        self._told = ""  # what the last run failed for
        setup.run.clicked.connect(self.run)
        setup.cancel.clicked.connect(self.cancel)
        setup.kindChosen.connect(setup.showKind)
        session.jobChanged.connect(self._job_changed)
        bridge.noted.connect(self._noted)
        bridge.finished.connect(self._finished)

    # --- what the user asks

    def run(self) -> None:
        """Check what the form says and queue the job."""
        if self.isBusy():
            return
        setup, form = self._setup, self._setup.form
        kind = setup.current()
        wrong = {n: text for n, text in form.errors().items() if not n.startswith(PREFIX)}
        if wrong:
            setup.setStatus(next(iter(wrong.values())), "error")
            form.control(next(iter(wrong))).setFocus()
            return
        given = setup.inputs()
        empty = {
            name: "Choose a file or a folder, or drop one."
            for name, path in given.items()
            if path is None and name not in kind.task.optional
        }
        gone = {n: f"{p} is not there." for n, p in given.items() if p and not p.exists()}
        if empty or gone:
            setup.setErrors({**empty, **gone})
            return
        try:
            params = forms.parse(kind.task.params, setup.parameters())
            file = self._new_file(kind, given)
        except InputError as error:
            setup.setStatus(f"{error.message} {error.hint}", "error")
            return
        self._teller.withdraw(self._told)
        inputs: dict[str, InputValue] = {n: p for n, p in given.items() if p is not None}
        self._file, self._notes = file, []
        inputs[OUTPUT] = file
        job = Job(kind.method.id, kind.task.name, params, inputs, f"Evaluation: {file.stem}")
        self._job_id = self._engine.submit(job)
        self._session.with_notes.add(self._job_id)

    def cancel(self) -> bool:
        """End the run under way; False where there is none."""
        if not self.isBusy():
            return False
        self._engine.cancel(self._job_id)
        return True

    def file(self) -> Path | None:
        """Where the last run keeps what it found."""
        return self._file

    def isBusy(self) -> bool:
        row = self._session.jobs.get(self._job_id)
        return row is not None and row.state not in FINISHED

    def adopt(self, old: int, new: int) -> None:
        """A job runs again under a new id, perhaps ours."""
        if old and old == self._job_id:
            self._job_id = new
            self._session.with_notes.add(new)

    def open(self, path: Path) -> None:
        """Look at a stored evaluation again."""

        def read() -> Shown:
            from app.controllers.evaluate.shown import shown
            from engine.scoring.stored import read_scores

            return shown(read_scores(path))

        self._background.run(
            f"Opening {path.name}", read, lambda found: self.shown.emit(found, path),
            self._teller.failure,
        )  # fmt: skip

    def take(self, paths: Sequence[Path]) -> None:
        """Dropped paths: evaluations are opened, others go to the fields that they fit."""
        for path in paths:
            if path.suffix.lower() == ".json" and path.is_file():
                self.open(path)
        for path in paths:
            if path.suffix.lower() != ".json" or path.is_dir():
                self._fill(path)

    # --- inside

    def _fill(self, path: Path) -> None:
        inputs = self._setup.inputs()
        name = path.name.lower()
        told = [n for n, words in ROLES.items() if n in inputs and any(w in name for w in words)]
        wanted = next((n for n in told if inputs[n] is None), None)
        free = [n for n, known in inputs.items() if known is None and n != "features"]
        place = wanted or next(iter(free), None)
        if place is None:
            self._setup.setStatus(f"All fields are filled; {path.name} has no place.", "error")
            return
        self._setup.setInput(place, path)

    def _new_file(self, kind: Kind, given: dict[str, Path | None]) -> Path:
        """Where the evaluation is kept; its folder is made.

        Raises:
            DiskError: the folder cannot be made.
        """
        names = [path.name for name, path in given.items() if path and name in
                 ("predictions", "against", "references", "synthetic", "training")]  # fmt: skip
        if not kind.scores:
            images = given.get("images")
            checkpoint = Path(str(self._setup.parameters().get(CHECKPOINT, ""))).stem
            names = [kind.method.id, checkpoint, "on", images.name if images else ""]
        file = new_file(" ".join(name for name in names if name))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(file.parent, error) from error
        return file

    def _job_changed(self, job_id: int) -> None:
        if job_id == self._job_id and job_id in self._session.jobs:
            row = self._session.jobs[job_id]
            self._told = row.message if row.state == "failed" else self._told
            self._setup.showJob(row)

    def _noted(self, event: JobNote) -> None:
        if event.job_id == self._job_id:
            self._notes.append(event.message)

    def _finished(self, event: JobFinished) -> None:
        if event.job_id != self._job_id:
            return
        file, notes = self._file, tuple(self._notes)
        self._session.with_notes.discard(event.job_id)

        def read() -> Shown:
            from app.controllers.evaluate.shown import shown
            from engine.results import FileResult
            from engine.scoring.stored import read_scores

            found: Found = event.result
            if isinstance(event.result, FileResult):
                found = read_scores(event.result.path)
            return shown(found, notes)

        self._background.run(
            "Opening the evaluation", read,
            lambda found: self.shown.emit(found, file), self._teller.failure,
        )  # fmt: skip
