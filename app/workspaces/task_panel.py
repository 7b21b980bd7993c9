"""The inspector of a method with checkpoints: method, checkpoint, parameters, how a run goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
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
from app.segmenters import CHECKPOINT, Findable, Segmenter
from app.workspaces.no_checkpoint import NoCheckpoint
from app.workspaces.presets import PresetBox
from engine.library import Entry
from widgets.elided_label import ElidedLabel
from widgets.forms.controls.calm_combo import CalmComboBox
from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec
from widgets.icons import icon
from widgets.panels.job_bar import JobBar
from widgets.panels.job_row import JobRow
from widgets.panels.volume.parts import tool_button

SEED, CHANNEL, LABEL, LEVEL = "seed", "channel", "label", "level"
ASK = ((-1, "Ask the classifier"), (0, "Nothing"))
"""What a slice shows, where a method is told."""
NOT_CHOSEN = ("", "None")
LONG_NAME = 28


class TaskPanel(QWidget):
    """What a result is made with; run and cancel are connected by whoever runs.

    Args:
        segmenters: The methods to choose from.
        verb, glyph: Name and icon of the button that runs.
        between: What else is chosen, above the parameters.
        beside: Another button, left of the one that runs.

    Attributes:
        method, checkpoint: Lists to choose from; the first is hidden where there is one method.
        browse: For a checkpoint's file anywhere.
        none: See `NoCheckpoint`; shown while there is nothing to choose.
        form: All other parameters.
        run, cancel: Buttons.
    """

    methodChosen = pyqtSignal(int)  # place in the list, by the user
    checkpointChosen = pyqtSignal(str)  # name or file, by the user
    browseRequested = pyqtSignal()
    lookAgainRequested = pyqtSignal()

    def __init__(
        self, segmenters: Sequence[Segmenter], verb: str, glyph: str,
        parent: QWidget | None = None, *, between: Sequence[QWidget] = (),
        beside: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._segmenters = tuple(segmenters)
        self._current = self._segmenters[0]
        self._specs: list[FieldSpec] = []
        self.method = QComboBox(self)
        self.method.setAccessibleName("Method")
        self.method.addItems([segmenter.method.title for segmenter in self._segmenters])
        self.method.activated.connect(self.methodChosen)
        self.checkpoint = CalmComboBox(self)
        self.checkpoint.setAccessibleName("Checkpoint")
        self.checkpoint.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.checkpoint.setMinimumContentsLength(8)
        self.checkpoint.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.checkpoint.activated.connect(self._checkpoint_chosen)
        self.browse = tool_button("mdi6.folder-open-outline", "Browse for a checkpoint…", self)
        self.browse.clicked.connect(lambda: self.browseRequested.emit())
        self._finds = self._text("")
        self._facts = self._text("muted")
        self.none = NoCheckpoint(self)
        self.none.open_file.clicked.connect(lambda: self.browseRequested.emit())
        self.none.look_again.clicked.connect(lambda: self.lookAgainRequested.emit())
        self.preset = PresetBox(self._current.task, self)
        self.preset.taken.connect(self._preset_taken)
        self.form = Form(parent=self)
        self.form.changed.connect(lambda _: self._show_preset())
        self.run = QPushButton(icon(glyph, tone="on_accent"), verb, self)
        self.run.setProperty("primary", True)
        self.run.setAccessibleName(verb)
        self.cancel = QPushButton("Cancel", self)
        self._bar = JobBar(self)
        self._status = ElidedLabel("", self)
        self._status.setProperty("role", "muted")
        self._build(between, beside)
        self.showMethod(0)
        self.setCheckpoints((), "")
        self.showJob(None)

    # --- what to run with

    def segmenters(self) -> tuple[Segmenter, ...]:
        """The methods that there are."""
        return self._segmenters

    def current(self) -> Segmenter:
        """The method that is shown."""
        return self._current

    def showMethod(self, place: int) -> None:
        """Show the parameters of a method, at their defaults."""
        self._current = self._segmenters[place]
        self.method.setCurrentIndex(place)
        method = self._current.method
        self.method.setToolTip(f"{method.summary}\n{method.paper}")
        self._title.setText(method.title)
        self._title.setToolTip(self.method.toolTip())
        open_: dict[str, Any] = dict.fromkeys(self._current.roles(), (NOT_CHOSEN,))
        open_[LABEL] = ASK
        specs = forms.field_specs(self._current.task.params, open_)
        self._specs = [spec for spec in specs if spec.name != CHECKPOINT]
        self.form.setSpecs(self._specs)
        self.preset.setTask(self._current.task)
        self.none.setMethod(method)
        self._show_preset()

    def setCheckpoints(self, entries: Sequence[Entry], name: str) -> None:
        """Offer these, and show the one of this name, else the first."""
        with QSignalBlocker(self.checkpoint):
            self.checkpoint.clear()
            for value, title in forms.model_choices(entries):
                self.checkpoint.addItem(title, value)
                self.checkpoint.setItemData(
                    self.checkpoint.count() - 1, value, Qt.ItemDataRole.ToolTipRole
                )
            self.checkpoint.setCurrentIndex(max(0, self.checkpoint.findData(name)))
        self.checkpoint.setEnabled(bool(entries))
        self.none.setVisible(not entries)
        self.run.setEnabled(bool(entries))

    def setOthers(self, name: str, entries: Sequence[Entry], chosen: str = "") -> None:
        """Offer checkpoints for another parameter; `chosen`: show this one, if it is there."""
        before = chosen or self.form.values()[name]
        self._offer(name, (NOT_CHOSEN, *(forms.model_choices(entries) if entries else ())))
        self.form.setValues(forms.usable(self._specs, {name: before}))

    def checkpointName(self) -> str:
        """Name or file of the checkpoint that is shown; "" where there is none."""
        return str(self.checkpoint.currentData() or "")

    def showFindable(self, found: Findable | None) -> None:
        """Say what the checkpoint finds."""
        structures = () if found is None else found.structures
        chips = [
            f"<span style='color:{_hex(s.colour)}'>■</span>&nbsp;{_together(s.name)}"
            for s in structures
        ]
        self._finds.setText(" &nbsp; ".join(chips))
        self._finds.setVisible(bool(chips))
        facts = "" if found is None else "; ".join(found.facts)
        self._facts.setText(facts[:1].upper() + facts[1:])
        self._facts.setVisible(bool(facts))
        if found is not None and self._has(LEVEL) and found.levels:
            self.form.setSlider(LEVEL, *self.levels(found.levels))
        if self._has(LABEL):
            self._offer(LABEL, (*ASK, *((s.value, s.name) for s in structures)))
        detail = "" if found is None else "\n".join(found.detail)
        for label in (self._finds, self._facts):
            label.setToolTip(detail)

    def levels(self, total: int) -> tuple[int, int]:
        """The ends of the slider of a noise level, of a model that has so many."""
        return 1, total - 1

    def values(self) -> dict[str, Any]:
        """All parameters, the checkpoint among them."""
        return {**self.form.values(), CHECKPOINT: self.checkpointName()}

    def setValues(self, values: Mapping[str, Any]) -> None:
        """Show those of these values that the fields can show."""
        self.form.setValues(forms.usable(self._specs, values))
        self._show_preset()

    def isSeedKept(self) -> bool:
        """Whether the seed stays from one run to the next."""
        return self._has(SEED) and self.form.isSeedKept(SEED)

    def setSeedKept(self, kept: bool) -> None:
        if self._has(SEED):
            self.form.setSeedKept(SEED, kept)

    def setChannels(self, count: int, shown: int) -> None:
        """How many of which one is segmented, and which one that is first; 1: nothing to ask."""
        if self._has(CHANNEL):
            self.form.setFieldVisible(CHANNEL, count > 1)
            self.form.setValues({CHANNEL: shown})

    def finds(self) -> str:
        """The structures as shown, rich text."""
        return self._finds.text()

    def facts(self) -> str:
        return self._facts.text()

    # --- how it goes

    def showJob(self, row: JobRow | None) -> None:
        """How the current run goes; None when there is none."""
        self.cancel.setEnabled(self._bar.showJob(row))
        self._status.setText(row.status() if row is not None else "")

    def setStatus(self, text: str) -> None:
        """A line under the buttons."""
        self._status.setText(text)

    def status(self) -> str:
        return self._status.text()

    # --- inside

    def _has(self, name: str) -> bool:
        return name in [spec.name for spec in self._specs]

    def _checkpoint_chosen(self) -> None:
        self.checkpointChosen.emit(self.checkpointName())

    def _show_preset(self) -> None:
        self.preset.showFor(self.form.values())

    def _offer(self, name: str, choices: tuple[tuple[Any, str], ...]) -> None:
        """Other choices of a field; its value stays if it is among them."""
        self.form.setChoices(name, choices)
        self._specs = [
            replace(spec, choices=choices) if spec.name == name else spec for spec in self._specs
        ]

    def _preset_taken(self, values: Mapping[str, Any]) -> None:
        self.form.setValues(values)
        self._show_preset()

    def _text(self, role: str) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        label.setProperty("role", role)
        label.setTextFormat(Qt.TextFormat.PlainText if role else Qt.TextFormat.RichText)
        return label

    def _build(self, between: Sequence[QWidget], beside: QWidget | None) -> None:
        em = self.fontMetrics().height()
        self._title = QLabel(self)
        self._title.setProperty("role", "heading")
        several = len(self._segmenters) > 1
        self.method.setVisible(several)
        self._title.setVisible(not several)
        self._title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(em // 2)
        head.addWidget(self._title)
        head.addWidget(self.method, 1)
        head.addWidget(QLabel("Preset", self))
        head.addWidget(self.preset, 1)
        chosen = QHBoxLayout()
        chosen.setSpacing(em // 2)
        chosen.addWidget(QLabel("Checkpoint", self))
        chosen.addWidget(self.checkpoint, 1)
        chosen.addWidget(self.browse)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, em // 2, 0)
        column.setSpacing(em // 2)
        column.addLayout(chosen)
        for widget in (self.none, self._finds, self._facts, *between, self.form):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        buttons = QHBoxLayout()
        if beside is not None:
            buttons.addWidget(beside, 1)
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.cancel)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(em // 3)
        outer.addLayout(head)
        outer.addWidget(area, 1)
        outer.addLayout(buttons)
        outer.addWidget(self._bar)
        outer.addWidget(self._status)


def _together(name: str) -> str:
    """A name that is not broken into lines, unless it is long."""
    text = escape(name)
    return text if len(name) > LONG_NAME else text.replace(" ", "&nbsp;")


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
