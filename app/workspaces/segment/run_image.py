"""Which of several images of the same voxels a method sees."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSignalBlocker
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from widgets.tips import give_tip


class RunImage(QWidget):
    """A list, hidden where there is nothing to choose.

    Attributes:
        box: The list.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox(self)
        self.box.setAccessibleName("Image to segment")
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.box.setMinimumContentsLength(8)
        give_tip(
            self.box, "Image to segment", "Its labels go onto the image that is painted, of the "
            "same voxels",
        )  # fmt: skip
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self.fontMetrics().height() // 2)
        row.addWidget(QLabel("Image", self))
        row.addWidget(self.box, 1)
        self.hide()

    def setNames(self, names: Sequence[str]) -> None:
        """Offer these, the first one chosen."""
        with QSignalBlocker(self.box):
            self.box.clear()
            self.box.addItems(list(names))
        self.setVisible(len(names) > 1)

    def place(self) -> int:
        """Which of them is chosen; 0 also without any."""
        return max(self.box.currentIndex(), 0)

    def setPlace(self, place: int) -> None:
        self.box.setCurrentIndex(place)
