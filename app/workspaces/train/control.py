"""What is asked of the run that is open while it trains, here or in a process of its own."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from app.controllers.train.run import TrainingRun
from app.controllers.train.steering import Steering
from app.controllers.train.training import TrainingController
from app.workspaces.train.run_controls import HEARS
from app.workspaces.train.run_header import RunHeader
from engine.training.commands import Word


class RunControl(QObject):
    """Pauses, stops, and passes on commands.

    Args:
        run: The run that is open.
    """

    def __init__(
        self, run: Callable[[], TrainingRun | None], training: TrainingController,
        steering: Steering, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._run, self._training, self._steering = run, training, steering

    def take(self, header: RunHeader) -> None:
        """Do what the buttons of a head say."""
        header.pause.clicked.connect(self.pause)
        header.stop.clicked.connect(self.stop)
        controls = header.controls
        controls.save.clicked.connect(lambda: self.ask("save"))
        controls.sample.clicked.connect(lambda: self.ask("sample"))
        controls.epoch.clicked.connect(lambda: self.ask("stop-after-epoch"))
        controls.rateSet.connect(self._set_rate)

    def stop(self) -> None:
        """End the training of the run that is open."""
        run = self._run()
        if run is not None and run.isLive():
            self._steering.ask(run, "stop")
        elif run is not None:
            self._training.stop(run)

    def pause(self) -> None:
        """Hold the run that is open, or let it go on."""
        run = self._run()
        if run is None:
            return
        if run.isHeldByCommand():
            self._steering.ask(run, "resume")
        elif run.isLive():
            self._steering.ask(run, "pause")
        else:
            self._training.togglePause()

    def ask(self, word: Word) -> None:
        """Have the run that is open do something between two iterations."""
        run = self._run()
        if run is not None:
            self._steering.ask(run, word)

    def canAsk(self) -> bool:
        """Whether somebody trains in the run that is open and hears commands."""
        run = self._run()
        return run is not None and run.state() in HEARS and not run.isPreparing()

    def _set_rate(self, lr: float) -> None:
        run = self._run()
        if run is not None:
            self._steering.setRate(run, lr)
