"""One run: its head, its curves, and below them pictures, notes, and what it is about."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, pyqtBoundSignal, pyqtSignal
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.controllers.train.requests import Trainer
from app.controllers.train.run import TrainingRun
from app.workspaces.train.about import about_html
from app.workspaces.train.plots import CRITIC, JUDGED, LOSS, PSEUDO, RATE, RECTIFIER, plot_of
from app.workspaces.train.run_header import RunHeader
from app.workspaces.train.watch_bar import WatchBar
from engine.training.facts import RunFacts
from widgets.panels.jobs import JobsPanel
from widgets.panels.load import LoadBar
from widgets.panels.log import LogPanel
from widgets.panels.previews import PreviewPanel
from widgets.panels.volume.parts import tool_button
from widgets.plots.curves import CurveGroup, TrainingCurves

TABS = ("Pictures", "Log", "About", "Jobs")
PICTURES, LOG = 0, 1
TRAINS = ("queued", "running", "paused", "elsewhere")
NO_NOTES = "What a job of this window, or a process of its own, says is listed here."
NO_PICTURES = "Pictures appear here while it trains, where the method shows any"


def _group(title: str, *, log: bool, smooth: bool) -> CurveGroup:
    return CurveGroup(title, lambda name: plot_of(name) == title, log, smooth)


GROUPS = (
    _group(LOSS, log=True, smooth=True), _group(CRITIC, log=True, smooth=True),
    _group(RECTIFIER, log=True, smooth=True), _group(PSEUDO, log=False, smooth=True),
    _group(JUDGED, log=False, smooth=False), _group(RATE, log=True, smooth=False),
)  # fmt: skip


class RunView(QWidget):
    """Follows one `TrainingRun` at a time.

    `watched` tells whether it is in sight, so that files are only looked at for somebody.

    Attributes:
        header, load, curves, pictures, log, jobs: The parts; the last three are in `tabs`.
        compare: Asks for other runs to be laid over this one.
        watch: Above the pictures of a run that learns from unlabelled cases.
        like_this: Asks for the values of the run in the form.
    """

    watched = pyqtSignal(bool)
    shown = pyqtSignal()  # another state of the run

    def __init__(
        self, trainer_of: Callable[[TrainingRun], Trainer | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._trainer_of = trainer_of
        self._run: TrainingRun | None = None
        self._total = 0
        self._told: RunFacts | None = None
        self.header = RunHeader(self)
        self.load = LoadBar(self)
        self.curves = TrainingCurves(GROUPS, self)
        self.compare = tool_button("mdi6.compare", "Compare with other runs…", self)
        self.curves.addControl(self.compare)
        self.pictures = PreviewPanel(self)
        self.watch = WatchBar(self)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.log = LogPanel(NO_NOTES, self)
        self.jobs = JobsPanel(self)
        self.like_this = QPushButton("New training with these values", self)
        self._about = self._text(Qt.TextFormat.RichText)
        self.tabs = QTabWidget(self)
        self.rows = QSplitter(Qt.Orientation.Vertical, self)
        self._arrange()

    def run(self) -> TrainingRun | None:
        """The run that is shown."""
        return self._run

    def show_run(self, run: TrainingRun) -> None:
        """Show a run, and from now on what becomes of it."""
        if run is self._run:
            return
        self.leave()
        self._run, self._total, self._told = run, 0, None
        self.load.clear()
        self.pictures.clear(NO_PICTURES)
        self.curves.setStore(run.curves)
        self.tabs.setCurrentIndex(0)
        for signal, slot in self._links(run):
            signal.connect(slot)
        self._changed()
        self._noted()
        self._pictured()
        self._show_watching()
        if self.isVisible():
            self.setFocus()

    def leave(self) -> None:
        """Follow nothing any more."""
        if self._run is not None:
            for signal, slot in self._links(self._run):
                signal.disconnect(slot)
        self._run = None

    def trainer(self) -> Trainer | None:
        """What trains the run that is shown; None where nothing here does."""
        return None if self._run is None else self._trainer_of(self._run)

    def about(self) -> str:
        """What is said of the run, rich text."""
        return self._about.text()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.watched.emit(True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.watched.emit(False)

    def _links(self, run: TrainingRun) -> tuple[tuple[pyqtBoundSignal, Callable[[], None]], ...]:
        return (
            (run.changed, self._changed), (run.grown, self.curves.refresh),
            (run.noted, self._noted), (run.pictured, self._pictured),
            (run.watchedOther, self._watched_other),
        )  # fmt: skip

    def _changed(self) -> None:
        run = self._run
        if run is None:
            return
        trainer = self._trainer_of(run)
        self.header.show_run(run, trainer)
        self.curves.setVisible(trainer is None or trainer.makes_run)
        total = run.facts.iterations if run.facts is not None else 0
        if total and total != self._total:
            self._total = total
            self.header.take_total(total)
        if self._told is None or run.facts is not self._told:
            self._told = run.facts
            text = about_html(run.facts, trainer)
            if text != self._about.text():
                self._about.setText(text)
        self._watched_other()
        self.compare.setEnabled(run.facts is not None)
        self.like_this.setVisible(run.facts is not None and trainer is not None)
        self.shown.emit()

    def _noted(self) -> None:
        run = self._run
        entries = run.log if run is not None else []
        self.log.setEntries(entries)
        self.tabs.setTabText(LOG, f"Log ({len(entries)})" if entries else "Log")
        # What the check of the data says is the first there is to see.
        if entries and run is not None and not run.iterations:
            self.tabs.setCurrentIndex(LOG)

    def _pictured(self) -> None:
        run = self._run
        if run is None:
            return
        first = self.pictures.iteration() is None and bool(run.iterations)
        self.pictures.setIterations(run.iterations)
        if first and self.tabs.currentIndex() == LOG:
            self.tabs.setCurrentIndex(PICTURES)

    def _watched_other(self) -> None:
        self._show_watching()
        # Names of classes may come after the first pictures that show them.
        self.pictures.askAgain()

    def _show_watching(self) -> None:
        run = self._run
        if run is not None:
            self.watch.showWatching(run.watching, trains=run.state() in TRAINS)

    def _arrange(self) -> None:
        em = self.fontMetrics().height()
        seen = QWidget(self)
        above = QVBoxLayout(seen)
        above.setContentsMargins(0, em // 3, 0, 0)
        above.setSpacing(em // 3)
        above.addWidget(self.watch)
        above.addWidget(self.pictures, 1)
        pages = (seen, self.log, _scrolled(self._about, self.like_this))
        for title, page in zip(TABS, (*pages, self.jobs), strict=True):
            page.setContentsMargins(0, em // 3, 0, 0)
            self.tabs.addTab(page, title)
        self.tabs.setDocumentMode(True)
        bar = self.tabs.tabBar()
        assert bar is not None, "tabs have a bar"
        bar.setDrawBase(False)
        self.rows.addWidget(self.curves)
        self.rows.addWidget(self.tabs)
        self.rows.setChildrenCollapsible(False)
        self.rows.setStretchFactor(0, 3)
        self.rows.setStretchFactor(1, 2)
        self.rows.setSizes([26 * em, 15 * em])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        outer.setSpacing(em // 2)
        outer.addWidget(self.header)
        outer.addWidget(self.load)
        outer.addWidget(self.rows, 1)

    def _text(self, kind: Qt.TextFormat) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(kind)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label


def _scrolled(*widgets: QWidget) -> QScrollArea:
    inner = QWidget()
    column = QVBoxLayout(inner)
    for widget in widgets:
        left = isinstance(widget, QPushButton)
        column.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag(0))
    column.addStretch(1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(inner)
    return area
