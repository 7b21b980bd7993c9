"""Trainings as processes of their own, started from the window and outliving it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast, get_args

from PyQt6.QtCore import QObject, pyqtSignal

from app import detaching
from app.background import Background
from app.command_line import words_of
from app.errors import Teller
from app.settings import Settings
from engine.device import DeviceSettings
from engine.jobs import Job

Where = Literal["auto", "window", "apart"]
KEY = "where"
STARTING = "Starting a process of its own, which goes on when the window is closed…"


class Apart(QObject):
    """Decides where a training runs, and starts those that are not to run in the window.

    `begun` carries the folder of a process that has begun, `told` a line for the status bar.
    """

    begun = pyqtSignal(Path)
    told = pyqtSignal(str)

    def __init__(self, settings: Settings, teller: Teller, parent: QObject) -> None:
        super().__init__(parent)
        self._settings, self._teller = settings, teller
        # Its own: a process takes seconds to begin, and curves should not wait for it.
        self.background = Background(self, name="starting")

    def where(self) -> Where:
        """What the user has chosen."""
        kept = self._settings.train.get(KEY)
        return cast(Where, kept) if kept in get_args(Where) else "auto"

    def choose(self, where: Where) -> None:
        """Keep what the user wants."""
        self._settings.train = {**self._settings.train, KEY: where}

    def takes(self, iterations: int, seconds: float | None = None) -> bool:
        """Whether a training is to be a process of its own.

        Args:
            iterations: That are still to come; 0 where what is to run makes no run.
            seconds: That it was estimated to take.
        """
        where = self.where()
        if where == "auto":
            return bool(iterations) and detaching.is_long(iterations, seconds)
        return bool(iterations) and where == "apart"

    def start(self, job: Job, *, resume: bool = False) -> None:
        """Begin or continue the run that the job says, in another process."""
        folder = job.path("output")
        asked = self._settings
        words = words_of(
            job, resume=resume,
            device=DeviceSettings(asked.device, asked.precision, asked.threads),
        )  # fmt: skip
        self.told.emit(STARTING)
        self.background.run(
            f"Starting {job.title}", lambda: detaching.start_outside(words, folder),
            lambda _: self.begun.emit(folder), self._teller.failure,
        )  # fmt: skip

    def close(self) -> None:
        """Wait for nobody; what was started goes on."""
        self.background.cancelAll()
        self.background.close()
