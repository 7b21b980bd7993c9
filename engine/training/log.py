"""Reading what a training that is a process of its own says: run.log. Loads no torch."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LOG = "run.log"
MOST_BYTES = 2**18
"""Read at a time, and of a log that was there before: its end."""

Level = Literal["note", "warning", "error"]
_TIMED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s+(.*)")
_TIME = "%Y-%m-%d %H:%M:%S"
_ERRORS = ("reverie: ", "traceback ", "error", "fatal")
_WARNINGS = ("warning", "userwarning", "futurewarning", "runtimewarning", "deprecationwarning")


@dataclass(frozen=True)
class LogLine:
    """A line with its level, which the file does not say: it is told from the words.

    Attributes:
        when: In seconds since 1970; 0 where the line does not begin with it.
    """

    level: Level
    text: str
    when: float = 0.0


class LogFollower:
    """Reads what was added since the last look; a line without its end waits for the next one.

    Args:
        run: The run folder; neither it nor the file need be there yet.
    """

    def __init__(self, run: Path) -> None:
        self._file = run / LOG
        self._place: int | None = None

    def read(self) -> tuple[LogLine, ...]:
        """The new lines; none where the file cannot be read."""
        try:
            with self._file.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if self._place is None or size < self._place:
                    self._place = max(0, size - MOST_BYTES)
                file.seek(self._place)
                content = file.read(MOST_BYTES)
        except OSError:
            return ()
        whole = content[: content.rfind(b"\n") + 1]
        self._place += len(whole)
        return log_lines(whole.decode("utf-8", errors="replace").splitlines())


def log_lines(lines: Iterable[str]) -> tuple[LogLine, ...]:
    """Lines with their levels; empty ones are left out."""
    return tuple(_read(line.rstrip()) for line in lines if line.strip())


def _read(line: str) -> LogLine:
    timed = _TIMED.fullmatch(line)
    if timed is None:
        return LogLine(_level(line), line)
    try:
        when = time.mktime(time.strptime(timed[1], _TIME))
    except (ValueError, OverflowError):
        return LogLine(_level(line), line)  # no time after all
    return LogLine(_level(timed[2]), timed[2], when)


def _level(line: str) -> Level:
    words = line.lower().lstrip()
    # "path.py:3: UserWarning: ..." as Python writes them.
    first = words.split(": ")[1] if ": " in words and words.count(": ") > 1 else words
    if words.startswith(_ERRORS):
        return "error"
    if words.startswith(_WARNINGS) or first.startswith(_WARNINGS):
        return "warning"
    return "note"
