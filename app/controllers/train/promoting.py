"""Pseudo-labels of a run from the window: which case is watched, and what is accepted as a label.

The run may train in this window, in another process or on another machine: what is written into
its folder is read by it at its next epoch.
"""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.errors import Teller
from engine.methods.diffrect.labelled import Labelled, pin, promote, proposal_of


class Promoting(QObject):
    """Writes into the folder of a run, in the background; `told` says what was done."""

    told = pyqtSignal(str)
    promoted = pyqtSignal(Path, str)  # run, case

    def __init__(self, background: Background, teller: Teller, parent: QObject) -> None:
        super().__init__(parent)
        self._background, self._teller = background, teller

    def pin(self, run: Path, case: str) -> None:
        """Watch another case from the next picture on."""
        self._background.run(
            f"Watching {case}", lambda: pin(run, case),
            lambda _: self.told.emit(f"{case} is watched from the next pictures on"),
            self._teller.failure,
        )  # fmt: skip

    def accept(self, run: Path, case: str) -> None:
        """Take the pseudo-label of a case as it is for its label."""

        def done(now: Labelled) -> None:
            self.promoted.emit(run, case)
            self.told.emit(f"{case} is labelled now: {len(now.labelled)} cases are")

        self._background.run(
            f"Promoting {case}", lambda: promote(run, case, proposal_of(run, case)), done,
            self._teller.failure,
        )  # fmt: skip
