"""Numbered places in a folder, one for each window that runs, held by locks of the system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QLockFile

SLOTS = 8


@dataclass(frozen=True)
class Slot:
    """A place that no other window has as long as the lock is held."""

    number: int
    lock: QLockFile


def take_slot(folder: Path, stem: str, number: int) -> Slot | None:
    """One certain place, or None when another window has it, or the folder cannot be written."""
    lock = QLockFile(str(folder / f"{stem}-{number}.lock"))
    # A lock is stale only when its process is gone, however old it is.
    lock.setStaleLockTime(0)
    return Slot(number, lock) if lock.tryLock(0) else None


def take_free_slot(folder: Path, stem: str) -> Slot | None:
    """The first place that is free, or None."""
    taken = (take_slot(folder, stem, number) for number in range(1, SLOTS + 1))
    return next((slot for slot in taken if slot is not None), None)
