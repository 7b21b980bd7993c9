"""The bar above the views: layouts, and what is drawn on the slices."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from widgets.elided_label import ElidedLabel
from widgets.icons import icon

# Key, icon, tool tip.
LAYOUTS = (
    ("one", "mdi6.square-outline", "One view"),
    ("main", "mdi6.view-split-vertical", "One large view and three small ones"),
    ("grid", "mdi6.view-grid-outline", "Three planes and 3D"),
    ("compare", "mdi6.compare", "Two images side by side"),
)
SWITCHES = (
    ("crosshair", "mdi6.crosshairs", "Crosshair (Shift+X)"),
    ("smooth", "mdi6.blur", "Smooth pixels (N)"),
    (
        "radiological",
        "mdi6.account-switch-outline",
        "Radiological: right side at the left (Shift+R)",
    ),
)


class ViewHeader(QWidget):
    """Buttons; `layoutChosen` and `switched` tell what the user wants."""

    layoutChosen = pyqtSignal(str)
    switched = pyqtSignal(str)
    screenshotRequested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._layouts: dict[str, QToolButton] = {}
        self._switches: dict[str, QToolButton] = {}
        self.title = ElidedLabel("", parent=self)
        self.title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.shot = _button("mdi6.camera-outline", "Save a picture of the view", checkable=False)
        self.shot.clicked.connect(self.screenshotRequested)
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(em // 2, em // 6, em // 2, em // 6)
        row.setSpacing(em // 6)
        row.addWidget(self.title, 1)
        for key, glyph, tip in SWITCHES:
            button = _button(glyph, tip)
            button.clicked.connect(lambda _, key=key: self.switched.emit(key))
            self._switches[key] = button
            row.addWidget(button)
        row.addSpacing(em // 2)
        for key, glyph, tip in LAYOUTS:
            button = _button(glyph, tip)
            group.addButton(button)
            button.clicked.connect(lambda _, key=key: self.layoutChosen.emit(key))
            self._layouts[key] = button
            row.addWidget(button)
        row.addSpacing(em // 2)
        row.addWidget(self.shot)

    def button(self, key: str) -> QToolButton:
        """The button of a layout or of a switch."""
        return {**self._layouts, **self._switches}[key]

    def showState(self, layout: str, switches: dict[str, bool]) -> None:
        """Show what is chosen, silently."""
        self._layouts[layout].setChecked(True)
        for key, on in switches.items():
            self._switches[key].setChecked(on)


def _button(glyph: str, tip: str, *, checkable: bool = True) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setToolTip(tip)
    button.setAccessibleName(tip.split(" (")[0])
    button.setCheckable(checkable)
    button.setAutoRaise(True)
    return button
