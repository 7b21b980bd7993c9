"""Work in the background, on one line: what it is, how far it is, and a way to stop it."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from widgets.elided_label import ElidedLabel
from widgets.icons import icon

STEPS = 1000


class ProgressLine(QWidget):
    """Shows one work, and how many wait behind it; hidden while there is none."""

    cancelled = pyqtSignal()  # the one that is shown

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._text = ElidedLabel("", parent=self)
        self._text.setMinimumWidth(12 * em)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(8 * em, max(6, em // 2))
        self.cancel_button = QToolButton(self)
        self.cancel_button.setIcon(icon("mdi6.close"))
        self.cancel_button.setAutoRaise(True)
        self.cancel_button.setToolTip("Cancel")
        self.cancel_button.setAccessibleName("Cancel the work in the background")
        self.cancel_button.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(em // 3)
        row.addWidget(self._text)
        row.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.cancel_button)
        self.clear()

    def showWork(self, text: str, share: float | None = None, waiting: int = 0) -> None:
        """Show a work.

        Args:
            text: What it is.
            share: 0 to 1, or None while nobody knows.
            waiting: Works behind it.
        """
        self._text.setText(f"{text} (+{waiting})" if waiting else text)
        self._bar.setRange(0, STEPS if share else 0)
        if share:
            self._bar.setValue(round(STEPS * min(share, 1.0)))
        self.show()

    def text(self) -> str:
        return self._text.text()

    def clear(self) -> None:
        """There is no work."""
        self.hide()
