"""Drawing beside the GUI thread: one picture at a time, of what was asked for last."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal


class _Post(QObject):
    """Carries a finished picture to the GUI thread."""

    done = pyqtSignal(object)  # Future


class Drawer(QObject):
    """Runs the newest request when the one before is done; those between are dropped."""

    drawn = pyqtSignal(object)  # what the work gives
    failed = pyqtSignal(str)  # in plain words

    def __init__(self, executor: Executor | None = None, parent: QObject | None = None) -> None:
        """With an executor from outside that one is used and left open."""
        super().__init__(parent)
        self._executor = executor
        self._own: ThreadPoolExecutor | None = None
        self._busy = False
        self._closed = False
        self._next: Callable[[], Any] | None = None
        self._post = _Post()
        self._post.done.connect(self._finished)

    def request(self, work: Callable[[], Any]) -> None:
        """Have a picture drawn; `drawn` brings it unless a newer request comes first."""
        if self._closed:
            return
        if self._busy:
            self._next = work
            return
        self._busy = True
        pool = self._executor or self._own
        if pool is None:
            pool = self._own = ThreadPoolExecutor(1, thread_name_prefix="scene")
            # Not by `destroyed`: a slot of Python's that Qt calls while it takes a window apart
            # may be half gone itself.
            weakref.finalize(self, pool.shutdown, wait=False, cancel_futures=True)
        post = self._post
        pool.submit(work).add_done_callback(lambda future: post.done.emit(future))

    def isBusy(self) -> bool:
        return self._busy

    def close(self) -> None:
        """Draw nothing more and let the thread end."""
        self._closed = True
        self._next = None
        if self._own is not None:
            self._own.shutdown(wait=True, cancel_futures=True)

    def _finished(self, future: Future[Any]) -> None:
        self._busy = False
        if self._closed or future.cancelled():
            return
        problem = future.exception()
        if isinstance(problem, MemoryError):
            self.failed.emit("Not enough memory for the 3D view")
        elif problem is not None:
            raise problem
        else:
            self.drawn.emit(future.result())
        work, self._next = self._next, None
        if work is not None:
            self.request(work)
