"""A heading that folds what is below it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from widgets.icons import icon


class Fold(QWidget):
    """Shows or hides `content` under a button; starts folded."""

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._button = QToolButton(self)
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._button.setProperty("role", "fold")
        self._button.toggled.connect(self._toggled)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._button)
        column.addWidget(content)
        self._toggled(False)

    def isOpen(self) -> bool:
        return self._button.isChecked()

    def setOpen(self, is_open: bool) -> None:
        self._button.setChecked(is_open)

    def _toggled(self, is_open: bool) -> None:
        name = "mdi6.chevron-down" if is_open else "mdi6.chevron-right"
        self._button.setIcon(icon(name, tone="muted"))
        self._content.setVisible(is_open)
