"""The right side of Evaluate: what is judged, by what, with which values."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import forms
from app.controllers.evaluate.kinds import LABELS, Kind
from app.workspaces.inputs_form import PREFIX, InputsForm, input_spec
from widgets.forms.spec import FieldSpec, PathMode
from widgets.icons import icon
from widgets.panels.job_bar import JobBar
from widgets.panels.job_row import JobRow


class EvaluateSetup(InputsForm):
    """A form of inputs and parameters; `run` and `cancel` are connected by whoever runs.

    Attributes:
        kind: The list of what can be evaluated.
    """

    edited = pyqtSignal(str)  # field
    kindChosen = pyqtSignal(int)  # place in the list, by the user

    def __init__(self, kinds: Sequence[Kind], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds = tuple(kinds)
        self._current = self._kinds[0]
        self.kind = QComboBox(self)
        self.kind.setAccessibleName("What to evaluate")
        self.kind.addItems([kind.title for kind in self._kinds])
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kind.setMinimumContentsLength(8)
        self.kind.activated.connect(self.kindChosen)
        self.form.changed.connect(self.edited)
        self.run = QPushButton(icon("mdi6.chart-box-outline", tone="on_accent"), "Evaluate", self)
        self.run.setProperty("primary", True)
        self.cancel = QPushButton("Cancel", self)
        self._bar = JobBar(self)
        self._status = QLabel(self)
        self._status.setWordWrap(True)
        self._status.setTextFormat(Qt.TextFormat.PlainText)
        self._build()
        self.showKind(0)
        self.showJob(None)

    def current(self) -> Kind:
        """What is shown."""
        return self._current

    def kinds(self) -> tuple[Kind, ...]:
        """All there are, in the list's order."""
        return self._kinds

    def showKind(self, place: int) -> None:
        """Show the fields of one kind at their defaults; paths of the same name stay."""
        before = self.inputs()
        self._current = self._kinds[place]
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(place)
        method = self._current.method
        about = f"{self._current.task.title}. {method.summary}\n{method.paper}"
        self.kind.setToolTip(about.strip())
        choices = {n: forms.model_choices(e) for n, e in self._current.checkpoints().items()}
        specs = forms.field_specs(self._current.task.params, choices)
        self.form.setSpecs([*self._input_specs(), *specs])
        self.form.setValues({
            PREFIX + name: path
            for name, path in before.items()
            if path is not None and name in self._current.inputs()
        })  # fmt: skip

    # --- how it goes

    def showJob(self, row: JobRow | None) -> None:
        """How the run goes; None when there is none."""
        busy = self._bar.showJob(row)
        self.cancel.setVisible(busy)
        self.run.setEnabled(not busy)
        if row is None:
            self.setStatus("")
            return
        if row.state == "failed":
            self.setStatus(row.message, "error")  # the banner tells what to do
        elif busy:
            told = f" · {row.message}" if row.message else ""
            self.setStatus(row.status() + (told if row.message not in row.status() else ""))
        else:
            self.setStatus("Cancelled" if row.state == "cancelled" else "")

    def setStatus(self, text: str, role: str = "muted") -> None:
        """A line under the buttons."""
        self._status.setText(text)
        self._status.setVisible(bool(text))
        if self._status.property("role") != role:
            self._status.setProperty("role", role)
            style = self._status.style()
            if style is not None:
                style.unpolish(self._status)
                style.polish(self._status)

    def status(self) -> str:
        return self._status.text()

    # --- inside

    def _input_specs(self) -> list[FieldSpec]:
        kind = self._current
        found = []
        for name, about in kind.inputs().items():
            label = LABELS.get(name, name.capitalize())
            mode: PathMode = "any"
            if name == "features":
                mode = "open"
            elif not kind.scores and about.startswith("folder"):
                mode = "folder"
            found.append(input_spec(kind.task, name, label, mode))
        return found

    def _build(self) -> None:
        em = self.fontMetrics().height()
        title = QLabel("New evaluation", self)
        title.setProperty("role", "heading")
        buttons = QHBoxLayout()
        buttons.setSpacing(em // 2)
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.cancel)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        outer.setSpacing(em // 2)
        outer.addWidget(title)
        outer.addWidget(self.kind)
        outer.addWidget(self.area, 1)
        outer.addLayout(buttons)
        outer.addWidget(self._bar)
        outer.addWidget(self._status)
