"""Parts of the cheat sheet: cards of keys and what they do, in columns that fit the width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QFrame, QWidget

from widgets.theme import theme_of

_COLUMN_EMS = 21
_WRAP = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
_TALL = 10_000


@dataclass(frozen=True)
class Row:
    """Keys, and what they do."""

    keys: tuple[str, ...]
    what: str

    def matches(self, words: str) -> bool:
        """Whether every word occurs in it."""
        text = " ".join((*self.keys, self.what)).lower()
        return all(word in text for word in words.lower().split())


@dataclass(frozen=True)
class _Placed:
    caps: tuple[tuple[QRectF, str], ...]
    text: QRect
    what: str


class Card(QFrame):
    """A heading with rows below it: key caps at the left, what they do at the right."""

    def __init__(self, title: str, rows: Sequence[Row], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.title, self.rows = title, tuple(rows)
        self.setAccessibleName(title)
        self.setAccessibleDescription(
            "; ".join(f"{', '.join(row.keys)}: {row.what}" for row in rows)
        )

    def heightForWidth(self, width: int) -> int:
        return self._place(width)[1]

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        theme, pad = theme_of(self), self._pad()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.text))
        painter.setFont(self._bold())
        painter.drawText(pad, pad + painter.fontMetrics().ascent(), self.title)
        painter.setFont(self.font())
        for row in self._place(self.width())[0]:
            for cap, key in row.caps:
                painter.setPen(QPen(QColor(theme.border), 1))
                painter.setBrush(QColor(theme.raised))
                painter.drawRoundedRect(cap, 4, 4)
                painter.setPen(QColor(theme.text))
                painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)
            painter.drawText(row.text, int(_WRAP), row.what)
        painter.end()

    def _pad(self) -> int:
        return round(0.7 * self.fontMetrics().height())

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font

    def _place(self, width: int) -> tuple[list[_Placed], int]:
        """The rows in a card of this width, and its height."""
        metrics, pad = self.fontMetrics(), self._pad()
        em = metrics.height()
        half = (width - 2 * pad - em) // 2
        left = min(half, max((self._wide(row) for row in self.rows), default=0))
        start = pad + left + em
        placed, y = [], pad + QFontMetrics(self._bold()).height() + em // 3
        for row in self.rows:
            caps = self._caps(row.keys, pad, y, left)
            room = QRect(start, 0, max(width - start - pad, em), _TALL)
            tall = metrics.boundingRect(room, int(_WRAP), row.what).height()
            bottom = max((round(cap.bottom()) for cap, _ in caps), default=y)
            shift = max(round((1.3 * em - metrics.height()) / 2), 0)
            text = QRect(start, y + shift, room.width(), tall)
            placed.append(_Placed(caps, text, row.what))
            y = max(bottom, text.bottom()) + em // 3
        return placed, y + pad - em // 3

    def _wide(self, row: Row) -> int:
        caps = self._caps(row.keys, 0, 0, _TALL)
        return round(max((cap.right() for cap, _ in caps), default=0.0)) + 1

    def _caps(
        self, keys: Sequence[str], left: int, top: int, room: int
    ) -> tuple[tuple[QRectF, str], ...]:
        """Caps side by side, in as many lines as it takes."""
        metrics = self.fontMetrics()
        em = metrics.height()
        found: list[tuple[QRectF, str]] = []
        x, y = left + 0.5, top + 0.5
        for key in keys:
            wide = max(1.4 * em, metrics.horizontalAdvance(key) + 0.7 * em)
            if x > left + 1 and x + wide > left + room + 1:
                x, y = left + 0.5, y + 1.5 * em
            shown = metrics.elidedText(key, Qt.TextElideMode.ElideRight, round(room - 0.5 * em))
            found.append((QRectF(x, y, min(wide, room), 1.3 * em), shown))
            x += wide + 0.25 * em
        return tuple(found)


class Columns(QWidget):
    """Cards in as many columns as fit, each put where there is most room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: list[Card] = []

    def setCards(self, cards: Sequence[Card]) -> None:
        """Show these in place of the present ones."""
        for card in self._cards:
            card.setParent(None)
            card.deleteLater()
        self._cards = list(cards)
        for card in cards:
            card.setParent(self)
            card.show()
        self._place()

    def cards(self) -> list[Card]:
        return list(self._cards)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        em = self.fontMetrics().height()
        gap = em // 2
        room = max(self.width(), 1)
        count = max(1, min(room // (_COLUMN_EMS * em), len(self._cards)))
        width = (room - (count - 1) * gap) // count
        bottoms = [0] * count
        for card in self._cards:
            column = bottoms.index(min(bottoms))
            height = card.heightForWidth(width)
            card.setGeometry(column * (width + gap), bottoms[column], width, height)
            bottoms[column] += height + gap
        self.setMinimumHeight(max(bottoms))
