"""Buttons at the right above the views: layouts, and what is drawn on the slices."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from widgets.elided_label import ElidedLabel
from widgets.icons import icon, tool_size
from widgets.tips import give_tip

# Key, icon, name, what it is for.
LAYOUTS = (
    ("one", "mdi6.square-outline", "One view", "The plane that was last under the pointer"),
    ("main", "mdi6.view-split-vertical", "One large view, three small ones", ""),
    ("grid", "mdi6.view-grid-outline", "Three planes and 3D", ""),
    ("compare", "mdi6.compare", "Images side by side", "One plane of two images, linked"),
)
SWITCHES = (
    ("crosshair", "mdi6.crosshairs", "Crosshair", ""),
    ("smooth", "mdi6.blur", "Smooth pixels", "Off shows each voxel as it is"),
    ("radiological", "mdi6.account-switch-outline", "Radiological", "Right side at the left"),
)


class ViewHeader(QWidget):
    """Buttons; `layoutChosen` and `switched` tell what the user wants.

    Attributes:
        title: What is open; for the owner to place.
        dock: Whether the panel below the views is shown; for the owner to connect.
    """

    layoutChosen = pyqtSignal(str)
    switched = pyqtSignal(str)
    screenshotRequested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        em = self.fontMetrics().height()
        self._layouts: dict[str, QToolButton] = {}
        self._switches: dict[str, QToolButton] = {}
        self.title = ElidedLabel("", parent=self)
        self.title.setProperty("role", "muted")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.shot = _button("mdi6.camera-outline", "Save a picture of the view", checkable=False)
        self.shot.clicked.connect(self.screenshotRequested)
        self.dock = _button(
            "mdi6.dock-bottom", "Panel below the views", "Steps, votes, doubt, jobs"
        )
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        for key, glyph, name, hint in SWITCHES:
            button = self._switches[key] = _button(glyph, name, hint)
            button.clicked.connect(lambda _, key=key: self.switched.emit(key))
            row.addWidget(button)
        row.addSpacing(em // 2)
        for key, glyph, name, hint in LAYOUTS:
            button = self._layouts[key] = _button(glyph, name, hint)
            group.addButton(button)
            button.clicked.connect(lambda _, key=key: self.layoutChosen.emit(key))
            row.addWidget(button)
        row.addSpacing(em // 2)
        row.addWidget(self.dock)
        row.addWidget(self.shot)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def button(self, key: str) -> QToolButton:
        """The button of a layout or of a switch."""
        return {**self._layouts, **self._switches}[key]

    def showState(self, layout: str, switches: dict[str, bool]) -> None:
        """Show what is chosen, silently."""
        self._layouts[layout].setChecked(True)
        for key, on in switches.items():
            self._switches[key].setChecked(on)


def _button(glyph: str, name: str, hint: str = "", *, checkable: bool = True) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(glyph))
    button.setIconSize(tool_size(button))
    give_tip(button, name, hint)
    button.setAccessibleName(name)
    button.setCheckable(checkable)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
