"""What was open before: a heading over cards that scroll."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from widgets.panels.card_grid import CardGrid
from widgets.panels.recent_card import RecentCard, RecentItem


class RecentCards(QWidget):
    """Nothing is seen while there are no cards; their keys come back in signals."""

    chosen = pyqtSignal(str)  # key of a RecentItem
    removed = pyqtSignal(str)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel(title, self)
        heading.setProperty("role", "heading")
        self._grid = CardGrid()
        area = QScrollArea(self)
        area.setWidget(self._grid)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self.fontMetrics().height() // 2)
        column.addWidget(heading)
        column.addWidget(area, 1)
        self.setItems(())

    def setItems(self, items: Sequence[RecentItem]) -> None:
        """Show these in place of the present ones."""
        cards = []
        for item in items:
            card = RecentCard(item)
            card.clicked.connect(lambda _, key=item.key: self.chosen.emit(key))
            card.removed.connect(lambda key=item.key: self.removed.emit(key))
            cards.append(card)
        self._grid.setCards(cards)
        self.setVisible(bool(cards))

    def cards(self) -> list[RecentCard]:
        return self._grid.cards()
