"""Reading a metrics.csv that grows, also one that another process writes. Loads no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.training.runs import METRICS, split_rows

MOST_BYTES = 4 * 2**20
"""Read at a time: about a hundred thousand rows, a fraction of a second."""


@dataclass(frozen=True, eq=False)
class Gained:
    """What a look at the file brought.

    Attributes:
        series: Name -> iterations (N,) int64 and values (N,) float64, in the order of the file.
        afresh: The file was written anew, as a continued run does: what came before is void.
        more: There is more to read at once.
    """

    series: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]
    afresh: bool = False
    more: bool = False

    @property
    def last(self) -> int:
        """The highest iteration, 0 without any."""
        return max((int(steps.max()) for steps, _ in self.series.values()), default=0)


class MetricsFollower:
    """Reads what was added since the last look; a row without its end waits for the next one.

    Args:
        run: The run folder; neither it nor the file need be there yet.
    """

    def __init__(self, run: Path) -> None:
        self._file = run / METRICS
        self._place = 0
        self._identity: tuple[int, int] | None = None

    def read(self, limit: int = MOST_BYTES) -> Gained:
        """At most `limit` bytes more.

        Raises:
            InputError: the file cannot be read.
        """
        try:
            with self._file.open("rb") as file:
                return self._read(file.fileno(), limit)
        except FileNotFoundError:
            gone = self._identity is not None
            self._identity, self._place = None, 0
            return Gained({}, afresh=gone)
        except OSError as error:
            raise InputError(
                f"{self._file} cannot be read: {error.strerror}.", "Check the file's permissions."
            ) from error

    def _read(self, descriptor: int, limit: int) -> Gained:
        facts = os.fstat(descriptor)
        identity = (facts.st_dev, facts.st_ino)
        afresh = self._identity not in (None, identity) or facts.st_size < self._place
        if afresh:
            self._place = 0
        self._identity = identity
        os.lseek(descriptor, self._place, os.SEEK_SET)
        content = os.read(descriptor, limit)
        whole = content[: content.rfind(b"\n") + 1]
        self._place += len(whole)
        more = bool(whole) and len(content) == limit
        return Gained(_series(whole.decode("utf-8", errors="replace")), afresh, more)


def _series(text: str) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    columns: dict[str, tuple[list[int], list[float]]] = {}
    for iteration, name, value in split_rows(text.splitlines()):
        steps, values = columns.setdefault(name, ([], []))
        steps.append(iteration)
        values.append(value)
    return {n: (np.array(s, np.int64), np.array(v, np.float64)) for n, (s, v) in columns.items()}
