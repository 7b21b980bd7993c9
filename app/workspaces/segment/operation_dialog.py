"""The dialog of an operation on labels: what it needs to know, and a button that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.forms import field_specs
from engine.data.labels.operations import Operation
from engine.errors import InputError
from engine.parameters import Parameters
from widgets.forms.form import Form


class OperationDialog(QDialog):
    """Stays open, so that an operation can be tried, undone and tried again; blocks nothing."""

    applied = pyqtSignal(object, object)  # Operation, Parameters

    def __init__(
        self,
        what: Operation,
        values: Mapping[str, Any],
        choices: Mapping[str, Sequence[tuple[Any, str]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(what.title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._what = what
        em = self.fontMetrics().height()
        told = QLabel(what.help, self)
        told.setWordWrap(True)
        # What an operation is about comes first, then where it works.
        specs = sorted(field_specs(what.params, choices), key=lambda spec: spec.group != "")
        self.form = Form(specs)
        self.form.setValues(values)
        self.form.changed.connect(lambda _: self._show_place())
        self._show_place()
        self.status = QLabel("", self)
        self.status.setWordWrap(True)
        self.status.setProperty("role", "muted")
        scroll = QScrollArea(self)
        scroll.setWidget(self.form)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        buttons = QDialogButtonBox(self)
        self.apply_button = buttons.addButton("Apply", QDialogButtonBox.ButtonRole.ApplyRole)
        assert self.apply_button is not None, "the box makes it"
        self.apply_button.setDefault(True)
        self.apply_button.clicked.connect(self._apply)
        buttons.addButton(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(em, em, em, em)
        column.setSpacing(em // 2)
        column.addWidget(told)
        column.addWidget(scroll, 1)
        column.addWidget(self.status)
        column.addWidget(buttons)
        self.resize(26 * em, min(36 * em, self.form.sizeHint().height() + 11 * em))

    def begin(self) -> None:
        """It is being computed: it cannot be asked for again meanwhile."""
        assert self.apply_button is not None, "made in the beginning"
        self.apply_button.setEnabled(False)
        self.status.setText("Working…")

    def end(self) -> None:
        """It was computed, cancelled, or could not be done."""
        assert self.apply_button is not None, "made in the beginning"
        self.apply_button.setEnabled(True)
        self.status.setText("")

    def takeOutcome(self, title: str, changed: int) -> None:
        """Say what came of an operation if it is this one."""
        if title == self._what.title:
            voxels = "1 voxel" if changed == 1 else f"{changed} voxels"
            self.status.setText(
                f"{voxels} changed. Undo: Ctrl+Z." if changed else "Nothing changed."
            )

    def _show_place(self) -> None:
        """Which slice is only asked where one slice is meant."""
        values = self.form.values()
        if "extent" in values:
            for name in ("axis", "index"):
                self.form.setFieldVisible(name, values["extent"] == "slice")

    def _apply(self) -> None:
        wrong = next(iter(self.form.errors().values()), "")
        if wrong:
            self.status.setText(wrong)
            return
        try:
            params: Parameters = self._what.params.parse(self.form.values())
        except InputError as error:
            self.status.setText(str(error))
            return
        self.applied.emit(self._what, params)
