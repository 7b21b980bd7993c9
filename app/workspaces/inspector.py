"""The right side of Synthesize: preset, parameters, live, run, and how the run goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import forms
from engine.library import Entry
from engine.method import Method, Task
from widgets.elided_label import ElidedLabel
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec
from widgets.icons import icon
from widgets.panels.job_bar import JobBar
from widgets.panels.job_row import JobRow

CUSTOM = "Custom"
TEMPLATE = FieldSpec(
    "template", "Template", "path", help="The image whose grey values the result takes.",
    path_filter="Images (*.png *.tif *.tiff *.bmp *.jpg *.jpeg *.npy *.nii *.nii.gz)",
)  # fmt: skip
LIVE_STEPS = FieldSpec(
    "live_steps", "Live steps", "int", 8, minimum=1, maximum=4000,
    help="At most this many steps for the image that follows the drawing.", advanced=True,
)  # fmt: skip


class Inspector(QWidget):
    """What a synthesis is made with.

    `edited` tells that the user changed a value. `live` is a check box; run and cancel are
    buttons that the window connects to its actions.
    """

    edited = pyqtSignal(str)

    def __init__(self, method: Method, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self._specs: list[FieldSpec] = []
        self.preset = QComboBox(self)
        self.preset.addItems([*(name.capitalize() for name in task.presets), CUSTOM])
        self.preset.setCurrentText(CUSTOM)
        self.preset.setToolTip("Published values, or quick ones")
        self.preset.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.preset.activated.connect(self._take_preset)
        self.form = Form(parent=self)
        self.form.changed.connect(self._form_changed)
        self.live = QCheckBox("Live", self)
        self.live.setToolTip("An image follows the drawing")
        self.run = QPushButton(icon("mdi6.creation", tone="on_accent"), "Synthesize", self)
        self.run.setProperty("primary", True)
        self.run.setToolTip("Make images of the mask (Ctrl+Enter)")
        self.cancel = QPushButton("Cancel", self)
        self.cancel.setToolTip("Stop (Esc)")
        self._bar = JobBar(self)
        self._status = ElidedLabel("", self)
        self._status.setProperty("role", "muted")
        self._no_model = self._make_no_model()
        self._build(method)
        self.setModels(())
        self._no_model.hide()  # nobody has looked yet
        self.showJob(None)

    def setModels(self, entries: Sequence[Entry]) -> None:
        """Offer these checkpoints; what the form shows stays where it still can."""
        before = self.form.values() if self._specs else {}
        kept = self.form.isSeedKept("seed") if self._specs else False
        choices = {"checkpoint": forms.model_choices(entries)}
        specs = forms.field_specs(self._task.params, choices)
        place = next(i for i, s in enumerate(specs) if s.name == "match_histogram") + 1
        specs = [*specs[:place], TEMPLATE, *specs[place:], LIVE_STEPS]
        self._specs = specs
        self.form.setSpecs(specs)
        self.form.setValues(forms.usable(specs, before))
        self.form.setSeedKept("seed", kept)
        self._no_model.setVisible(not entries)
        self.run.setEnabled(bool(entries))
        self.live.setEnabled(bool(entries))
        self._show_template()

    def setValues(self, values: Mapping[str, Any]) -> None:
        """Show those of these values that the fields can show."""
        self.form.setValues(forms.usable(self._specs, values))
        self._show_template()
        self._show_preset()

    def showJob(self, row: JobRow | None) -> None:
        """How the current job goes; None when there is none."""
        self.cancel.setEnabled(self._bar.showJob(row))
        self._status.setText(row.status() if row is not None else "")

    def setStatus(self, text: str) -> None:
        """A line under the buttons."""
        self._status.setText(text)

    def status(self) -> str:
        return self._status.text()

    def _build(self, method: Method) -> None:
        em = self.fontMetrics().height()
        title = QLabel(method.title, self)
        title.setProperty("role", "heading")
        title.setToolTip(f"{method.summary}\n{method.paper}")
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(QLabel("Preset", self))
        head.addWidget(self.preset, 1)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, em // 2, 0)
        column.addWidget(self._no_model)
        column.addWidget(self.form)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.cancel)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        outer.setSpacing(em // 2)
        outer.addLayout(head)
        outer.addWidget(area, 1)
        outer.addWidget(self.live)
        outer.addLayout(buttons)
        outer.addWidget(self._bar)
        outer.addWidget(self._status)

    def _make_no_model(self) -> QFrame:
        card = QFrame(self)
        card.setProperty("role", "card")
        text = QLabel(
            "<b>No model installed</b><br>You can draw masks now. To make images, import "
            "published weights:<br><code>reverie import --method adaptdiff --weights FILE "
            "--output NAME.safetensors</code>",
            card,
        )
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        QVBoxLayout(card).addWidget(text)
        return card

    def _form_changed(self, name: str) -> None:
        self._show_template()
        self._show_preset()
        self.edited.emit(name)

    def _show_template(self) -> None:
        self.form.setFieldVisible("template", bool(self.form.values()["match_histogram"]))
        self.form.setFieldVisible("eta", self.form.values()["sampler"] == "ddim")

    def _show_preset(self) -> None:
        values = self.form.values()
        for place, name in enumerate(self._task.presets):
            if all(values[key] == value for key, value in self._task.preset(name).items()):
                self.preset.setCurrentIndex(place)
                return
        self.preset.setCurrentText(CUSTOM)

    def _take_preset(self, place: int) -> None:
        names = list(self._task.presets)
        if place < len(names):
            self.form.setValues(self._task.preset(names[place]))
            self._show_template()
            self.edited.emit("preset")
