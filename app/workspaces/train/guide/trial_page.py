"""What a few iterations told: the split, time and memory; and the start."""

from __future__ import annotations

from collections import Counter

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.workspaces.train.guide.frame import heading, muted
from engine.results import Estimate
from widgets.icons import icon
from widgets.panels.progress import ProgressLine

PARTS = {"train": "Training", "validation": "Validation", "test": "Test"}


class TrialPage(QWidget):
    """`tryRequested`, `changeRequested` (take what fits), `startRequested`, `copyRequested`."""

    tryRequested = pyqtSignal()
    changeRequested = pyqtSignal()
    startRequested = pyqtSignal()
    copyRequested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.progress = ProgressLine(self)
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._notes = muted("", self)
        self.again = QPushButton(icon("mdi6.timer-outline"), "Try it", self)
        self.again.setToolTip("Measure a few iterations on this machine; nothing of them stays")
        self.again.clicked.connect(self.tryRequested)
        self.change = QPushButton(icon("mdi6.check"), "", self)
        self.change.clicked.connect(self.changeRequested)
        self.parts = QTreeWidget(self)
        self.parts.setHeaderLabels(["Part", "Patients", "Cases"])
        self.parts.setAccessibleName("Split by patient")
        self.parts.setMinimumHeight(9 * em)
        header = self.parts.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._split = muted("", self)
        self.command = QLineEdit(self)
        self.command.setReadOnly(True)
        self.command.setAccessibleName("The same on the command line")
        self.copy = QPushButton(icon("mdi6.content-copy"), "Copy", self)
        self.copy.setToolTip("Copy the command line that starts the same run")
        self.copy.clicked.connect(self.copyRequested)
        self.start = QPushButton(
            icon("mdi6.school-outline", tone="on_accent"), "Start training", self
        )
        self.start.setProperty("primary", True)
        self.start.clicked.connect(self.startRequested)
        acts = QHBoxLayout()
        acts.addWidget(self.again)
        acts.addWidget(self.change)
        acts.addWidget(self.progress, 1)
        acts.addStretch(1)
        line = QHBoxLayout()
        line.addWidget(self.command, 1)
        line.addWidget(self.copy)
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(round(0.7 * em))
        column.addWidget(heading("Does it fit this machine?", self))
        column.addWidget(self.told)
        column.addLayout(acts)
        column.addWidget(self._split)
        column.addWidget(self.parts)
        column.addWidget(self._notes)
        column.addWidget(muted("The same run as a command line:", self))
        column.addLayout(line)
        column.addLayout(last)
        column.addStretch(1)
        self.showNothing()

    def showNothing(self) -> None:
        """Nothing was tried with these settings."""
        self._show("Not tried yet: a few iterations tell how long it takes.", None)

    def showBusy(self, text: str, share: float | None = None) -> None:
        """The trial is under way."""
        self.again.setEnabled(False)
        self.progress.showWork(text, share)

    def showProblem(self, message: str, hint: str) -> None:
        """The trial failed: the training would, too."""
        self._show(f"{message} {hint}".strip(), None, role="error")

    def showEstimate(self, found: Estimate) -> None:
        """What was measured."""
        role = "ok" if found.measures.fits else "warning" if found.change else "error"
        self._show(found.summary, found, role)

    def _show(self, told: str, found: Estimate | None, role: str = "muted") -> None:
        self.progress.clear()
        self.again.setEnabled(True)
        self.again.setText("Try it again" if found is not None else "Try it")
        self.told.setText(told)
        self.told.setProperty("role", role)
        style = self.told.style()
        assert style is not None
        style.unpolish(self.told)
        style.polish(self.told)
        change = found.change if found is not None else {}
        named = ", ".join(f"{name} {value}" for name, value in change.items())
        self.change.setText(f"Use {named}")
        self.change.setVisible(bool(change))
        notes = found.notes if found is not None else ()
        self._notes.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))
        self._fill(found)

    def _fill(self, found: Estimate | None) -> None:
        """The split: parts, and in them the patients."""
        self.parts.clear()
        shown = found is not None and any(found.split.values())
        self.parts.setVisible(shown)
        self._split.setVisible(shown)
        if found is None or not shown:
            return
        self._split.setText(
            "Split by patient: it follows from the seed, and the run keeps it in split.json."
        )
        for role, title in PARTS.items():
            names = found.split.get(role, ())
            cases = Counter(found.patients.get(name, name) for name in names)
            part = QTreeWidgetItem([title, str(len(cases)), str(len(names))])
            part.addChildren(
                [QTreeWidgetItem([patient, "", str(n)]) for patient, n in sorted(cases.items())]
            )
            self.parts.addTopLevelItem(part)
