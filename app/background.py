"""Short work off the GUI thread: reading and writing files, and what comes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, QRunnable, QThreadPool, pyqtSignal

from engine.failures import Caught, Failure, describe

_log = logging.getLogger(__name__)


class Background(QObject):
    """Runs functions in a thread and hands results back in the thread that this object lives in.

    Functions must not touch widgets. One thread, so that two writes of one file keep their order.
    """

    _ended = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
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
        self._pool.start(_Task(what, work, done, failed, self._ended.emit))

    def isBusy(self) -> bool:
        return self._pool.activeThreadCount() > 0

    def close(self) -> None:
        """Wait for what is under way; nobody is told of it any more."""
        self._closed = True
        self._pool.waitForDone()

    def _finish(self, tell: Callable[[], None]) -> None:
        if not self._closed:
            tell()


class _Task(QRunnable):
    def __init__(
        self,
        what: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
        post: Callable[[object], None],
    ) -> None:
        super().__init__()
        self._what, self._work = what, work
        self._done, self._failed, self._post = done, failed, post

    def run(self) -> None:
        caught = Caught(Exception)
        result = None
        with caught:
            result = self._work()
        error = caught.error
        if error is None:
            self._post(lambda: self._done(result))
            return
        failure = describe(error, self._what)
        if not failure.user_error:
            _log.error("%s failed", self._what, exc_info=error)
        self._post(lambda: self._failed(failure))
