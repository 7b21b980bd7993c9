"""A form built from field specifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from widgets.forms.controls.base import Control
from widgets.forms.controls.choice import ChoiceControl
from widgets.forms.controls.flag import FlagControl
from widgets.forms.controls.number import NumberControl
from widgets.forms.controls.path import PathControl
from widgets.forms.controls.seed import SeedControl
from widgets.forms.controls.text import TextControl
from widgets.forms.fold import Fold
from widgets.forms.row import Row
from widgets.forms.spec import FieldSpec


def _control_for(spec: FieldSpec) -> Control:
    match spec.kind:
        case "int" | "float":
            return NumberControl(spec)
        case "bool":
            return FlagControl(spec)
        case "choice":
            return ChoiceControl(spec)
        case "text":
            return TextControl(spec)
        case "seed":
            return SeedControl(spec)
        case "path":
            return PathControl(spec)
    raise ValueError(f"{spec.name}: there is no control for a field of kind {spec.kind!r}")


class Form(QWidget):
    """Labelled rows in the order of `specs`, but those of a group together under its heading;
    advanced rows are folded.

    `changed(name)` tells only what the user did. The setters, `reset` and `rollSeeds` are silent.
    """

    changed = pyqtSignal(str)

    def __init__(self, specs: Sequence[FieldSpec] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, Row] = {}
        self._fold: Fold | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setSpecs(specs)

    def setSpecs(self, specs: Sequence[FieldSpec]) -> None:
        """Rebuild the form, all values at their defaults.

        Raises:
            ValueError: two fields have the same name.
        """
        groups = list(dict.fromkeys(spec.group for spec in specs))
        specs = sorted(specs, key=lambda spec: groups.index(spec.group))
        names = [spec.name for spec in specs]
        if len(set(names)) != len(names):
            raise ValueError(f"field names must differ: {names}")
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = {spec.name: self._make_row(spec) for spec in specs}
        plain = [spec for spec in specs if not spec.advanced]
        advanced = [spec for spec in specs if spec.advanced]
        self._column.addWidget(self._grid(plain))
        self._fold = Fold("Advanced", self._grid(advanced), self) if advanced else None
        if self._fold is not None:
            self._column.addWidget(self._fold)
        self._column.addStretch(1)

    def values(self) -> dict[str, Any]:
        """The value in use of every field, by name."""
        return {name: row.control.value() for name, row in self._rows.items()}

    def setValues(self, values: Mapping[str, Any]) -> None:
        """Show these values; fields that are not named keep theirs.

        Raises:
            KeyError: there is no such field.
            ValueError: a value is not among the field's choices.
        """
        for name, value in values.items():
            row = self._rows[name]
            row.control.setValue(value)
            row.setOuterError("")

    def reset(self) -> None:
        """Every field back to its default, and every seed free."""
        for row in self._rows.values():
            row.control.setValue(row.start)
            if isinstance(row.control, SeedControl):
                row.control.setKept(False)
            row.setOuterError("")

    def errors(self) -> dict[str, str]:
        """The message of every field that shows one; empty when the form can be used."""
        return {name: row.error() for name, row in self._rows.items() if row.error()}

    def setError(self, name: str, text: str) -> None:
        """Show `text` under the field until its value changes; empty takes it away."""
        row = self._rows[name]
        row.setOuterError(text)
        self._reveal(row)

    def rollSeeds(self) -> dict[str, int]:
        """Draw a new seed for every seed field that is not kept; what was drawn, by name."""
        return {
            name: row.control.roll()
            for name, row in self._rows.items()
            if isinstance(row.control, SeedControl) and not row.control.isKept()
        }

    def isSeedKept(self, name: str) -> bool:
        return self._seed(name).isKept()

    def setSeedKept(self, name: str, kept: bool) -> None:
        self._seed(name).setKept(kept)

    def setChoices(self, name: str, choices: tuple[tuple[Any, str], ...]) -> None:
        """Replace the choices of a field; its value stays if it is still among them.

        Raises:
            TypeError: the field is not a choice.
        """
        control = self._rows[name].control
        if not isinstance(control, ChoiceControl):
            raise TypeError(f"{name} is not a choice")
        control.setChoices(choices)

    def setSlider(self, name: str, low: float, high: float) -> None:
        """Let the slider of a number go from `low` to `high`.

        Raises:
            TypeError: the field has no slider.
        """
        control = self._rows[name].control
        if not isinstance(control, NumberControl):
            raise TypeError(f"{name} has no slider")
        control.setSlider(low, high)

    def setFieldVisible(self, name: str, visible: bool) -> None:
        """Show or hide a row whose value has no meaning at the moment."""
        self._rows[name].setVisible(visible)

    def setFieldEnabled(self, name: str, enabled: bool) -> None:
        self._rows[name].control.setEnabled(enabled)

    def control(self, name: str) -> Control:
        """The control of a field, to give it the focus for instance."""
        return self._rows[name].control

    def _seed(self, name: str) -> SeedControl:
        control = self._rows[name].control
        if not isinstance(control, SeedControl):
            raise TypeError(f"{name} is not a seed")
        return control

    def _make_row(self, spec: FieldSpec) -> Row:
        row = Row(spec, _control_for(spec))
        row.changed.connect(self.changed)
        row.errorShown.connect(lambda: self._reveal(row))
        return row

    def _reveal(self, row: Row) -> None:
        if self._fold is not None and row.spec.advanced and row.error():
            self._fold.setOpen(True)

    def _grid(self, specs: Sequence[FieldSpec]) -> QWidget:
        holder = QWidget(self)
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, max((r.labelWidth() for r in self._rows.values()), default=0))
        em = self.fontMetrics().height()
        grid.setHorizontalSpacing(round(0.7 * em))
        grid.setVerticalSpacing(round(0.35 * em))
        group = ""
        for spec in specs:
            if spec.group != group:
                group = spec.group
                heading = QLabel(group, holder)
                heading.setProperty("role", "heading")
                heading.setContentsMargins(0, round(0.5 * em) if grid.count() else 0, 0, 0)
                grid.addWidget(heading, grid.rowCount(), 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
            self._rows[spec.name].placeIn(grid)
        return holder
