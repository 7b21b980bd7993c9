"""Events on their way from many threads to one listener."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock

from engine.events import Event
from engine.failures import Caught

Listener = Callable[[Event], None]

_log = logging.getLogger(__name__)


class Outbox:
    """Hands events to the listener one at a time, in one order for all threads.

    `put` may be called under a lock, because it calls nobody. `deliver` is called without one;
    it never waits: if another thread is delivering, that thread takes the new events along. So a
    listener may call the engine, and a slow listener does not hold up who submits a job.

    Args:
        listener: Called with each event, in whichever thread delivers it. What it raises is
            logged, because no job is at fault.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._events: deque[Event] = deque()
        self._delivering = Lock()

    def put(self, event: Event) -> None:
        """Append an event; the caller sees to it that `deliver` follows."""
        self._events.append(event)

    def deliver(self) -> None:
        """Hand out what is there, unless another thread is at it."""
        # Asked again after the release: an event put in between would otherwise stay.
        while self._events and self._delivering.acquire(blocking=False):
            try:
                while self._events:
                    self._tell(self._events.popleft())
            finally:
                self._delivering.release()

    def send(self, event: Event) -> None:
        """Put and deliver."""
        self.put(event)
        self.deliver()

    def _tell(self, event: Event) -> None:
        caught = Caught(Exception)
        with caught:
            self._listener(event)
        if caught.error is not None:
            _log.error("The listener failed on a %s", type(event).__name__, exc_info=caught.error)
