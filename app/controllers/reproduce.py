"""The dialog Reproduce: an output -> a job, and what came of it -> a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from app import forms
from app.bridge import Bridge
from app.controllers.jobs import JobsController
from app.errors import Teller
from app.session import Session
from engine.errors import InputError
from engine.events import JobCancelled, JobFailed, JobFinished
from engine.jobs import Job
from engine.reproducing import INPUTS, METHOD
from engine.reproducing.params import ReproduceParams
from engine.worker import EngineLike

if TYPE_CHECKING:
    from engine.reproducing.report import Comparison, Outcome, Reproduction
    from widgets.forms.spec import FieldSpec
    from widgets.panels.report_table import ReportRow
    from widgets.panels.reproduction import Report, ReproductionDialog

LABELS = {"input": "Made of", "template": "Template", "keep": "Keep under"}


class ReproduceController(QObject):
    """Runs one reproduction at a time; the dialog is made when it is first asked for."""

    def __init__(
        self, engine: EngineLike, bridge: Bridge, session: Session, jobs: JobsController,
        teller: Teller, window: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._engine, self._session, self._teller = engine, session, teller
        self._window = window
        self._dialog: ReproductionDialog | None = None
        self._job = 0
        session.jobChanged.connect(self._job_changed)
        bridge.finished.connect(self._finished)
        bridge.failed.connect(self._ended)
        bridge.cancelled.connect(self._ended)
        jobs.retried.connect(self.adopt)

    def ask(self, path: Path | None = None) -> None:
        """Open the dialog, on an output where one is given."""
        dialog = self.dialog()
        dialog.show()
        dialog.activateWindow()
        if path is not None:
            dialog.setPath(path)

    def dialog(self) -> ReproductionDialog:
        """The dialog, made now if it was not."""
        if self._dialog is None:
            from widgets.forms.form import Form
            from widgets.panels.reproduction import ReproductionDialog

            self._dialog = ReproductionDialog(Form(_specs()), self._window)
            self._dialog.run.clicked.connect(self.run)
            self._dialog.cancel.clicked.connect(lambda: self._engine.cancel(self._job))
        return self._dialog

    def run(self) -> None:
        """Make the chosen output again."""
        dialog = self.dialog()
        path = dialog.path()
        wrong = dialog.form.errors()
        if path is None or wrong:
            name = "result" if path is None else next(iter(wrong))
            dialog.form.control(name).setFocus()
            dialog.setStatus(wrong.get(name, "Choose an output first."))
            return
        values = dialog.form.values()
        try:
            params = ReproduceParams.parse(
                {name: values[name] for name in ReproduceParams.model_fields}
            )
        except InputError as error:
            dialog.setStatus(error.message)
            return
        given = {name: values[name] for name in LABELS if isinstance(values[name], Path)}
        dialog.showReport(None)
        job = Job(METHOD, METHOD, params, {"result": path, **given}, f"{path.name} again")
        self._job = self._engine.submit(job)
        self._show()

    def adopt(self, old: int, new: int) -> None:
        """A job runs again under a new id, perhaps ours."""
        if old == self._job:
            self._job = new
            self._show()

    # --- following

    def _job_changed(self, job_id: int) -> None:
        if job_id == self._job:
            self._show()

    def _show(self) -> None:
        if self._dialog is not None:
            self._dialog.showJob(self._session.jobs.get(self._job))

    def _finished(self, event: JobFinished) -> None:
        if event.job_id == self._job and self._dialog is not None:
            self._dialog.showReport(report_of(event.result))
            self._show()
            if not self._dialog.isVisible():
                self._teller.say("info", event.result.summary)

    def _ended(self, event: JobFailed | JobCancelled) -> None:
        if event.job_id != self._job or self._dialog is None:
            return
        self._show()
        if isinstance(event, JobFailed):
            from widgets.panels.reproduction import Report

            told = f"{event.message} {event.hint}".strip()
            self._dialog.showReport(Report("danger", event.message, (event.hint,), (), (), told))


def _specs() -> list[FieldSpec]:
    from widgets.forms.spec import FieldSpec

    told = {name: f"{text[0].upper()}{text[1:]}." for name, text in INPUTS.items()}
    paths = [
        FieldSpec("result", "Output", "path", help=told["result"], path_mode="any"),
        *(
            FieldSpec(
                name, label, "path", help=told[name], advanced=name != "input",
                path_mode="save" if name == "keep" else "any",
            )
            for name, label in LABELS.items()
        ),
    ]  # fmt: skip
    return [*paths, *forms.field_specs(ReproduceParams, {})]


def report_of(found: Reproduction) -> Report:
    """What the dialog shows of it."""
    from engine.wording import listed
    from widgets.panels.reproduction import Report

    rows = [
        _row(outcome, comparison, place)
        for place, outcome in enumerate(found.outcomes)
        for comparison in outcome.comparisons or (None,)
    ]
    reasons = list(dict.fromkeys(r for o in found.outcomes for r in (*o.reasons, *o.notes)))
    reasons += [f"{o.path.name}: {o.problem}" for o in found.outcomes if o.problem]
    if kept := [str(o.kept) for o in found.outcomes if o.kept is not None]:
        reasons.append(f"Made again: {listed(kept)}")
    return Report(
        _tone(found.outcomes[0]) if len(found.outcomes) == 1 else _TONES[found.verdict],
        found.summary, tuple(reasons), tuple(rows),
        tuple(_conditions(outcome) for outcome in found.outcomes), found.text(),
    )  # fmt: skip


_TONES = {"equal": "ok", "close": "warning", "different": "danger"}


def _tone(outcome: Outcome) -> str:
    return "warning" if outcome.edited else _TONES[outcome.verdict]


def _row(outcome: Outcome, compared: Comparison | None, place: int) -> ReportRow:
    from engine.reproducing.report import TOLD
    from widgets.panels.report_table import ReportRow

    if compared is None:
        cells = (outcome.path.name, "cannot be made again", "", "", "", "")
        return ReportRow("danger", cells, place)
    named = "changed since" if outcome.edited else TOLD[compared.verdict]
    differ = compared.note or (
        f"{compared.changed:,} of {compared.voxels:,}" if compared.changed else ""
    )
    far = ("", "")
    if compared.changed and not compared.dice and not compared.note:
        far = (f"{compared.largest:.4g}", f"{compared.mean:.3g}")
    dice = f"{min(compared.dice.values()):.5f}" if compared.dice else ""
    return ReportRow(_tone(outcome), (compared.name, named, differ, *far, dice), place)


def _conditions(outcome: Outcome) -> tuple[ReportRow, ...]:
    from widgets.panels.report_table import ReportRow

    tones = {True: "ok", False: "warning", None: "muted"}
    # What differs is read first.
    rows = sorted(outcome.conditions, key=lambda row: row.same is not False)
    return tuple(
        ReportRow(tones[r.same], (r.what, r.recorded or "not recorded", r.now)) for r in rows
    )
