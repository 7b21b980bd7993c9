"""The menu that chooses the canvas's size."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QFormLayout,
    QMenu,
    QPushButton,
    QSpinBox,
    QWidget,
    QWidgetAction,
)

SIZES = (128, 256, 304, 384, 512)
SMALLEST, LARGEST = 32, 4096


class SizeMenu(QMenu):
    """Square sizes to pick from, and fields for any other; `sizeRequested(width, height)`."""

    sizeRequested = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Canvas size", parent)
        self._choices: list[QAction] = []
        for size in SIZES:
            action = QAction(f"{size} × {size}", self)
            action.setCheckable(True)
            action.setData(size)
            action.triggered.connect(self._choose)
            self.addAction(action)
            self._choices.append(action)
        self.addSeparator()
        self.width_box, self.height_box = self._field("Width"), self._field("Height")
        self.apply_button = QPushButton("Set size")
        self.apply_button.clicked.connect(self._custom)
        form = QWidget()
        rows = QFormLayout(form)
        rows.setContentsMargins(10, 6, 10, 8)
        rows.addRow("Width", self.width_box)
        rows.addRow("Height", self.height_box)
        rows.addRow(self.apply_button)
        custom = QWidgetAction(self)
        custom.setDefaultWidget(form)
        self.addAction(custom)

    def showSize(self, width: int, height: int) -> None:
        """Tell the menu what the size is now."""
        self.width_box.setValue(width)
        self.height_box.setValue(height)
        for action in self._choices:
            action.setChecked(action.data() == width == height)

    def _field(self, name: str) -> QSpinBox:
        box = QSpinBox()
        box.setRange(SMALLEST, LARGEST)
        box.setSuffix(" px")
        box.setAccessibleName(f"Canvas {name.lower()}")
        return box

    def _choose(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            size = int(action.data())
            self.sizeRequested.emit(size, size)

    def _custom(self) -> None:
        self.close()
        self.sizeRequested.emit(self.width_box.value(), self.height_box.value())
