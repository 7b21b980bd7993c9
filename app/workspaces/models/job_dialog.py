"""A dialog that asks for a job, shows how it goes, and reports what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from widgets.forms.form import Form
from widgets.icons import icon
from widgets.panels.job_bar import JobBar

Tone = Literal["", "ok", "error", "muted"]


class JobDialog(QDialog):
    """A form, a button that runs, and room for the report.

    `runRequested` and `cancelRequested` tell what the user wants; whoever runs the job calls the
    methods that show how it goes.

    Attributes:
        form: The parameters.
        run: Starts.
        shut: Closes; while a job runs it cancels.
        after: What can be done with the result; hidden until there is one.
    """

    runRequested = pyqtSignal()
    cancelRequested = pyqtSignal()

    def __init__(
        self, title: str, about: str, verb: str, glyph: str, after: str, parent: QWidget,
        above: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._running = False
        self.setWindowTitle(title)
        self.form = Form(parent=self)
        self.run = QPushButton(icon(glyph, tone="on_accent"), verb, self)
        self.run.setProperty("primary", True)
        self.run.setDefault(True)
        self.run.clicked.connect(self.runRequested)
        self.shut = QPushButton("Close", self)
        self.shut.clicked.connect(self._shut)
        self.after = QPushButton(after, self)
        for button in (self.shut, self.after):
            button.setAutoDefault(False)
        self._bar = JobBar(self)
        self._said = QLabel(self)
        self._said.setWordWrap(True)
        self._said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._report = QPlainTextEdit(self)
        self._report.setReadOnly(True)
        self._report.setAccessibleName("Report")
        self._report.setMinimumHeight(8 * em)
        head = QLabel(about, self)
        head.setWordWrap(True)
        head.setProperty("role", "muted")
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.form)
        buttons = QHBoxLayout()
        buttons.addWidget(self.after)
        buttons.addStretch(1)
        buttons.addWidget(self.shut)
        buttons.addWidget(self.run)
        column = QVBoxLayout(self)
        column.setSpacing(round(0.6 * em))
        column.addWidget(head)
        if above is not None:
            name = QLabel(above.accessibleName(), self)
            name.setBuddy(above)
            line = QHBoxLayout()
            line.setSpacing(round(0.7 * em))
            line.addWidget(name)
            line.addWidget(above, 1)
            column.addLayout(line)
        column.addWidget(area, 3)
        column.addWidget(self._bar)
        column.addWidget(self._said)
        column.addWidget(self._report, 2)
        column.addLayout(buttons)
        self.resize(38 * em, 34 * em)
        self._show("", "", ())

    def showRunning(self) -> None:
        """The job is asked for."""
        self._running = True
        self._show("muted", "Waiting for the engine …", ())
        self._bar.setRange(0, 0)
        self._bar.show()
        self.run.setEnabled(False)
        self.shut.setText("Cancel")

    def showProgress(self, done: int, total: int, text: str) -> None:
        """How far it is."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        if text:
            self._said.setText(text)

    def showDone(self, summary: str, lines: Sequence[str]) -> None:
        """It ended well."""
        self._end("ok", summary, lines)
        self.after.show()
        self.after.setFocus()

    def showFailed(self, message: str, hint: str, report: str) -> None:
        """It ended by an error."""
        self._end("error", f"{message}\n{hint}".rstrip(), report.splitlines())
        self.run.setFocus()

    def showCancelled(self) -> None:
        """It was called off."""
        self._end("muted", "Cancelled; nothing was written.", ())

    def said(self) -> str:
        """The sentence under the form."""
        return self._said.text()

    def report(self) -> str:
        """The lines under the sentence."""
        return self._report.toPlainText()

    def isRunning(self) -> bool:
        return self._running

    def reject(self) -> None:
        self._shut()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if self._running:
            self.cancelRequested.emit()
        super().closeEvent(event)

    def _shut(self) -> None:
        if self._running:
            self.cancelRequested.emit()
        else:
            super().reject()

    def _end(self, tone: Tone, text: str, lines: Sequence[str]) -> None:
        self._running = False
        self._show(tone, text, lines)
        self._bar.hide()
        self.run.setEnabled(True)
        self.shut.setText("Close")

    def _show(self, tone: Tone, text: str, lines: Sequence[str]) -> None:
        self._said.setProperty("role", tone)
        style = self._said.style()
        if style is not None:
            style.polish(self._said)
        self._said.setText(text)
        self._said.setVisible(bool(text))
        self._report.setPlainText("\n".join(lines))
        self._report.setVisible(bool(lines))
        self._bar.setVisible(False)
        self.after.setVisible(False)
