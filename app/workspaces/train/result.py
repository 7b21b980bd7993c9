"""What a run has made, and what it is used for: to segment, to translate, among the models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.controllers.train.keeping import add_to_models
from app.controllers.train.requests import Trainer
from app.controllers.train.run import TrainingRun
from app.errors import Teller


class RunResult(QObject):
    """Acts on the weights of the run that is open.

    Args:
        run: That run.
        trainer_of: What trains it.
    """

    segmentRequested = pyqtSignal(Path)
    translateRequested = pyqtSignal(Path)
    kept = pyqtSignal(str)  # its name among the models

    def __init__(
        self, run: Callable[[], TrainingRun | None],
        trainer_of: Callable[[TrainingRun], Trainer | None], background: Background,
        teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._run, self._trainer_of = run, trainer_of
        self._background, self._teller = background, teller

    def canUse(self) -> bool:
        """Whether there is something to segment or to translate with."""
        trainer = self._trainer()
        used = trainer is not None and (trainer.segments or trainer.translates)
        return used and self._weights() is not None

    def translates(self) -> bool:
        """Whether the run that is open makes a translator."""
        trainer = self._trainer()
        return trainer is not None and trainer.translates

    def use(self) -> None:
        """Segment or translate with what was trained."""
        weights = self._weights()
        if weights is not None and self.canUse():
            signal = self.translateRequested if self.translates() else self.segmentRequested
            signal.emit(weights)

    def keep(self) -> None:
        """Copy what was trained to the models, under the run's name."""
        weights, run = self._weights(), self._run()
        if weights is None or run is None:
            return
        title = run.title
        self._background.run(
            "Adding to the models", lambda: add_to_models(weights, title), self.kept.emit,
            self._teller.failure,
        )  # fmt: skip

    def _weights(self) -> Path | None:
        run = self._run()
        return None if run is None or run.facts is None else run.facts.weights

    def _trainer(self) -> Trainer | None:
        run = self._run()
        return None if run is None else self._trainer_of(run)
