"""The drawn mask, journalled after every stroke, so that a crash loses at most one."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from platformdirs import user_state_path

from app.journal_slots import Slot, take_free_slot
from engine.errors import EngineError

KEY = "reverie-journal"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Saved:
    """What a journal holds.

    Attributes:
        mask: (H, W) uint8 in {0, 1}.
        name: What the window called it.
        clean: Whether the program was closed after it was written; else it crashed.
    """

    mask: np.ndarray
    name: str
    clean: bool


class Journal:
    """Writes the newest mask in a thread of its own; older ones that still wait are skipped.

    One PNG with its facts in a text chunk, replaced atomically, so that picture and facts always
    belong together. Windows that run side by side have a journal each.

    Args:
        folder: Where journals lie; the user's state folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or user_state_path("reverie") / "journal"
        self._changed = threading.Condition()
        self._next: Saved | None = None
        self._closing = False
        self._failed = False
        self._thread: threading.Thread | None = None
        self._lock: Slot | None = None
        self._slot = self._take_slot()

    def path(self) -> Path | None:
        """The journal's file; None when there is no place to write."""
        return self._slot

    def restore(self) -> Saved | None:
        """What the last window with this journal left; None if nothing, or nothing readable."""
        if self._slot is None or not self._slot.is_file():
            return None
        from engine.data.images import read_mask, read_png_metadata

        try:
            mask = read_mask(self._slot).mask
            facts = json.loads(read_png_metadata(self._slot).get(KEY, "{}"))
        except (EngineError, ValueError) as error:
            _log.warning("The journal %s cannot be read: %s", self._slot, error)
            return None
        return Saved(mask, str(facts.get("name", "")), bool(facts.get("clean", False)))

    def record(self, mask: np.ndarray, name: str, clean: bool = False) -> None:
        """Have a mask (H, W) written; returns at once. The array must not change afterwards."""
        if self._slot is None:
            return
        with self._changed:
            self._next = Saved(mask, name, clean)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="autosave")
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Finish the last write and let go of the journal."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        if self._lock is not None:
            self._lock.lock.unlock()

    def _take_slot(self) -> Path | None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _log.warning("No journal of the mask: %s", error)
            return None
        self._lock = take_free_slot(self._folder, "mask")
        return None if self._lock is None else self._folder / f"mask-{self._lock.number}.png"

    def _write_all(self) -> None:
        while True:
            with self._changed:
                while self._next is None and not self._closing:
                    self._changed.wait(0.5)
                    # A program that ends without `close` waits for this thread.
                    self._closing |= not threading.main_thread().is_alive()
                saved, self._next = self._next, None
            if saved is None:
                return
            self._write(saved)

    def _write(self, saved: Saved) -> None:
        from engine.data.png import write_png

        assert self._slot is not None, "there is no thread without a slot"
        facts = json.dumps({"name": saved.name, "clean": saved.clean})
        try:
            write_png(self._slot, saved.mask.astype(bool), {KEY: facts})
            self._failed = False
        except EngineError as error:
            if not self._failed:
                _log.warning("The mask could not be journalled: %s", error)
            self._failed = True
