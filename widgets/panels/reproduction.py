"""The dialog that makes an output again: which one, how it goes, what is the same and what not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PyQt6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from widgets.dropped import dropped_paths
from widgets.elided_label import ElidedLabel
from widgets.forms.form import Form
from widgets.icon_label import IconLabel
from widgets.icons import icon
from widgets.panels.job_bar import JobBar
from widgets.panels.job_row import JobRow
from widgets.panels.report_table import LOOKS, ReportRow, ReportTable

RESULT = "result"
ABOUT = (
    "Runs what made an output once more, from what its record says, and compares both. Drop a "
    "file or a folder of Reverie here, or choose one. Nothing is written unless you ask for it."
)
EMPTY = "What is the same and what differs is listed here."


@dataclass(frozen=True)
class Report:
    """What came of it.

    Attributes:
        tone: One of LOOKS.
        summary, reasons: Sentences.
        values: File or pair, result, values that differ, largest and mean difference, least Dice.
        conditions: Of each output: what, as recorded, as it is now.
        text: All of it to copy.
    """

    tone: str
    summary: str
    reasons: tuple[str, ...]
    values: tuple[ReportRow, ...]
    conditions: tuple[tuple[ReportRow, ...], ...]
    text: str


class ReproductionDialog(QDialog):
    """Blocks nothing: it may stay open, or be closed and opened again, while the job runs.

    Attributes:
        form: Paths and parameters; `RESULT` is the output.
        run, cancel: Buttons; connected by whoever runs.
        values, conditions: Tables.
    """

    edited = pyqtSignal(str)  # field

    def __init__(self, form: Form, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Reproduce")
        self.setAcceptDrops(True)
        self.form = form
        form.changed.connect(self.edited)
        self.run = QPushButton(icon("mdi6.replay", tone="on_accent"), "Make again", self)
        self.run.setProperty("primary", True)
        self.run.setDefault(True)
        self.cancel = QPushButton("Cancel run", self)
        self.cancel.setAutoDefault(False)
        self.copy = QPushButton(icon("mdi6.content-copy"), "Copy report", self)
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self._copy)
        self._verdict = IconLabel(self)
        self._summary = QLabel(EMPTY, self)
        self.values = ReportTable(
            ("Compared", "Result", "Values that differ", "Largest", "Mean", "Least Dice"),
            "Compared values", self, stretch=0,
        )  # fmt: skip
        self.conditions = ReportTable(
            ("Made with", "Recorded", "Now"), "What it was made with, and what now", self, stretch=2
        )
        self.values.currentCellChanged.connect(lambda row, *_: self._show_conditions(row))
        self._bar = JobBar(self)
        self._status = ElidedLabel("", self)
        self._status.setProperty("role", "muted")
        self._report: Report | None = None
        self._build()
        self.showJob(None)
        self.showReport(None)

    def path(self) -> Path | None:
        """The output that is chosen."""
        found = self.form.values()[RESULT]
        return found if isinstance(found, Path) else None

    def setPath(self, path: Path) -> None:
        """Choose an output."""
        self.form.setValues({RESULT: path})
        self.edited.emit(RESULT)

    def showJob(self, row: JobRow | None) -> None:
        """How the job goes; None when there is none."""
        busy = self._bar.showJob(row)
        self.cancel.setVisible(busy)
        self.run.setEnabled(not busy)
        if row is not None:
            self.setStatus(row.status())

    def setStatus(self, text: str) -> None:
        """A line above the buttons."""
        self._status.setText(text)

    def status(self) -> str:
        return self._status.text()

    def summary(self) -> str:
        """What the line above the tables says."""
        return self._summary.text()

    def showReport(self, report: Report | None) -> None:
        """What came of it; None before anything did."""
        self._report = report
        self.copy.setEnabled(report is not None)
        self._verdict.setVisible(report is not None)
        for table in (self.values, self.conditions):  # an output that failed has nothing in them
            table.setVisible(report is not None and bool(report.values))
        self._summary.setProperty("role", "muted" if report is None else "")
        if (style := self._summary.style()) is not None:
            style.polish(self._summary)
        if report is None:
            self._summary.setText(EMPTY)
            return
        self._summary.setText("\n".join((report.summary, *report.reasons)))
        self._verdict.setIcon(LOOKS[report.tone], report.tone, 2 * self.fontMetrics().height())
        self.values.setRows(report.values)
        self.values.hideEmpty(2)
        self.values.setCurrentCell(0, 0)
        self._show_conditions(0)
        self.values.fitHeight(6)

    # --- events

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        paths = dropped_paths(event)
        if event is not None and paths:
            event.acceptProposedAction()
            self.setPath(paths[0])

    # --- inside

    def _show_conditions(self, row: int) -> None:
        report = self._report
        if report is not None and 0 <= row < len(report.values):
            self.conditions.setRows(report.conditions[report.values[row].about])

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self._report is not None and clipboard is not None:
            clipboard.setText(self._report.text)
            self.setStatus("The report is copied.")

    def _build(self) -> None:
        em = self.fontMetrics().height()
        about = QLabel(ABOUT, self)
        about.setWordWrap(True)
        about.setProperty("role", "muted")
        self._summary.setWordWrap(True)
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        self._summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.form)
        told = QHBoxLayout()
        told.setSpacing(em // 2)
        told.addWidget(self._verdict, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self._summary, 1)
        right = QVBoxLayout()
        right.setSpacing(em // 2)
        right.addLayout(told)
        right.addWidget(self.values)
        right.addWidget(self.conditions, 1)
        right.addStretch(0)
        parts = QHBoxLayout()
        parts.setSpacing(em)
        parts.addWidget(area, 2)
        parts.addLayout(right, 4)
        close = QPushButton("Close", self)
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self._status, 1)
        for button in (self.cancel, self.copy, close, self.run):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em // 2)
        column.addWidget(about)
        column.addLayout(parts, 1)
        column.addWidget(self._bar)
        column.addLayout(buttons)
        self.resize(60 * em, 32 * em)
