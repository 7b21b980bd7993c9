"""The runs that were begun or opened before, and how far they are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from app.background import Background
from app.errors import Teller
from app.recent import age
from app.settings import Settings
from engine.errors import InputError
from engine.training.facts import RunFacts, look_at
from engine.training.previews import grey_range, preview_iterations, read_previews
from engine.training.status import State
from widgets.grey import grey_image
from widgets.panels.recent_card import RecentItem
from widgets.viewer.volume.colours import default_palette

MOST = 24
TOLD: dict[State, str] = {
    "preparing": "prepares itself", "training": "in training", "paused": "paused",
    "finished": "finished", "ended early": "ended early", "diverged": "diverged",
}  # fmt: skip
RUNS = "runs"


class RecentRuns(QObject):
    """The list, kept in the settings; what the folders say comes in the background."""

    listed = pyqtSignal(list)  # of RecentItem

    def __init__(
        self, settings: Settings, background: Background, teller: Teller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._settings, self._background, self._teller = settings, background, teller

    def folders(self) -> list[Path]:
        """The newest first."""
        kept = self._settings.train.get(RUNS)
        names = kept if isinstance(kept, list) else []
        return [Path(name) for name in names if isinstance(name, str)]

    def add(self, folder: Path) -> None:
        """Put a run at the head of the list."""
        self._store([folder.absolute(), *(f for f in self.folders() if f != folder.absolute())])

    def remove(self, folder: Path) -> None:
        """Take a run off the list; its files stay."""
        self._store([f for f in self.folders() if f != folder])
        self.refresh()

    def refresh(self) -> None:
        """Look at all of them; `listed` tells."""
        folders, now = self.folders(), time.time()

        def look() -> list[RecentItem]:
            return [_item(folder, now) for folder in folders]

        self._background.run("Looking at recent runs", look, self.listed.emit, self._teller.failure)

    def _store(self, folders: list[Path]) -> None:
        self._settings.train = {
            **self._settings.train, RUNS: [str(folder) for folder in folders[:MOST]],
        }  # fmt: skip


def _item(folder: Path, now: float) -> RecentItem:
    home = str(Path.home())
    parent = str(folder.parent)
    where = f"~{parent[len(home) :]}" if folder.is_relative_to(home) else parent
    try:
        facts = look_at(folder)
    except InputError:
        return RecentItem(str(folder), folder.name, where, "", "run", missing=True)
    told = " · ".join((_state(facts), age(facts.written, now)))
    return RecentItem(str(folder), folder.name, where, told, "run", False, _picture(folder))


def _state(facts: RunFacts) -> str:
    told = TOLD.get(facts.standing)
    if told is not None:
        return told
    return f"{facts.saved:,} of {facts.iterations:,}"


def _picture(folder: Path) -> QImage | None:
    """The last segmentation, or whatever else was shown."""
    iterations = preview_iterations(folder)
    if not iterations:
        return None
    try:
        pictures = read_previews(folder, iterations[-1])
    except InputError:
        return None  # a card without a picture will do
    shown = next((p for p in reversed(pictures.values()) if p.dtype == np.uint8), None)
    return _image(next(iter(pictures.values())) if shown is None else shown)


def _image(values: NDArray[Any]) -> QImage:
    if values.dtype != np.uint8:
        return grey_image(values, *grey_range(values))
    colours = np.ascontiguousarray(default_palette()[values][..., :3])
    height, width = values.shape
    made = QImage(colours.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return made.copy()  # it must outlive the bytes
