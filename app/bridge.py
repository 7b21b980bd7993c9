"""Engine events, told in the window's thread as typed Qt signals."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QTimer, pyqtSignal

from engine.events import (
    EngineFailed,
    EngineReady,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobImages,
    JobLosses,
    JobNote,
    JobPreview,
    JobProgress,
    JobQueued,
    JobStarted,
    QueueChanged,
)

SLICE_S = 0.006
"""How long events are told in one go, before the window's own events have their turn."""


class Inbox:
    """Events in the order in which they came, from any thread.

    A preview that is no key frame gives way to a newer one of its job; nothing else is dropped.

    Args:
        wake: Called, under the lock and so never after `close`, when the inbox stops being empty.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = Lock()
        self._events: OrderedDict[int, Event] = OrderedDict()
        self._replaceable: dict[int, int] = {}
        self._number = 0
        self._awake = False
        self._closed = False

    def put(self, event: Event) -> None:
        """Append an event; after `close`, forget it."""
        with self._lock:
            if self._closed:
                return
            self._number += 1
            if isinstance(event, JobPreview):
                stale = self._replaceable.pop(event.job_id, None)
                if stale is not None:
                    del self._events[stale]
                if not event.key:
                    self._replaceable[event.job_id] = self._number
            self._events[self._number] = event
            if not self._awake:
                self._awake = True
                self._wake()

    def take(self) -> Event | None:
        """The oldest event; None when there is none, and the next one wakes again."""
        with self._lock:
            if not self._events:
                self._awake = False
                return None
            number, event = self._events.popitem(last=False)
            if isinstance(event, JobPreview) and self._replaceable.get(event.job_id) == number:
                del self._replaceable[event.job_id]
            return event

    def close(self) -> None:
        """Forget what is there and what comes."""
        with self._lock:
            self._closed = True
            self._events.clear()
            self._replaceable.clear()


class Bridge(QObject):
    """Tells the window what the engine tells; `post` is the engine's listener.

    However fast events come, the window's thread is woken once, tells them for a few
    milliseconds, and goes on after the window's own events.
    """

    ready = pyqtSignal(EngineReady)
    broken = pyqtSignal(EngineFailed)
    queueChanged = pyqtSignal(QueueChanged)
    queued = pyqtSignal(JobQueued)
    started = pyqtSignal(JobStarted)
    progressed = pyqtSignal(JobProgress)
    previewed = pyqtSignal(JobPreview)
    images = pyqtSignal(JobImages)
    losses = pyqtSignal(JobLosses)
    noted = pyqtSignal(JobNote)
    finished = pyqtSignal(JobFinished)
    failed = pyqtSignal(JobFailed)
    cancelled = pyqtSignal(JobCancelled)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._signals = {
            EngineReady: self.ready,
            EngineFailed: self.broken,
            QueueChanged: self.queueChanged,
            JobQueued: self.queued,
            JobStarted: self.started,
            JobProgress: self.progressed,
            JobPreview: self.previewed,
            JobImages: self.images,
            JobLosses: self.losses,
            JobNote: self.noted,
            JobFinished: self.finished,
            JobFailed: self.failed,
            JobCancelled: self.cancelled,
        }
        inbox = Inbox(self._wake)
        self._inbox = inbox
        # Not a wake again: Qt may hand out an event that is posted meanwhile before anything of the
        # window's. A timer waits its turn.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._tell)
        # Qt deletes a bridge with its parent, and an engine thread may be posting meanwhile.
        self.destroyed.connect(lambda: inbox.close())

    def post(self, event: Event) -> None:
        """Take an event, in any thread; returns at once."""
        self._inbox.put(event)

    def close(self) -> None:
        """Tell nothing any more. Events that come later are forgotten."""
        self._inbox.close()
        self._rest.stop()

    def customEvent(self, a0: QEvent | None) -> None:
        """Qt: the wake has arrived in the window's thread."""
        self._tell()

    def _wake(self) -> None:
        QCoreApplication.postEvent(self, QEvent(QEvent.Type.User))

    def _tell(self) -> None:
        end = time.perf_counter() + SLICE_S
        while (event := self._inbox.take()) is not None:
            self._signals[type(event)].emit(event)
            if time.perf_counter() >= end:
                self._rest.start()
                return
