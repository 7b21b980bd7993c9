"""Ctrl+C on the command line: the job ends between two steps, so that what it has done is kept."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

TOLD = b"\nStopping after this step; Ctrl+C again stops at once.\n"
_STDERR = 2


class Interrupts:
    """While the block runs, the first Ctrl+C is a wish and the second one an interruption.

    Outside the main thread, and where Ctrl+C is not to be heard, nothing changes.
    """

    def __init__(self) -> None:
        self._wished = False
        self._before: Any = signal.SIG_IGN

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
        if self._before != signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before != signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._before)

    def proceed(self) -> bool:
        """Whether nobody has asked to stop."""
        return not self._wished

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._wished:
            raise KeyboardInterrupt
        self._wished = True
        # Not print, which may be what was interrupted.
        os.write(_STDERR, TOLD)
