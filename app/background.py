"""Work off the GUI thread that is no engine job: reading, resampling, meshing, writing files."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from engine.failures import Caught, Failure, describe
from engine.steps import ProgressStep, Step

_log = logging.getLogger(__name__)
T = TypeVar("T")
LOOK_EVERY_MS = 100


class Cancelled(Exception):
    """The user does not want the work's result any more."""


class Work(QObject):
    """One function on its way, for whoever asked for it and for those who show it.

    Attributes:
        what: Its name, for the user.
    """

    progressed = pyqtSignal(float)  # 0 to 1, at most ten times a second
    ended = pyqtSignal()  # with whatever outcome

    def __init__(self, what: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.what = what
        self._cancel = threading.Event()
        self._share = 0.0
        self._told = 0.0
        self._since = time.monotonic()

    def watch(self, share: float) -> None:
        """Called by the work, in its thread: how far it is; raises when it was cancelled.

        Raises:
            Cancelled: the work should let go.
        """
        self._share = share
        if self._cancel.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Ask the work to end; it does when it next looks, and nobody is told of its result."""
        self._cancel.set()

    def share(self) -> float:
        """How far it is, 0 to 1; 0 also while nobody knows."""
        return self._share

    def age(self) -> float:
        """Seconds since it was asked for."""
        return time.monotonic() - self._since

    def isCancelled(self) -> bool:
        return self._cancel.is_set()

    def tell(self) -> None:
        """Pass on how far the work is, in the GUI thread."""
        if self._share != self._told:
            self._told = self._share
            self.progressed.emit(self._told)


class Background(QObject):
    """Runs functions in a thread and hands results back in the thread that this object lives in.

    Functions must not touch widgets. By default one thread, so that two writes of one file keep
    their order.

    Args:
        name: Of the threads.
        threads: How many functions run at a time.
    """

    begun = pyqtSignal(Work)
    _ended = pyqtSignal(object)

    def __init__(
        self, parent: QObject | None = None, *, name: str = "background", threads: int = 1
    ) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)
        self._closed = False
        self._under_way: list[Work] = []
        self._ended.connect(self._finish)
        # Polled, so that work which reports a thousand times does not flood the event loop.
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK_EVERY_MS)
        self._clock.timeout.connect(self._look)

    def run(
        self,
        what: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> Work:
        """Call `work`; then `done` with what it returned, or `failed` with what went wrong.

        Args:
            what: The work's name, for the message of an unexpected error.
        """
        return self.watched(what, lambda _watch: work(), done, failed)

    def watched(
        self,
        what: str,
        work: Callable[[Callable[[float], None]], Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> Work:
        """As `run`, for work that tells how far it is and that can be cancelled.

        Args:
            work: Called with `Work.watch`, which it calls now and then.
        """
        made = Work(what, self)
        if self._closed:
            # A late event of a window that closes: what it asks for is not wanted any more.
            made.cancel()
            return made
        self._under_way.append(made)
        self._clock.start()
        self.begun.emit(made)
        self._pool.submit(self._do, made, work, done, failed)
        return made

    def underWay(self) -> tuple[Work, ...]:
        """What runs or waits, the oldest first."""
        return tuple(self._under_way)

    def close(self) -> None:
        """Wait for what was asked for; nobody is told of it any more."""
        self._closed = True
        self._clock.stop()
        self._pool.shutdown(wait=True)

    def cancelAll(self) -> None:
        """Cancel all that runs or waits."""
        for work in self._under_way:
            work.cancel()

    def _do(
        self,
        made: Work,
        work: Callable[[Callable[[float], None]], Any],
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
    ) -> None:
        if made.isCancelled():
            self._ended.emit(lambda: self._end(made, None))
            return
        caught = Caught(Exception)
        result = None
        with caught:
            result = work(made.watch)
        error = caught.error
        if error is None:
            self._ended.emit(lambda: self._end(made, lambda: done(result)))
        elif isinstance(error, Cancelled):
            self._ended.emit(lambda: self._end(made, None))
        else:
            failure = describe(error, made.what)
            if not failure.user_error:
                _log.error("%s failed", made.what, exc_info=error)
            self._ended.emit(lambda: self._end(made, lambda: failed(failure)))

    def _end(self, made: Work, tell: Callable[[], None] | None) -> None:
        self._under_way.remove(made)
        if not self._under_way:
            self._clock.stop()
        made.ended.emit()
        made.deleteLater()
        if tell is not None and not made.isCancelled():
            tell()

    def _look(self) -> None:
        for work in self._under_way:
            work.tell()

    def _finish(self, tell: Callable[[], None]) -> None:
        if not self._closed:
            tell()


def end_of(steps: Generator[Step, None, T], watch: Callable[[float], None]) -> T:
    """The result of steps that tell how far they are; `watch` raises where it is not wanted."""
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            share = step.done / step.total if isinstance(step, ProgressStep) and step.total else 0
            watch(share)
    finally:
        steps.close()
