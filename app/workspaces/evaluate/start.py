"""What Evaluate shows while no evaluation is open: what to drop, and the evaluations of before."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.dropped import dropped_paths
from widgets.icon_label import IconLabel
from widgets.icons import icon
from widgets.panels.recent_card import RecentCard, RecentItem
from widgets.panels.recent_cards import RecentCards
from widgets.tips import give_tip

TITLE = "Judge results by what is true"
HINT = (
    "Drop predictions and references here, files or folders: label maps or images of any program. "
    "Those of a second model are compared in pairs. Or choose a checkpoint and the images that it "
    "was not trained on. Or drop an evaluation (.json) to look at it again."
)


class EvaluateStart(QWidget):
    """A button, a place to drop on, and cards of recent evaluations."""

    openRequested = pyqtSignal()
    recentRequested = pyqtSignal(str)  # file
    removeRequested = pyqtSignal(str)
    dropped = pyqtSignal(list)  # of Path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        em = self.fontMetrics().height()
        picture = IconLabel(self)
        picture.setIcon("mdi6.chart-box-outline", "muted", 3 * em)
        title = QLabel(TITLE, self)
        font = title.font()
        font.setPointSizeF(1.3 * font.pointSizeF())
        title.setFont(font)
        hint = QLabel(HINT, self)
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        hint.setMaximumWidth(36 * em)
        self.open_file = QPushButton(
            icon("mdi6.folder-open-outline"), "Open evaluation…", self
        )  # fmt: skip
        give_tip(self.open_file, "Look at an evaluation that was saved as JSON")
        self.open_file.clicked.connect(self.openRequested)
        self._recent = RecentCards("Recent evaluations", self)
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
        for widget, stretch in ((hint, 100), (self.open_file, 0)):
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget, stretch)
            row.addStretch(1)
            column.addLayout(row)
            column.addSpacing(em // 2)
        column.addStretch(1)
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
            self.dropped.emit(paths)
