"""What a run has made, and what it is used for: in another workspace, or among the models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.controllers.train.keeping import add_to_models, model_of
from app.controllers.train.requests import Trainer
from app.controllers.train.run import TrainingRun
from app.errors import Teller
from app.model_uses import SEGMENT, SYNTHESIZE, Use, use_of

NO_USE = Use("")


class RunResult(QObject):
    """Acts on the weights of the run that is open.

    Synthesize takes models by their names, so that weights are kept as one first.

    Args:
        run: That run.
        trainer_of: What trains it; None where nothing here does.
    """

    segmentRequested = pyqtSignal(Path)
    translateRequested = pyqtSignal(Path)
    synthesizeRequested = pyqtSignal(str)  # name among the models
    kept = pyqtSignal(str)  # its name among the models

    def __init__(
        self, run: Callable[[], TrainingRun | None],
        trainer_of: Callable[[TrainingRun], Trainer | None], background: Background,
        teller: Teller, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._run, self._trainer_of = run, trainer_of
        self._background, self._teller = background, teller

    def forWhat(self) -> Use:
        """Where the weights can be used."""
        run = self._run()
        if run is None or run.facts is None or self._trainer_of(run) is None:
            return NO_USE
        card = run.facts.card
        return NO_USE if card is None else use_of(card)

    def use(self) -> None:
        """Go on in the workspace that takes what was trained."""
        weights, workspace = self._weights(), self.forWhat().workspace
        if weights is None or not workspace:
            return
        if workspace == SYNTHESIZE:
            self._keep(model_of, self.synthesizeRequested.emit)
        elif workspace == SEGMENT:
            self.segmentRequested.emit(weights)
        else:
            self.translateRequested.emit(weights)

    def keep(self) -> None:
        """Copy what was trained to the models, under the run's name."""
        self._keep(add_to_models, lambda _: None)

    def _keep(self, how: Callable[[Path, str], str], then: Callable[[str], None]) -> None:
        weights, run = self._weights(), self._run()
        if weights is None or run is None:
            return
        title = run.title

        def done(name: str) -> None:
            then(name)
            self.kept.emit(name)

        self._background.run(
            "Adding to the models", lambda: how(weights, title), done,
            self._teller.failure,
        )  # fmt: skip

    def _weights(self) -> Path | None:
        run = self._run()
        return None if run is None or run.facts is None else run.facts.weights
