"""Cards in a grid."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QWidget

from widgets.panels.recent_card import RecentCard

_MAX_COLUMNS = 3


class CardGrid(QWidget):
    """Cards of one size in rows, as many in a row as fit."""

    def __init__(self) -> None:
        super().__init__()
        self._cards: list[RecentCard] = []

    def cards(self) -> list[RecentCard]:
        return list(self._cards)

    def setCards(self, cards: Sequence[RecentCard]) -> None:
        for card in self._cards:
            card.setParent(None)
            card.deleteLater()
        self._cards = list(cards)
        for card in cards:
            card.setParent(self)
            card.show()
        self._place()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        if not self._cards:
            self.setMinimumHeight(0)
            return
        wanted = self._cards[0].sizeHint()
        gap = self.fontMetrics().height() // 2
        columns = max(1, min((self.width() + gap) // (wanted.width() + gap), _MAX_COLUMNS))
        width = (self.width() - (columns - 1) * gap) // columns
        for place, card in enumerate(self._cards):
            row, column = divmod(place, columns)
            left, top = column * (width + gap), row * (wanted.height() + gap)
            card.setGeometry(left, top, width, wanted.height())
        rows = -(-len(self._cards) // columns)
        self.setMinimumHeight(rows * (wanted.height() + gap))
