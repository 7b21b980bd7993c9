"""Below the views: what a method did and found, and what runs. Widgets and their places only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import forms
from engine.data.labels.doubt import LEAST
from engine.methods.cdm.use_params import SHORT, CutParams
from widgets.elided_label import ElidedLabel
from widgets.panels.contact_sheet import ContactSheet
from widgets.panels.jobs import JobsPanel
from widgets.panels.volume.doubt_panel import DoubtPanel
from widgets.panels.volume.heat_panel import HeatPanel
from widgets.panels.volume.parts import muted, tool_button
from widgets.panels.volume.threshold_panel import ThresholdPanel
from widgets.timeline.timeline import Timeline
from widgets.viewer.image_view import ImageView

STATES = {"x_t": "State x_t", "x0_hat": "Estimate x0_hat"}
NETWORK = "A window of the slice, as the network sees it"
HIGH_EM = 13
SMALL_THUMB = 36  # logical pixels, so that two rows find room
LINE_FIELDS = ("threshold", "steps")
"""Parameters of a cut that have a line and a slider of their own."""


class StepsPanel(QWidget):
    """The denoising steps of one vote as a filmstrip, the chosen one large beside it.

    Attributes:
        vote, state: Which vote, and which of its two states, is shown.
        timeline: The strip.
        image: The frame that is chosen there.
    """

    voteChosen = pyqtSignal(int)  # by the user
    stateChosen = pyqtSignal(str)  # a name of `STATES`

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.vote = QComboBox(self)
        self.vote.setAccessibleName("Vote")
        self.state = QComboBox(self)
        self.state.setAccessibleName("State")
        for name, title in STATES.items():
            self.state.addItem(title, name)
        self.state.setCurrentIndex(1)
        self.note = muted("", self)
        self.note.setWordWrap(True)
        self.timeline = Timeline(self)
        self.timeline.setSmallest(SMALL_THUMB)
        self._ways = False
        self.image = ImageView(self)
        self.image.setPlaceholder("The chosen step appears here")
        self.vote.activated.connect(self.voteChosen)
        self.state.activated.connect(self._state_chosen)
        self._build()
        self.setVotes(0)

    def shown(self) -> str:
        """Which state: "x_t" or "x0_hat"."""
        return str(self.state.currentData())

    def setVotes(self, count: int) -> None:
        """Offer so many votes; the chosen one stays."""
        self._offer([f"Vote {number + 1}" for number in range(count)], "Vote")
        self.note.setText(NETWORK if count else "")
        self._ways = False
        self._set_rows()

    def setWays(self, ways: Mapping[str, str], note: str) -> None:
        """Offer ways that a run went side by side, name -> title; the first two are the rows."""
        self._offer(list(ways.values()), "Way")
        self.note.setText(note)
        self._ways = True
        self.timeline.setRows(tuple(ways)[:2])

    def _offer(self, titles: Sequence[str], what: str) -> None:
        chosen = max(self.vote.currentIndex(), 0)
        self.vote.setAccessibleName(what)
        with QSignalBlocker(self.vote):
            if titles != [self.vote.itemText(i) for i in range(self.vote.count())]:
                self.vote.clear()
                self.vote.addItems(titles)
            if titles:
                self.vote.setCurrentIndex(min(chosen, len(titles) - 1))
        for box in (self.vote, self.state):
            box.setEnabled(bool(titles))

    def _set_rows(self) -> None:
        if not self._ways:
            self.timeline.setRows((self.shown(),))

    def _state_chosen(self) -> None:
        self._set_rows()
        self.stateChosen.emit(self.shown())

    def _build(self) -> None:
        em = self.fontMetrics().height()
        side = QVBoxLayout()
        side.setSpacing(em // 3)
        for widget in (self.vote, self.state, self.note):
            side.addWidget(widget)
        side.addStretch(1)
        for box in (self.vote, self.state):
            box.setFixedWidth(10 * em)
        self.note.setMaximumWidth(10 * em)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(self.timeline)
        split.addWidget(self.image)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([3 * HIGH_EM * em, HIGH_EM * em])
        split.setChildrenCollapsible(False)
        row = QHBoxLayout(self)
        row.setSpacing(em // 2)
        row.addLayout(side)
        row.addWidget(split, 1)


class VotesPanel(QWidget):
    """The votes on one slice.

    Attributes:
        sheet: A picture a vote, the majority first.
        where: Which slice that is.
        outline: Whether the chosen vote is outlined in the view.
        go: Goes to that slice.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = ContactSheet(
            self, name="Votes", use="Go to this slice", recalls=False, whole_captions=True
        )
        self.where = ElidedLabel("", self)
        self.where.setProperty("role", "muted")
        self.outline = tool_button(
            "mdi6.vector-polyline", "Outline the chosen vote in the view", self, checkable=True
        )
        self.outline.setChecked(True)
        self.go = tool_button("mdi6.crosshairs-gps", "Go to this slice", self, text="Go there")
        head = QHBoxLayout()
        head.addWidget(self.go)
        head.addWidget(self.outline)
        head.addWidget(self.where, 1)
        column = QVBoxLayout(self)
        column.setSpacing(self.fontMetrics().height() // 4)
        column.addLayout(head)
        column.addWidget(self.sheet, 1)


class SegmentDock(QWidget):
    """Tabs about the last run and what runs; hidden until there is something.

    Attributes:
        tabs: The panels below.
        steps, votes, threshold, doubt, heat, jobs: See their classes.
    """

    hideRequested = pyqtSignal()

    def __init__(self, jobs: JobsPanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = StepsPanel()
        self.votes = VotesPanel()
        self.threshold = ThresholdPanel()
        self.doubt = DoubtPanel(LEAST)
        specs = forms.field_specs(CutParams, {})
        self.heat = HeatPanel(
            [replace(spec, group="") for spec in specs if spec.name not in LINE_FIELDS]
        )
        self.heat.setOthers(SHORT)
        self.jobs = jobs
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        bar = self.tabs.tabBar()
        assert bar is not None, "tabs have a bar"
        bar.setDrawBase(False)
        em = self.fontMetrics().height()
        for title, panel in (
            ("Steps", self.steps), ("Votes", self.votes), ("Threshold", self.threshold),
            ("Doubt", self.doubt), ("Heat map", self.heat), ("Jobs", self.jobs),
        ):  # fmt: skip
            panel.setContentsMargins(0, 0, 0, 0)
            layout = panel.layout()
            if layout is not None:
                layout.setContentsMargins(em // 2, em // 4, em // 2, em // 2)
            self.tabs.addTab(panel, title)
        self.hide_button = tool_button("mdi6.chevron-down", "Hide this panel", self)
        self.hide_button.clicked.connect(self.hideRequested)
        self.tabs.setCornerWidget(self.hide_button, Qt.Corner.TopRightCorner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)
        self.setMinimumHeight(8 * em)
        self.setHeat(False)

    def setHeat(self, heat: bool) -> None:
        """Offer what is about heat maps, or what is about votes."""
        for panel in (self.votes, self.threshold, self.doubt, self.heat):
            self.tabs.setTabVisible(self.tabs.indexOf(panel), (panel is self.heat) is heat)

    def setSteps(self, steps: bool) -> None:
        """Offer the strip of steps; a run that shows none has no use for it."""
        self.tabs.setTabVisible(self.tabs.indexOf(self.steps), steps)

    def wantedHeight(self) -> int:
        """Of a first start, in pixels."""
        return HIGH_EM * self.fontMetrics().height()

    def setJobCount(self, busy: int) -> None:
        """Say how many jobs run or wait."""
        place = self.tabs.indexOf(self.jobs)
        self.tabs.setTabText(place, f"Jobs ({busy})" if busy else "Jobs")

    def setDoubtCount(self, places: int) -> None:
        """Say how many doubtful places there are."""
        place = self.tabs.indexOf(self.doubt)
        self.tabs.setTabText(place, f"Doubt ({places})" if places else "Doubt")
