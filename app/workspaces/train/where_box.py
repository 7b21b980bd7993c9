"""Where a new training runs: in the window, or as a process of its own."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from app import detaching
from app.controllers.train.apart import Where
from widgets.tips import give_tip

TEXTS: dict[Where, str] = {
    "auto": "", "window": "In this window", "apart": "As a process of its own",
}  # fmt: skip
SHORT, LONG = "By its length: in this window", "By its length: a process of its own"


class WhereBox(QWidget):
    """A choice that `chosen` tells; by itself it goes by the number of iterations."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("Where it runs")
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.setMinimumContentsLength(8)
        give_tip(
            self.choice, "Where it runs",
            "A process of its own goes on when the window is closed. By its length: from "
            f"{detaching.LONG_ITERATIONS:,} iterations on, or where it was estimated to take more "
            f"than {detaching.LONG_S / 60:.0f} minutes.",
        )  # fmt: skip
        for where, text in TEXTS.items():
            self.choice.addItem(text, where)
        self.choice.activated.connect(lambda _: self.chosen.emit(self.where()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self.fontMetrics().height() // 2)
        row.addWidget(QLabel("Runs", self))
        row.addWidget(self.choice, 1)
        self.setIterations(0)

    def where(self) -> Where:
        """What is chosen."""
        found: Where = self.choice.currentData()
        return found

    def setWhere(self, where: Where) -> None:
        """Show a choice."""
        self.choice.setCurrentIndex(self.choice.findData(where))

    def setIterations(self, iterations: int) -> None:
        """Say what the length makes of it."""
        self.choice.setItemText(0, LONG if detaching.is_long(iterations) else SHORT)
