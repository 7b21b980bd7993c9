"""When to make the next live image: soon after a stroke, never two at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

SHORTEST_GRACE_MS, LONGEST_GRACE_MS = 150, 400
LONGEST_STROKE_S = 3.0
_MEMORY = 0.7  # weight of the past in the mean run time


class LiveScheduler(QObject):
    """Turns strokes into requests for an image.

    A request (`due`) comes a short grace after the last stroke's end, and after 3 s of drawing
    without one. While a run is in flight the newest mask waits for its end; `overtaken` says that
    the run is not worth its time any more. The grace follows the mean run time, so that a fast
    model answers at once and a slow one is not asked for every dot.
    """

    due = pyqtSignal()
    overtaken = pyqtSignal()

    def __init__(
        self, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._enabled = False
        self._held = False
        self._wanted = False
        self._flying = False
        self._drawing = False
        self._asked = self._begun = 0.0
        self._mean_s = 0.3
        self._grace = QTimer(self)
        self._grace.setSingleShot(True)
        self._grace.timeout.connect(self._ask)

    def isEnabled(self) -> bool:
        return self._enabled

    def setEnabled(self, enabled: bool) -> None:
        """Turn live images on or off; on, the mask of now is wanted."""
        self._enabled = enabled
        self._wanted = enabled
        self._grace.stop()
        if enabled and not self._drawing:
            self._ask()

    def setHeld(self, held: bool) -> None:
        """Wait as long as other work has the engine; what was wanted meanwhile comes after."""
        if held == self._held:
            return
        self._held = held
        if not held and self._wanted and not self._drawing:
            self._grace.start(self.graceMs())

    def isWaiting(self) -> bool:
        """Whether an image is wanted that other work keeps from being made."""
        return self._enabled and self._held and self._wanted

    def graceMs(self) -> int:
        """From the end of a stroke to the request."""
        return round(min(LONGEST_GRACE_MS, max(SHORTEST_GRACE_MS, 500 * self._mean_s)))

    def strokeStarted(self) -> None:
        self._drawing = True
        self._asked = self._clock()
        self._grace.stop()

    def strokeMoved(self) -> None:
        """The stroke goes on; every 3 s an image of what there is."""
        if self._clock() - self._asked >= LONGEST_STROKE_S:
            self._wanted = True
            self._ask()

    def strokeEnded(self) -> None:
        self._drawing = False
        if self._wanted:
            self._grace.start(self.graceMs())

    def maskEdited(self) -> None:
        """The mask has changed by a whole step, undo and redo included."""
        self._wanted = True
        if self._enabled and not self._drawing:
            self._grace.start(self.graceMs())

    def started(self) -> None:
        """The request was followed: a run is in flight."""
        self._flying, self._wanted = True, False
        self._begun = self._clock()

    def ended(self, seconds: float | None = None) -> None:
        """The run in flight has ended; `seconds` if it was whole."""
        self._flying = False
        if seconds is not None:
            self._mean_s = _MEMORY * self._mean_s + (1 - _MEMORY) * seconds
        if self._wanted and not self._drawing and not self._grace.isActive():
            self._grace.start(0)

    def _ask(self) -> None:
        if not self._enabled or not self._wanted or self._held:
            return
        if not self._flying:
            self._asked = self._clock()
            self.due.emit()
        elif self._clock() - self._begun < self._mean_s / 2:
            # In its second half a run is let through, or constant drawing would show nothing.
            self.overtaken.emit()
