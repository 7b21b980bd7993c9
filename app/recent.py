"""Volumes, masks and sessions that were open before, with small pictures of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from app.background import Background
from app.recent_pictures import Pictures
from app.session_file import last_session_path
from app.settings import Settings
from widgets.panels.recent_card import RecentItem

RecentKind = Literal["volume", "mask", "session"]
MOST = 24
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recent:
    """A file or folder, the part of it that was opened, and when (seconds since 1970)."""

    path: Path
    kind: RecentKind
    part: str = ""
    opened: float = 0.0

    @property
    def key(self) -> str:
        """The same for the same thing, whenever it was opened."""
        return f"{self.path}#{self.part}" if self.part else str(self.path)


_ENTRY = TypeAdapter(Recent)


class RecentFiles(QObject):
    """The list, kept in the settings; pictures and whether files are there come in background.

    Args:
        settings: Keep the list.
        background: Does what takes time.
        pictures: Where small pictures are kept.
    """

    changed = pyqtSignal()

    def __init__(
        self,
        settings: Settings,
        background: Background,
        pictures: Pictures | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings, self._background = settings, background
        self._pictures = pictures or Pictures()
        self._seen: dict[str, tuple[bool, QImage | None]] = {}

    def entries(self) -> list[Recent]:
        """The newest first; what an edited settings file garbled is passed over."""
        found = (_parsed(entry) for entry in self._settings.opened)
        return [entry for entry in found if entry is not None]

    def items(self) -> list[RecentItem]:
        """For menu and start page, as far as is known since the last `refresh`."""
        now = time.time()
        return [self._item(entry, now) for entry in self.entries()]

    def entry(self, key: str) -> Recent | None:
        """The entry of an item's key."""
        return next((entry for entry in self.entries() if entry.key == key), None)

    def add(
        self,
        path: Path,
        kind: RecentKind,
        part: str = "",
        picture: NDArray[Any] | None = None,
        aspect: float = 1.0,
    ) -> None:
        """Put something at the head of the list.

        Args:
            picture: A slice (H, W) of any number type, or (H, W, 3) uint8, as it is seen; it must
                not change afterwards.
            aspect: Height of a pixel by its width.
        """
        entry = Recent(path.absolute(), kind, part, time.time())
        kept = [entry, *(e for e in self.entries() if e.key != entry.key)][:MOST]
        self._store(kept)
        pictures = self._pictures

        def work() -> None:
            if picture is not None:
                pictures.make(entry.key, picture, aspect)
            pictures.prune([e.key for e in kept])

        self._run(work)

    def remove(self, *keys: str) -> None:
        """Take things off the list; the files themselves stay."""
        kept = [entry for entry in self.entries() if entry.key not in keys]
        self._store(kept)
        self._run(lambda: self._pictures.prune([e.key for e in kept]))

    def refresh(self) -> None:
        """Look which files are there and what pictures there are; `changed` tells."""
        self._run(lambda: None)

    def _run(self, work: Callable[[], None]) -> None:
        entries = self.entries()

        def look() -> dict[str, tuple[bool, QImage | None]]:
            work()
            return {e.key: (_exists(e.path), self._pictures.load(e.key)) for e in entries}

        self._background.run(
            "Looking for recent files", look, self._looked,
            lambda failure: _log.warning("Recent files: %s", failure.message),
        )  # fmt: skip

    def _looked(self, seen: dict[str, tuple[bool, QImage | None]]) -> None:
        self._seen = seen
        self.changed.emit()

    def _store(self, entries: list[Recent]) -> None:
        self._settings.opened = [
            {"path": str(e.path), "kind": e.kind, "part": e.part, "opened": e.opened}
            for e in entries
        ]
        self.changed.emit()

    def _item(self, entry: Recent, now: float) -> RecentItem:
        there, picture = self._seen.get(entry.key, (True, None))
        home, folder = str(Path.home()), str(entry.path.parent)
        short = f"~{folder[len(home) :]}" if entry.path.is_relative_to(home) else folder
        name = entry.path.name or str(entry.path)
        if entry.path == last_session_path().absolute():
            name, short = "Last session", "What was open when the program was closed"
        elif entry.path.parent == last_session_path().absolute().parent:
            name = f"Earlier session {entry.path.stem.rpartition('-')[2]}"
            short = "What was open at an earlier exit"
        title = f"{name} · {entry.part}" if entry.part and len(entry.part) < 20 else name
        return RecentItem(
            entry.key, title, short, age(entry.opened, now), entry.kind, not there, picture
        )


def age(opened: float, now: float) -> str:
    """How long ago in days, as people say it; a date when it is more than a week."""
    then, today = datetime.fromtimestamp(opened), datetime.fromtimestamp(now)
    days = (today.date() - then.date()).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days <= 7 else f"{then.day} {then:%b %Y}"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _parsed(entry: dict[str, Any]) -> Recent | None:
    try:
        found = _ENTRY.validate_python(entry)
    except ValidationError:
        return None
    return found if 0 <= found.opened < 2**33 else None
