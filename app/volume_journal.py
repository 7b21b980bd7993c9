"""Painted labels, journalled step by step, so that a crash loses at most the last stroke."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from platformdirs import user_state_path
from PyQt6.QtCore import QObject, pyqtSignal

from app.journal_slots import SLOTS, Slot, take_free_slot, take_slot
from app.volume_log import Header, Recovered, header_record, read_log
from app.volume_log_feed import Make, VolumeLog
from app.volume_log_file import LogFile
from engine.errors import DiskError, InputError
from widgets.paint.labels.snapshot import Snapshot
from widgets.paint.labels.table import Label

_WAIT_S = 0.5
_log = logging.getLogger(__name__)


class VolumeJournal(QObject):
    """One log for each label volume that is open, written in a thread of its own.

    Windows that run side by side have a folder each.

    Args:
        folder: Where journals lie; the user's state folder by default.
    """

    troubled = pyqtSignal(str, str)  # what is wrong, what to do; once until writing works again

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder or user_state_path("reverie") / "journal"
        self._changed = threading.Condition()
        self._work: list[tuple[LogFile, Make | None]] = []
        self._files: list[LogFile] = []
        self._closing = False
        self._told = False
        self._thread: threading.Thread | None = None
        self._slot = self._take()

    def open(
        self,
        header: Header,
        labels: NDArray[Any] | Snapshot,
        table: Iterable[Label] = (),
        *,
        own: bool = False,
    ) -> VolumeLog:
        """Begin a log.

        Args:
            labels: (D, H, W) uint8 or uint16, what the steps begin from.
            own: The array will never change, for example that of a reader, which the model has
                copied: none of it is touched in this thread. Else it is copied at once.
        """
        name = f"volume-{uuid.uuid4().hex[:12]}.journal"
        log = self._begin(LogFile(self._own() / name, header_record(header)))
        log.base(labels, strokes=0, own=own, first=True)
        log.table(table)
        return log

    def resume(self, recovered: Recovered) -> VolumeLog:
        """Go on with a log whose labels the user has taken back; nothing is ever without a log."""
        return self._begin(LogFile(recovered.path, b"", recovered.end))

    def recover(self) -> list[Recovered]:
        """What windows that crashed have left, oldest first; for a thread, since it reads files.

        Logs without a stroke are removed, and damaged ones renamed out of the way.
        """
        if self._slot is None:
            return []
        self._adopt()
        open_now = {file.path for file in self._files}
        left = [p for p in self._own().glob("volume-*.journal") if p not in open_now]
        found = []
        for path in sorted(left, key=lambda p: p.stat().st_mtime):
            try:
                recovered = read_log(path)
            except InputError as error:
                _log.warning("%s", error)
                path.replace(path.with_suffix(".damaged"))
                continue
            except OSError as error:
                _log.warning("The journal %s cannot be read: %s", path, error)
                continue
            if recovered.strokes:
                found.append(recovered)
            else:
                self.discard(recovered)
        return found

    def discard(self, recovered: Recovered) -> None:
        """Remove a log that is not wanted, or whose work is safe elsewhere by now."""
        try:
            recovered.path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("The journal %s stays: %s", recovered.path, error)

    def close(self, clean: bool = True) -> None:
        """Finish writing. Clean: nothing is to be recovered, all logs of this window go."""
        with self._changed:
            if clean:
                self._work += [(file, None) for file in self._files]
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        if self._slot is not None:
            self._slot.lock.unlock()
            self._slot = None

    def _take(self) -> Slot | None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            slot = take_free_slot(self._folder, "volumes")
            if slot is not None:
                (self._folder / f"volumes-{slot.number}").mkdir(exist_ok=True)
        except OSError as error:
            _log.warning("No journal of volumes: %s", error)
            return None
        return slot

    def canWrite(self) -> bool:
        """Whether there is a place to write; if not, the user should be told."""
        return self._slot is not None

    def _own(self) -> Path:
        number = 0 if self._slot is None else self._slot.number
        return self._folder / f"volumes-{number}"

    def _adopt(self) -> None:
        """Take over the logs of windows that are gone, whatever place they had."""
        for number in range(1, SLOTS + 1):
            other = self._folder / f"volumes-{number}"
            if other == self._own() or not other.is_dir():
                continue
            slot = take_slot(self._folder, "volumes", number)
            if slot is None:
                continue
            try:
                for path in other.glob("volume-*.journal"):
                    path.replace(self._own() / path.name)
            except OSError as error:
                _log.warning("Journals in %s stay there: %s", other, error)
            finally:
                slot.lock.unlock()

    def _begin(self, file: LogFile) -> VolumeLog:
        if self._slot is not None:
            with self._changed:
                self._files.append(file)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="volume-journal")
                    self._thread.start()
        return VolumeLog(file, self._write)

    # --- in the thread

    def _write(self, file: LogFile, make: Make | None) -> None:
        with self._changed:
            if not self._closing and self._slot is not None:
                self._work.append((file, make))
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._work and not self._closing:
                    self._changed.wait(_WAIT_S)
                # A program that ends without `close` waits for this thread.
                self._closing |= not threading.main_thread().is_alive()
                work, self._work = self._work, []
                closing, files = self._closing, list(self._files)
            for file, make in work:
                if make is None:
                    self._drop(file)
                else:
                    file.add(make())
            self._tell([file.flush(sync_now=closing) for file in files])
            if closing:
                for file in files:
                    file.close()
                return

    def _tell(self, errors: list[DiskError | None]) -> None:
        error = next((error for error in errors if error is not None), None)
        if error is not None and not self._told:
            _log.warning("%s", error)
            self.troubled.emit(f"Strokes are not safe against a crash: {error.message}", error.hint)
        self._told = error is not None

    def _drop(self, file: LogFile) -> None:
        file.remove()
        with self._changed:
            if file in self._files:
                self._files.remove(file)
