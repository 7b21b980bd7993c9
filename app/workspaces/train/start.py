"""What Train shows while no run is open: how to begin, and the runs of before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon
from widgets.paint.flow import FlowRow
from widgets.panels.card_grid import CardGrid
from widgets.panels.recent_card import RecentCard, RecentItem
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
        picture = QLabel(self)
        side = 3 * em
        picture.setPixmap(
            icon("mdi6.school-outline", tone="muted").pixmap(
                QSize(side, side), self.devicePixelRatioF()
            )
        )
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
        self._heading = QLabel("Recent runs", self)
        self._heading.setProperty("role", "heading")
        self._grid = CardGrid()
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(self._grid)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
        column.addWidget(self._heading)
        column.addWidget(self._scroll, 6)
        self.setRecent(())

    def setRecent(self, items: Sequence[RecentItem]) -> None:
        """Show these in place of the present ones; their keys come back in signals."""
        cards = []
        for item in items:
            card = RecentCard(item)
            card.clicked.connect(lambda _, key=item.key: self.recentRequested.emit(key))
            card.removed.connect(lambda key=item.key: self.removeRequested.emit(key))
            cards.append(card)
        self._grid.setCards(cards)
        self._heading.setVisible(bool(cards))
        self._scroll.setVisible(bool(cards))

    def cards(self) -> list[RecentCard]:
        return self._grid.cards()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and _folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        folder = None if event is None else _folder(event)
        if event is not None and folder is not None:
            event.acceptProposedAction()
            self.dropped.emit(folder)


def _folder(event: QDropEvent) -> Path | None:
    data = event.mimeData()
    urls = [] if data is None else data.urls()
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return paths[0] if paths else None
