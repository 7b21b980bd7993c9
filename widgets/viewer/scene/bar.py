"""The buttons over the 3D view."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from widgets.icons import icon
from widgets.theme import DARK
from widgets.viewer.scene.camera import LETTERS

_SIDES = {
    "A": "front", "P": "back", "L": "left", "R": "right", "S": "head", "I": "feet",
}  # fmt: skip
_SPARE = 8  # pixels of margin


class SceneBar(QWidget):
    """Sides to look from, everything in view, surfaces or projection."""

    stood = pyqtSignal(str)
    resetRequested = pyqtSignal()
    projected = pyqtSignal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        line = QHBoxLayout(self)
        line.setContentsMargins(4, 4, 4, 0)
        line.setSpacing(0)
        self.sides: dict[str, QToolButton] = {}
        for letter in LETTERS:
            button = self._button(f"From the {_SIDES[letter]} ({letter})")
            button.setText(letter)
            button.clicked.connect(lambda _, letter=letter: self.stood.emit(letter))
            line.addWidget(button)
            self.sides[letter] = button
        line.addStretch(1)
        self.reset = self._button("Show everything, from the front")
        self.reset.setIcon(icon("mdi6.fit-to-page-outline", DARK))
        self.reset.clicked.connect(self.resetRequested)
        self.projection = self._button("Maximum-intensity projection in place of surfaces")
        self.projection.setText("MIP")
        self.projection.setCheckable(True)
        self.projection.toggled.connect(self.projected)
        line.addWidget(self.projection)
        line.addWidget(self.reset)

    def showProjection(self, on: bool) -> None:
        """Show which of both is seen, silently."""
        with QSignalBlocker(self.projection):
            self.projection.setChecked(on)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Where it is narrow, the projection goes before the sides, which keys reach as well."""
        super().resizeEvent(event)
        room = self.width() - sum(b.sizeHint().width() for b in (self.projection, self.reset))
        wanted = sum(button.sizeHint().width() for button in self.sides.values())
        for button in self.sides.values():
            button.setVisible(wanted + _SPARE < room)

    def _button(self, hint: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(hint)
        button.setAccessibleName(hint)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        # Behind the scene it is dark in both themes.
        button.setStyleSheet(
            f"QToolButton {{ color: {DARK.text}; padding: 0.2em 0.35em; min-width: 0.8em; }}"
            f"QToolButton:hover, QToolButton:checked {{ background: {DARK.accent_soft}; }}"
        )
        return button
