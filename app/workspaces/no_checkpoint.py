"""What is said where there is no checkpoint yet: where they come from."""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.method import Method

TEXT = (
    "<b>No checkpoint of {title} yet</b><br>Train one in Train, or import published "
    "weights:<br><code>reverie train --method {id}</code><br>"
    "<code>reverie import --method {id}</code><br>"
    "A .safetensors file can also be opened from where it lies."
)


class NoCheckpoint(QFrame):
    """A card with two ways out.

    Attributes:
        open_file: For a file from anywhere.
        look_again: After one was trained or imported elsewhere.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setAccessibleName("Where checkpoints come from")
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_file = QPushButton("Open a file…", self)
        self.look_again = QPushButton("Look again", self)
        self.look_again.setToolTip("After a checkpoint was trained or imported elsewhere")
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_file)
        buttons.addWidget(self.look_again)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self._text)
        column.addLayout(buttons)

    def setMethod(self, method: Method) -> None:
        """Whose checkpoints are missing."""
        self._text.setText(TEXT.format(title=escape(method.title), id=method.id))

    def text(self) -> str:
        """As shown, rich text."""
        return self._text.text()
