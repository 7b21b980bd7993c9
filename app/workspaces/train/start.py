"""What Train shows while no run is open: how to begin, and the runs of before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from widgets.dropped import dropped_paths
from widgets.icon_label import IconLabel
from widgets.icons import icon
from widgets.paint.flow import FlowRow
from widgets.panels.recent_card import RecentCard, RecentItem
from widgets.panels.recent_cards import RecentCards
from widgets.tips import give_tip

TITLE = "Train a method on your own data"
HINT = (
    "Let yourself be guided, question by question. Or choose images and labels at the right, and "
    "start. Or open a run: to see how it went, to "
    "continue it, or to watch one that another program or machine is training."
)


class TrainStart(QWidget):
    """A button, a place to drop run folders on, and cards of recent runs."""

    openRequested = pyqtSignal()
    guideRequested = pyqtSignal()
    runsRequested = pyqtSignal()
    recentRequested = pyqtSignal(str)  # folder
    removeRequested = pyqtSignal(str)
    dropped = pyqtSignal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        em = self.fontMetrics().height()
        picture = IconLabel(self)
        picture.setIcon("mdi6.school-outline", "muted", 3 * em)
        title = QLabel(TITLE, self)
        font = title.font()
        font.setPointSizeF(1.3 * font.pointSizeF())
        title.setFont(font)
        hint = QLabel(HINT, self)
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self.open_run = QPushButton(icon("mdi6.folder-open-outline"), "Open run folder…", self)
        give_tip(self.open_run, "Look at a run, or continue it")
        self.open_run.clicked.connect(self.openRequested)
        self.all_runs = QPushButton(icon("mdi6.table"), "All runs…", self)
        give_tip(self.all_runs, "In a table: how they went, what they differ in, notes")
        self.all_runs.clicked.connect(self.runsRequested)
        guided = icon("mdi6.map-marker-question-outline", tone="on_accent")
        self.guided = QPushButton(guided, "New run, guided…", self)
        self.guided.setProperty("primary", True)
        give_tip(
            self.guided, "Question by question",
            "What you want, what you have; the method that fits, and whether it fits this machine",
        )  # fmt: skip
        self.guided.clicked.connect(self.guideRequested)
        buttons = FlowRow(em // 2, centred=True)
        buttons.add(self.guided)
        buttons.add(self.open_run)
        buttons.add(self.all_runs)
        self._recent = RecentCards("Recent runs", self)
        self._recent.chosen.connect(self.recentRequested)
        self._recent.removed.connect(self.removeRequested)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * em, 2 * em, 2 * em, em)
        column.setSpacing(em // 2)
        column.addStretch(1)
        for label in (picture, title, hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(picture)
        column.addWidget(title)
        hint.setMaximumWidth(36 * em)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(hint, 100)
        middle.addStretch(1)
        column.addLayout(middle)
        column.addSpacing(em // 2)
        column.addWidget(buttons)
        column.addStretch(1)
        column.addSpacing(em)
        column.addWidget(self._recent, 6)

    def setRecent(self, items: Sequence[RecentItem]) -> None:
        """Show these in place of the present ones; their keys come back in signals."""
        self._recent.setItems(items)

    def cards(self) -> list[RecentCard]:
        return self._recent.cards()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        paths = dropped_paths(event)
        if event is not None and paths:
            event.acceptProposedAction()
            self.dropped.emit(paths[0])
