"""Above the views of Translate: how source and result are compared, and in which plane."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from app.workspaces.translate.views import BLEND, CHECKER, CURTAIN, STEPS, TOGETHER
from widgets.elided_label import ElidedLabel
from widgets.icons import icon, tool_size
from widgets.tips import give_tip
from widgets.viewer.volume.planes import PlaneName

# Key, icon, name, what it is for.
MODES = (
    (STEPS, "mdi6.filmstrip", "Steps", "Source, x_t, x0_hat and mutual information of a slice"),
    (TOGETHER, "mdi6.view-column-outline", "Side by side", "Source, result and mutual information"),
    (CURTAIN, "mdi6.arrow-split-vertical", "Curtain", "Drag the edge between source and result"),
    (CHECKER, "mdi6.checkerboard", "Checkerboard", "Squares of source and result in turn"),
    (BLEND, "mdi6.circle-opacity", "Blend", "The result over the source"),
)
SWITCHES = (
    ("crosshair", "mdi6.crosshairs", "Crosshair", ""),
    ("smooth", "mdi6.blur", "Smooth pixels", "Off shows each voxel as it is"),
    ("radiological", "mdi6.account-switch-outline", "Radiological", "Right side at the left"),
)
HANDLES = {CURTAIN: "Curtain", CHECKER: "Squares", BLEND: "Result"}
FULL = 1000


class TranslateHeader(QWidget):
    """Buttons and a slider; signals tell what the user wants.

    Attributes:
        title: What is open.
        handle: Where the curtain hangs, how large squares are, or how much of the result is seen.
        dock: Whether the panel below the views is shown.
    """

    modeChosen = pyqtSignal(str)
    planeChosen = pyqtSignal(object)  # PlaneName
    switched = pyqtSignal(str)
    handleMoved = pyqtSignal(float)  # 0 to 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._modes: dict[str, QToolButton] = {}
        self._planes: dict[PlaneName, QToolButton] = {}
        self._switches: dict[str, QToolButton] = {}
        em = self.fontMetrics().height()
        self.title = ElidedLabel("", self)
        self.title.setProperty("role", "muted")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.handle = QSlider(Qt.Orientation.Horizontal, self)
        self.handle.setRange(0, FULL)
        self.handle.setPageStep(FULL // 10)
        self.handle.setSingleStep(FULL // 50)
        self.handle.setFixedWidth(8 * em)
        self.handle.valueChanged.connect(lambda value: self.handleMoved.emit(value / FULL))
        self._told = QLabel(self)
        self._told.setProperty("role", "muted")
        self.dock = self._button("mdi6.dock-bottom", "Panel below the views", "Steps, result, jobs")
        self._build()
        self.showState(STEPS, PlaneName.AXIAL, {}, 0.5)

    def button(self, key: str | PlaneName) -> QToolButton:
        """The button of a mode, a switch or a plane."""
        if isinstance(key, PlaneName):
            return self._planes[key]
        return {**self._modes, **self._switches}[key]

    def showState(
        self, mode: str, plane: PlaneName, switches: dict[str, bool], handle: float
    ) -> None:
        """Show what is chosen, silently."""
        self._modes[mode].setChecked(True)
        self._planes[plane].setChecked(True)
        for key, on in switches.items():
            self._switches[key].setChecked(on)
        with QSignalBlocker(self.handle):
            self.handle.setValue(round(FULL * handle))
        name = HANDLES.get(mode, "")
        for widget in (self.handle, self._told):
            widget.setVisible(bool(name))
        self._told.setText(name)
        self.handle.setAccessibleName(name)

    def setDeep(self, deep: bool) -> None:
        """Whether there is more than one slice, and so more than one plane."""
        for button in self._planes.values():
            button.setVisible(deep)

    def setPlanesEnabled(self, on: bool, why: str = "") -> None:
        """Whether another plane can be chosen; `why` not."""
        for name, button in self._planes.items():
            button.setEnabled(on)
            give_tip(button, f"{name.value.capitalize()} slices", why)

    # --- inside

    def _build(self) -> None:
        em = self.fontMetrics().height()
        row = QHBoxLayout(self)
        row.setContentsMargins(em // 2, em // 4, em // 2, em // 4)
        row.setSpacing(1)
        row.addWidget(self.title, 1)
        row.addWidget(self._told)
        row.addSpacing(em // 3)
        row.addWidget(self.handle)
        row.addSpacing(em // 2)
        modes, planes = QButtonGroup(self), QButtonGroup(self)
        for key, glyph, name, hint in MODES:
            button = self._modes[key] = self._button(glyph, name, hint)
            modes.addButton(button)
            button.clicked.connect(lambda _, key=key: self.modeChosen.emit(key))
            row.addWidget(button)
        row.addSpacing(em // 2)
        for plane in PlaneName:
            button = self._planes[plane] = self._button("", f"{plane.value.capitalize()} slices")
            button.setText(plane.value[0].upper())
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            planes.addButton(button)
            button.clicked.connect(lambda _, plane=plane: self.planeChosen.emit(plane))
            row.addWidget(button)
        row.addSpacing(em // 2)
        for key, glyph, name, hint in SWITCHES:
            button = self._switches[key] = self._button(glyph, name, hint)
            button.clicked.connect(lambda _, key=key: self.switched.emit(key))
            row.addWidget(button)
        row.addSpacing(em // 2)
        row.addWidget(self.dock)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _button(self, glyph: str, name: str, hint: str = "") -> QToolButton:
        button = QToolButton(self)
        if glyph:
            button.setIcon(icon(glyph))
            button.setIconSize(tool_size(button))
        give_tip(button, name, hint)
        button.setAccessibleName(name)
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
