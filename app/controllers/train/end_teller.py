"""Tells on the desktop that a training has ended, also one of another process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from app.background import Background, Work
from app.controllers.train.recent_runs import RecentRuns
from app.controllers.train.run import TrainingRun
from app.controllers.train.training import TrainingController
from app.settings import Settings
from engine.failures import Failure
from engine.training.status import Status, read_status

TELLS = "tell_end"
EVERY_MS = 5000
SHOWN_MS = 15_000
PLACED_MS = 300
ENDINGS = {
    "done": "is finished", "finished": "is finished", "early": "has ended early",
    "ended early": "has ended early",
    "failed": "has failed", "diverged": "was stopped: it diverged",
}  # fmt: skip
"""Ends that nobody in front of the window has asked for."""


class Notifier(Protocol):
    """What can bring a line to the desktop."""

    def notify(self, title: str, text: str) -> None:
        """Show it; does nothing where the platform has no place for it."""


class TrayNotifier(QObject):
    """By the tray of the platform, whose icon is there only while something is told."""

    clicked = pyqtSignal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tray: QSystemTrayIcon | None = None
        self._message = "", ""
        # Only a tray that has taken the icon in knows where a message belongs.
        self._placed = QTimer(self)
        self._placed.setSingleShot(True)
        self._placed.setInterval(PLACED_MS)
        self._placed.timeout.connect(self._show)
        self._gone = QTimer(self)
        self._gone.setSingleShot(True)
        self._gone.setInterval(2 * SHOWN_MS)
        self._gone.timeout.connect(self._hide)

    def notify(self, title: str, text: str) -> None:
        """As `Notifier.notify`."""
        tray = QSystemTrayIcon
        if not tray.isSystemTrayAvailable() or not tray.supportsMessages():
            return
        if self._tray is None:
            self._tray = tray(QApplication.windowIcon(), self)
            self._tray.messageClicked.connect(self.clicked)
            self._tray.activated.connect(lambda _: self.clicked.emit())
        self._tray.show()
        self._message = title, text
        self._placed.start()
        self._gone.start()

    def _show(self) -> None:
        if self._tray is not None:
            information = QSystemTrayIcon.MessageIcon.Information
            self._tray.showMessage(*self._message, information, SHOWN_MS)

    def _hide(self) -> None:
        if self._tray is not None:
            self._tray.hide()


class EndTeller(QObject):
    """Watches jobs of the window, and runs opened or begun here that another process trains.

    `asked` names the run whose message was clicked.

    Args:
        window: Nothing is told while it is in front.
        notifier: By default the platform's tray.
    """

    asked = pyqtSignal(Path)

    def __init__(
        self, window: QWidget, training: TrainingController, recent: RecentRuns,
        settings: Settings, background: Background, parent: QObject,
        notifier: Notifier | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._window, self._recent, self._settings = window, recent, settings
        self._background = background
        tray = TrayNotifier(self)
        tray.clicked.connect(self._clicked)
        self.notifier: Notifier = notifier or tray
        self._told: Path | None = None
        self._live: frozenset[Path] = frozenset()
        self._work: Work | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(EVERY_MS)
        self._clock.timeout.connect(self.look)
        training.ended.connect(self._ended)
        if self.isOn():
            self._clock.start()

    def isOn(self) -> bool:
        """Whether anything is told."""
        return self._settings.train.get(TELLS) is not False

    def setOn(self, on: bool) -> None:
        """Tell, or be silent."""
        self._settings.train = {**self._settings.train, TELLS: on}
        if on:
            self._clock.start()
        else:
            self._clock.stop()
            self._live = frozenset()

    def toggle(self) -> None:
        """The other of the two."""
        self.setOn(not self.isOn())

    def stop(self) -> None:
        """Look no more."""
        self._clock.stop()

    def _ended(self, run: TrainingRun) -> None:
        how = ENDINGS.get(run.state())
        if how is not None:
            failed = run.row.message if run.row is not None and run.state() == "failed" else ""
            self._tell(run.folder, run.title, how, failed or run.result)

    def look(self) -> None:
        """Whether one of the runs that another process trained has ended."""
        folders, before = self._recent.folders(), self._live
        if self._work is not None or not folders:
            return

        def look() -> tuple[frozenset[Path], Mapping[Path, Status]]:
            found = {folder: read_status(folder) for folder in {*folders, *before}}
            known = {folder: status for folder, status in found.items() if status is not None}
            # Jobs of this very process are told of by themselves.
            live = {f for f, status in known.items() if status.is_alive and not status.is_ours}
            ended = {f: status for f, status in known.items() if f in before and f not in live}
            return frozenset(live), ended

        self._work = self._background.run("Looking at runs", look, self._looked, self._not_looked)

    def _looked(self, found: tuple[frozenset[Path], Mapping[Path, Status]]) -> None:
        self._work = None
        self._live, ended = found
        for folder, status in ended.items():
            how = ENDINGS.get(status.state)
            if how is not None and self.isOn():
                self._tell(folder, folder.name, how, status.message)

    def _not_looked(self, failure: Failure) -> None:
        self._work = None

    def _tell(self, folder: Path, name: str, how: str, more: str) -> None:
        window = self._window.window()
        if not self.isOn() or window is None or window.isActiveWindow():
            return
        self._told = folder
        self.notifier.notify(f"{name} {how}", more)
        QApplication.alert(window)

    def _clicked(self) -> None:
        window = self._window.window()
        if self._told is None or window is None:
            return
        if window.isMinimized():
            window.showNormal()
        window.raise_()
        window.activateWindow()
        self.asked.emit(self._told)
