"""What the window asks of a run that trains, wherever it does, and what the run answers."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.controllers.train.run import TrainingRun
from app.errors import Teller
from app.run_control import ENDING, ask, change_rate
from engine.errors import InputError
from engine.training.commands import Command, Word
from engine.training.facts import RunFacts

ASKED = "Asked for; it is done between two iterations."


class Steering(QObject):
    """Sends commands through run folders; `told` carries the answers."""

    told = pyqtSignal(str)

    def __init__(self, background: Background, teller: Teller, parent: QObject) -> None:
        super().__init__(parent)
        self._background, self._teller = background, teller
        self._waits: set[str] = set()

    def ask(self, run: TrainingRun, word: Word) -> None:
        """Have something done."""
        folder = run.folder

        def done(sent: str) -> None:
            if sent:
                self._expect(sent)
            else:
                self.told.emit(ENDING)

        self._background.run(
            "Telling the run", lambda: ask(folder, Command(do=word)), done, self._teller.failure
        )

    def setRate(self, run: TrainingRun, lr: float) -> None:
        """Change the learning rate, of a run that stands for when it goes on."""
        folder = run.folder

        def done(found: tuple[str, str]) -> None:
            sent, told = found
            if sent:
                self._expect(sent)
            else:
                self.told.emit(told)

        self._background.run(
            "Telling the run", lambda: change_rate(folder, lr), done, self._teller.failure
        )

    def hear(self, facts: RunFacts) -> None:
        """Tell what a run has answered."""
        status = facts.status
        for answer in status.answers if status is not None else ():
            if answer.id not in self._waits:
                continue
            self._waits.remove(answer.id)
            if answer.done:
                self.told.emit(answer.text)
            else:
                self._teller.error(InputError(answer.text, "Nothing was changed."))

    def _expect(self, sent: str) -> None:
        self._waits.add(sent)
        self.told.emit(ASKED)
