"""The bar over the filmstrip: play, repeat, speed, follow, export."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from widgets.elided_label import ElidedLabel
from widgets.icons import icon

_SPEEDS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
_EXPORTS: tuple[tuple[str, str, str], ...] = (
    ("strip", "PNG strip…", "mdi6.filmstrip"),
    ("gif", "Animated GIF…", "mdi6.file-gif-box"),
    ("frames", "Single frames…", "mdi6.image-multiple-outline"),
)


class Transport(QWidget):
    """Tells what the user wants of the playback; shows what it is told."""

    playToggled = pyqtSignal()
    speedPicked = pyqtSignal(float)
    followToggled = pyqtSignal(bool)
    exportRequested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._play = self._button("mdi6.play", "Play (Space)")
        self._play.clicked.connect(self.playToggled)
        self._loop = self._button("mdi6.repeat", "Repeat")
        self._loop.setCheckable(True)
        self._loop.setChecked(True)
        self._speed = self._menu_button("Speed", self._speed_menu())
        self._follow = self._button("mdi6.skip-forward-outline", "Follow new steps")
        self._follow.setText("Follow")
        self._follow.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._follow.setCheckable(True)
        self._follow.setChecked(True)
        self._follow.toggled.connect(self.followToggled)
        self._export = self._menu_button("Save the steps", self._export_menu())
        self._export.setText("Export")
        self._export.setIcon(icon("mdi6.export-variant"))
        self._where = ElidedLabel("", self)
        self._where.setProperty("role", "muted")
        bar = QHBoxLayout(self)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(4)
        for widget in (self._play, self._loop, self._speed):
            bar.addWidget(widget)
        bar.addSpacing(self.fontMetrics().height())
        bar.addWidget(self._where, 1)
        bar.addWidget(self._follow)
        bar.addWidget(self._export)
        self.setSpeed(1.0)

    def showState(self, playing: bool, count: int, where: str) -> None:
        """Show whether it plays, how many frames there are, and which one is current."""
        self._play.setIcon(icon("mdi6.pause" if playing else "mdi6.play"))
        self._play.setToolTip("Pause (Space)" if playing else "Play (Space)")
        self._play.setEnabled(count > 1)
        self._export.setEnabled(count > 0)
        self._where.setText(where)

    def setSpeed(self, speed: float) -> None:
        self._speed.setText(f"{speed:g}×")

    def repeats(self) -> bool:
        return self._loop.isChecked()

    def follows(self) -> bool:
        return self._follow.isChecked()

    def setFollows(self, follows: bool, silent: bool = False) -> None:
        """Show whether new steps are followed; `silent` does not emit `followToggled`."""
        if silent:
            with QSignalBlocker(self._follow):
                self._follow.setChecked(follows)
        else:
            self._follow.setChecked(follows)

    def _button(self, name: str, hint: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setToolTip(hint)
        button.setAccessibleName(hint)
        return button

    def _menu_button(self, hint: str, menu: QMenu) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(hint)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        return button

    def _speed_menu(self) -> QMenu:
        menu, group = QMenu(self), QActionGroup(self)
        for speed in _SPEEDS:
            action = QAction(f"{speed:g}×", menu)
            action.setCheckable(True)
            action.setChecked(speed == 1.0)
            action.triggered.connect(lambda _, s=speed: self.speedPicked.emit(s))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        for kind, text, name in _EXPORTS:
            action = QAction(icon(name), text, menu)
            action.triggered.connect(lambda _, k=kind: self.exportRequested.emit(k))
            menu.addAction(action)
        return menu
