"""Appending to a log so that it stays whole: what failed is cut off and tried again."""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from app.label_record import records_of
from app.volume_log import base_record, header_record, read_log, table_record
from engine.data.atomic import atomic_path, disk_error
from engine.errors import DiskError, EngineError

SYNC_S = 1.0
COMPACT_BYTES = 64 * 2**20
MAX_WAITING = 256 * 2**20
_FLAGS = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
_log = logging.getLogger(__name__)


class LogFile:
    """A log that only grows, used by one thread.

    Args:
        path: Made at the first `flush`.
        beginning: What it begins with, or nothing for one that is there already.
        end: Up to where that one is whole.
    """

    def __init__(
        self, path: Path, beginning: bytes, end: int = 0, compact_bytes: int = COMPACT_BYTES
    ) -> None:
        self.path = path
        self._waiting = [beginning] if beginning else []
        self._compact_at = self._least = compact_bytes
        self._end = end
        self._descriptor = -1
        self._unsynced_since = 0.0
        self._lost = False

    def add(self, data: bytes) -> None:
        """Have a record written by the next `flush`."""
        if not self._lost:
            self._waiting.append(data)

    def flush(self, sync_now: bool = False) -> DiskError | None:
        """Write what waits; returns what stands in the way, to be tried again later."""
        if self._lost:
            return None
        try:
            if self._waiting:
                self._append(b"".join(self._waiting))
                self._waiting.clear()
            self._sync(sync_now)
        except OSError as error:
            with suppress(OSError):
                if self._descriptor >= 0:
                    os.ftruncate(self._descriptor, self._end)
            if sum(map(len, self._waiting)) > MAX_WAITING:
                # A gap would spoil all that follows; what is on disk stays.
                self._lost = True
                self._waiting.clear()
            return disk_error(self.path, error)
        if self._end > self._compact_at:
            self._compact()
        return None

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Delete the log; nothing is written any more."""
        self.close()
        self._lost = True
        self._waiting.clear()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _append(self, data: bytes) -> None:
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, _FLAGS | os.O_CREAT, 0o600)
            os.ftruncate(self._descriptor, self._end)
        end = self._end
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
        self._end = end + len(data)
        self._unsynced_since = self._unsynced_since or time.monotonic()

    def _sync(self, now: bool) -> None:
        due = now or time.monotonic() - self._unsynced_since >= SYNC_S
        if self._unsynced_since and due:
            os.fsync(self._descriptor)
            self._unsynced_since = 0.0

    def _compact(self) -> None:
        """Put the labels as they are now in place of all the steps."""
        try:
            state = read_log(self.path)
            content = (
                header_record(state.header)
                + base_record(state.labels, state.strokes, state.header.origin)
                + table_record(records_of(state.table))
            )
            with atomic_path(self.path) as beside:
                beside.write_bytes(content)
        except (EngineError, OSError) as error:
            # The long log serves as well.
            _log.warning("The journal could not be made shorter: %s", error)
            self._compact_at *= 2
            return
        self.close()
        self._descriptor = os.open(
            self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        )
        self._end = len(content)
        self._compact_at = max(self._least, 4 * self._end)
