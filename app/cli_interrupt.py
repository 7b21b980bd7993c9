"""Ctrl+C on the command line: the job ends between two steps, so that what it has done is kept.

A polite request to end, as schedulers of clusters and shutdowns send it, is taken likewise.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

TOLD = {
    signal.SIGINT: b"\nStopping after this step; Ctrl+C again stops at once.\n",
    signal.SIGTERM: b"\nStopping after this step, as was asked.\n",
}
_STDERR = 2


class Interrupts:
    """While the block runs, the first signal is a wish and the second one an interruption.

    Outside the main thread nothing changes, nor for a signal that is not to be heard, such as
    Ctrl+C in the background.
    """

    def __init__(self) -> None:
        self._wished = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            before = {number: signal.getsignal(number) for number in TOLD}
            self._before = {n: was for n, was in before.items() if was != signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, was in self._before.items():
            signal.signal(number, was)

    def proceed(self) -> bool:
        """Whether nobody has asked to stop."""
        return not self._wished

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._wished:
            raise KeyboardInterrupt
        self._wished = True
        # Not print, which may be what was interrupted.
        os.write(_STDERR, TOLD[signal.Signals(number)])
