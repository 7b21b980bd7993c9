"""One answer of several, each with a line that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QButtonGroup, QFrame, QLabel, QRadioButton, QVBoxLayout, QWidget


@dataclass(frozen=True)
class Choice:
    """An answer.

    Attributes:
        key: Comes back in signals.
        title, detail: What it is; the detail may be rich in words, "" for none.
        enabled: Whether it can be chosen; where not, the detail says why.
    """

    key: str
    title: str
    detail: str = ""
    enabled: bool = True


class ChoiceList(QWidget):
    """Answers below each other; the arrow keys go from one to the next, a click takes one.

    `chosen` tells what the user took; the setters are silent.
    """

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._cards: dict[str, _Card] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(self.fontMetrics().height() // 2)

    def setChoices(self, choices: Sequence[Choice], chosen: str = "") -> None:
        """Offer these in place of the present ones."""
        for card in self._cards.values():
            self._group.removeButton(card.button)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = {choice.key: _Card(choice, self) for choice in choices}
        for key, card in self._cards.items():
            self._group.addButton(card.button)
            self._column.addWidget(card)
            card.button.clicked.connect(lambda _, key=key: self.chosen.emit(key))
        if chosen:
            self.setChosen(chosen)

    def setChosen(self, key: str) -> None:
        """Take an answer.

        Raises:
            KeyError: there is none of that key.
        """
        self._cards[key].button.setChecked(True)

    def choice(self) -> str:
        """The key of the answer, "" while there is none."""
        return next((key for key, card in self._cards.items() if card.button.isChecked()), "")

    def button(self, key: str) -> QRadioButton:
        """The button of an answer."""
        return self._cards[key].button

    def keys(self) -> tuple[str, ...]:
        """Of all answers, in their order."""
        return tuple(self._cards)

    def focusAnswer(self) -> None:
        """Let the arrow keys go from answer to answer."""
        card = self._cards.get(self.choice()) or next(
            (c for c in self._cards.values() if c.button.isEnabled()), None
        )
        if card is not None:
            card.button.setFocus(Qt.FocusReason.OtherFocusReason)


class _Card(QFrame):
    """A radio button with its explanation; a click anywhere takes it."""

    def __init__(self, choice: Choice, parent: QWidget) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self.setProperty("role", "card")
        self.button = QRadioButton(choice.title, self)
        self.button.setEnabled(choice.enabled)
        self.button.setAccessibleDescription(choice.detail)
        self.button.toggled.connect(self._mark)
        column = QVBoxLayout(self)
        column.setContentsMargins(em // 2, em // 2, em // 2, em // 2)
        column.setSpacing(em // 6)
        column.addWidget(self.button)
        if choice.detail:
            detail = QLabel(choice.detail, self)
            detail.setTextFormat(Qt.TextFormat.PlainText)
            detail.setProperty("role", "muted")
            detail.setWordWrap(True)
            detail.setContentsMargins(round(1.4 * em), 0, 0, 0)
            detail.setEnabled(choice.enabled)
            column.addWidget(detail)

    def _mark(self, chosen: bool) -> None:
        self.setProperty("chosen", chosen)
        style = self.style()
        assert style is not None
        style.unpolish(self)
        style.polish(self)

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        inside = a0 is not None and self.rect().contains(a0.position().toPoint())
        if inside and a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            self.button.setFocus(Qt.FocusReason.MouseFocusReason)
            self.button.click()
        super().mouseReleaseEvent(a0)
