"""What narrows a list of checkpoints down: words, method, kind, origin; and its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QSignalBlocker, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QSizePolicy, QWidget

from widgets.icons import icon

Choice = tuple[str, str]
"""What is asked for, and what it is called."""


@dataclass(frozen=True)
class Filters:
    """What is asked for; "" is anything."""

    text: str = ""
    method: str = ""
    role: str = ""
    origin: str = ""
    order: str = ""


class FilterBar(QWidget):
    """A field and four lists. `changed` tells that the user asks for something else.

    Args:
        orders: What there is to sort by, the usual one first.
    """

    changed = pyqtSignal()

    def __init__(self, orders: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText("Search titles, data, figures, notes …")
        self.text.setAccessibleName("Search")
        self.text.setClearButtonEnabled(True)
        self.text.addAction(
            icon("mdi6.magnify", tone="muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.text.textChanged.connect(lambda _: self.changed.emit())
        self.method = self._box("Method")
        self.role = self._box("Kind")
        self.origin = self._box("Origin")
        self.order = self._box("Order")
        for value, name in orders:
            self.order.addItem(name, value)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        gap = self.fontMetrics().height() // 3
        grid.setSpacing(gap)
        grid.addWidget(self.text, 0, 0, 1, 2)
        for place, box in enumerate((self.method, self.role, self.origin, self.order)):
            grid.addWidget(box, 1 + place // 2, place % 2)
            grid.setColumnStretch(place % 2, 1)

    def setChoices(
        self, methods: Sequence[Choice], roles: Sequence[Choice], origins: Sequence[Choice]
    ) -> None:
        """Offer these; what is asked for stays where it still can be."""
        for box, every, choices in (
            (self.method, "All methods", methods), (self.role, "All kinds", roles),
            (self.origin, "All origins", origins),
        ):  # fmt: skip
            before = box.currentData()
            with QSignalBlocker(box):
                box.clear()
                box.addItem(every, "")
                for value, name in choices:
                    box.addItem(name, value)
                box.setCurrentIndex(max(0, box.findData(before)))

    def filters(self) -> Filters:
        """What is asked for."""
        boxes = (self.method, self.role, self.origin, self.order)
        return Filters(self.text.text(), *(str(box.currentData() or "") for box in boxes))

    def isNarrow(self) -> bool:
        """Whether anything is left out."""
        asked = self.filters()
        return bool(asked.text.strip() or asked.method or asked.role or asked.origin)

    def clear(self) -> None:
        """Ask for everything; the order stays."""
        with QSignalBlocker(self):
            self.text.clear()
            for box in (self.method, self.role, self.origin):
                box.setCurrentIndex(0)
        self.changed.emit()

    def _box(self, name: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.currentIndexChanged.connect(lambda _: self.changed.emit())
        return box
