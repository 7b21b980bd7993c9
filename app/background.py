"""Short work off the GUI thread: reading and writing files, and what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from engine.failures import Caught, Failure, describe

_log = logging.getLogger(__name__)


class Background(QObject):
    """Runs functions in a thread and hands results back in the thread that this object lives in.

    Functions must not touch widgets. One thread, so that two writes of one file keep their order.
    """

    _ended = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")
        self._closed = False
        self._ended.connect(self._finish)

    def run(
        self,
        what: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> None:
        """Call `work`; then `done` with what it returned, or `failed` with what went wrong.

        Args:
            what: The work's name, for the message of an unexpected error.
        """
        self._pool.submit(self._do, what, work, done, failed)

    def close(self) -> None:
        """Wait for what was asked for; nobody is told of it any more."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _do(
        self,
        what: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> None:
        caught = Caught(Exception)
        result = None
        with caught:
            result = work()
        error = caught.error
        if error is None:
            self._ended.emit(lambda: done(result))
            return
        failure = describe(error, what)
        if not failure.user_error:
            _log.error("%s failed", what, exc_info=error)
        self._ended.emit(lambda: failed(failure))

    def _finish(self, tell: Callable[[], None]) -> None:
        if not self._closed:
            tell()
