"""Results are kept in the state folder as they come, so that none is lost with the window."""

from __future__ import annotations

import json
import logging
import shutil
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from platformdirs import user_state_path
from pydantic import BaseModel, ValidationError
from PyQt6.QtCore import QObject, pyqtSignal

from app.background import Background
from app.controllers.translate.runs import Landed
from app.errors import Teller
from app.recent import age
from app.session_paths import FileRef, file_ref, locate
from engine.data.atomic import make_folder, write_atomic
from engine.errors import InputError
from engine.results import TranslationResult
from widgets.panels.recent_card import RecentItem
from widgets.viewer.volume.planes import PlaneName

if TYPE_CHECKING:
    from engine.data.volumes.volume import Volume

FOLDER, CARD = "translations", "kept.json"
IMAGE, SPREAD, INFORMATION = "result.nii.gz", "spread.nii.gz", "information.nii.gz"
MOST = 12
KEY = "kept:"
_log = logging.getLogger(__name__)


class Kept(BaseModel):
    """A result on the disk, beside its image and maps.

    Attributes:
        source: The file that was translated.
        name: Of the source.
        title, unit, plane: As in `Landed`.
        window: As in `TranslationResult`.
        made: When, in seconds since 1970.
        provenance, notes: As in `TranslationResult`.
    """

    source: FileRef
    name: str
    title: str
    unit: str
    plane: PlaneName
    window: tuple[float, float]
    made: float
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offered:
    """A kept result that can be opened again."""

    folder: Path
    kept: Kept

    @property
    def key(self) -> str:
        """Of its card."""
        return f"{KEY}{self.folder}"


class Keeping(QObject):
    """Writes results in the background, and opens them again."""

    kept = pyqtSignal(object)  # Landed, with its file
    changed = pyqtSignal()  # other results can be opened
    restored = pyqtSignal(object, object)  # Volume and Landed, to be shown

    def __init__(
        self, folder: Path | None, background: Background, teller: Teller, parent: QObject
    ) -> None:
        """folder: Where journals lie; the user's state folder by default."""
        super().__init__(parent)
        self._folder = (folder or user_state_path("reverie")) / FOLDER
        self._background, self._teller = background, teller
        self._offered: list[Offered] = []

    def items(self) -> list[RecentItem]:
        """Cards of what can be opened, the newest first."""
        now = time.time()
        return [
            RecentItem(
                each.key, f"{each.kept.name} as {each.kept.title}", "Translation kept by Reverie",
                age(each.kept.made, now), "translation", not Path(each.kept.source.path).exists(),
            )
            for each in self._offered
        ]  # fmt: skip

    def refresh(self) -> None:
        """Look what there is; `changed` tells."""
        self._background.run("Looking for translations", self._look, self._looked, _forget)

    # --- keeping

    def keep(self, landed: Landed) -> None:
        """Write a result of a whole image; `kept` tells where."""
        source = landed.volume.source.path
        if landed.index is not None or source is None:
            return
        folder = self._folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
        self._background.run(
            "Keeping the translation", lambda: _write(folder, landed, source),
            lambda file: self._written(replace(landed, file=file)), self._teller.failure,
        )  # fmt: skip

    def _written(self, landed: Landed) -> None:
        self.kept.emit(landed)
        self.refresh()

    # --- opening again

    def holds(self, key: str) -> bool:
        """Whether a card's key is one of a kept result."""
        return key.startswith(KEY)

    def open(self, key: str) -> None:
        """Read a kept result with its source; `restored` tells."""
        offered = next((each for each in self._offered if each.key == key), None)
        if offered is not None:
            self._background.run(
                f"Opening the translation of {offered.kept.name}", lambda: _read(offered),
                lambda found: self.restored.emit(*found), self._teller.failure,
            )  # fmt: skip

    def remove(self, key: str) -> None:
        """Delete a kept result; files saved elsewhere stay."""
        folders = [each.folder for each in self._offered if each.key == key]

        def work() -> list[Offered]:
            for folder in folders:
                shutil.rmtree(folder)
            return self._look()

        self._background.run("Removing a translation", work, self._looked, self._teller.failure)

    # --- in the background

    def _look(self) -> list[Offered]:
        found = []
        for card in self._folder.glob(f"*/{CARD}"):
            try:
                found.append(Offered(card.parent, Kept.model_validate_json(card.read_bytes())))
            except (OSError, ValidationError) as error:
                _log.warning("The kept translation %s cannot be read: %s", card, error)
        found.sort(key=lambda each: each.kept.made, reverse=True)
        for old in found[MOST:]:
            shutil.rmtree(old.folder, ignore_errors=True)
        return found[:MOST]

    def _looked(self, found: list[Offered]) -> None:
        self._offered = found
        self.changed.emit()


def _write(folder: Path, landed: Landed, source: Path) -> Path:
    from engine.methods.midiffusion.outputs import write_translation

    make_folder(folder)
    result = landed.result
    maps = {"information": folder / INFORMATION}
    if result.spread.any():
        maps["spread"] = folder / SPREAD
    write_translation(folder / IMAGE, result, landed.volume, **maps)
    card = folder / CARD
    kept = Kept(
        source=file_ref(source, card, landed.volume.source.part), name=landed.volume.source.name,
        title=landed.title, unit=landed.unit, plane=landed.plane, window=result.window,
        made=time.time(), provenance=json.loads(json.dumps(result.provenance)),
        notes=result.notes,
    )  # fmt: skip
    # Last: a result without it is not whole.
    write_atomic(card, kept.model_dump_json(indent=1).encode())
    return folder / IMAGE


def _read(offered: Offered) -> tuple[Volume, Landed]:
    """The source, and what was made of it.

    Raises:
        InputError: the source is gone, or not what it was.
    """
    from engine.data.volumes.read import read_volume

    kept, folder = offered.kept, offered.folder
    found = locate(kept.source, folder / CARD)
    if found.path is None:
        raise InputError(
            f"The source of the translation is gone: {found.told()}",
            f"The translation itself is {folder / IMAGE}.",
        )
    volume = read_volume(found.path, part=kept.source.part)
    image = read_volume(folder / IMAGE).values()
    if image.shape != volume.geometry.shape:
        raise InputError(
            f"{found.path} has other voxels than when it was translated.",
            f"The translation itself is {folder / IMAGE}.",
        )
    spread = np.zeros_like(image)
    if (folder / SPREAD).is_file():
        spread = read_volume(folder / SPREAD).values()
    result = TranslationResult(
        np.asarray(image, np.float32), np.asarray(spread, np.float32),
        np.asarray(read_volume(folder / INFORMATION).values(), np.float32), kept.window,
        kept.provenance, kept.notes,
    )  # fmt: skip
    return volume, Landed(volume, kept.title, kept.plane, None, kept.unit, result, folder / IMAGE)


def _forget(failure: object) -> None:
    """What cannot be looked for is not offered."""
    _log.warning("Kept translations: %s", failure)
