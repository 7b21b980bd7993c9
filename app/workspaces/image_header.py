"""The bar above the image: what it shows, the mask's outline, and the view."""

from __future__ import annotations

from typing import Literal, cast

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from widgets.icons import icon

Shown = Literal["result", "x_t", "x0_hat"]

_SHOWN: tuple[tuple[Shown, str, str], ...] = (
    ("result", "Image", "The image; x_t while it is being made"),
    ("x_t", "x_t", "The noisy state of the step"),
    ("x0_hat", "x0_hat", "The clean image that the step aims at"),
)


class ImageHeader(QWidget):
    """Plain controls; `outlineChanged` carries 0 to 1."""

    shownChanged = pyqtSignal(str)
    outlineChanged = pyqtSignal(float)
    resetRequested = pyqtSignal()
    linkToggled = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(2)
        for place, (_, text, hint) in enumerate(_SHOWN):
            button = QToolButton(self)
            button.setText(text)
            button.setToolTip(hint)
            button.setCheckable(True)
            button.setChecked(place == 0)
            self._group.addButton(button, place)
            row.addWidget(button)
        self._group.idClicked.connect(lambda place: self.shownChanged.emit(_SHOWN[place][0]))
        row.addStretch(1)
        self._outline = QSlider(Qt.Orientation.Horizontal, self)
        self._outline.setRange(0, 100)
        self._outline.setMinimumWidth(4 * self.fontMetrics().height())
        self._outline.setMaximumWidth(7 * self.fontMetrics().height())
        self._outline.setToolTip("Opacity of the mask's outline")
        self._outline.setAccessibleName("Opacity of the mask's outline")
        self._outline.valueChanged.connect(lambda value: self.outlineChanged.emit(value / 100))
        label = QLabel("Outline", self)
        label.setProperty("role", "muted")
        row.addWidget(label)
        row.addSpacing(6)
        row.addWidget(self._outline)
        row.addSpacing(6)
        reset = self._button("mdi6.contrast-circle", "Reset window and level (Ctrl+J)")
        reset.clicked.connect(self.resetRequested)
        self._link = self._button("mdi6.link-variant", "Zoom and pan mask and image together")
        self._link.setCheckable(True)
        self._link.setChecked(True)
        self._link.toggled.connect(self.linkToggled)
        row.addWidget(reset)
        row.addWidget(self._link)

    def shown(self) -> Shown:
        """What of a step the image shows."""
        return _SHOWN[self._group.checkedId()][0]

    def setShown(self, shown: Shown) -> None:
        """Choose what to show, and tell so."""
        places = [key for key, _, _ in _SHOWN]
        button = cast(QToolButton, self._group.button(places.index(shown)))
        button.click()

    def setOutline(self, opacity: float) -> None:
        self._outline.setValue(round(100 * opacity))

    def isLinked(self) -> bool:
        return self._link.isChecked()

    def _button(self, name: str, hint: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setToolTip(hint)
        button.setAccessibleName(hint)
        return button
