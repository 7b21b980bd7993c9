"""Time and memory of what is compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any, TypeVar

import psutil

MEGABYTE = 1e6
Name = TypeVar("Name", bound=str)


def timed(job: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and its seconds."""
    started = time.perf_counter()
    result = job()
    return result, time.perf_counter() - started


def in_turn(
    jobs: Mapping[Name, Callable[[], Any]], repeats: int
) -> tuple[dict[Name, Any], dict[Name, list[float]]]:
    """What each returns, and its seconds each time; by turns, so that noise hits all alike."""
    found: dict[Name, Any] = {}
    seconds: dict[Name, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            found[name], taken = timed(job)
            seconds[name].append(taken)
    return found, seconds


class Memory:
    """The most memory of this process while the context is open, above that at its start."""

    def __enter__(self) -> Memory:
        self._process = psutil.Process()
        self._first = self._process.memory_info().rss
        self.most = 0
        self._stop = Event()
        self._thread = Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, self._process.memory_info().rss - self._first)
