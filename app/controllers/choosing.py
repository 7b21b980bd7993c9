"""Which method and checkpoint are chosen, with which values; kept from one start to the next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from app.background import Background
from app.errors import Teller
from app.segmenters import CHECKPOINT, Findable, Opened, findable, opened, partner
from app.workspaces.task_panel import TaskPanel
from engine import library
from engine.errors import CheckpointError
from engine.library import Entry

FILTER = "Checkpoints (*.safetensors)"
KEPT_FILES = 8
SEED = "seed"


class Choosing(QObject):
    """Fills the panel from the library and from files, and takes over what is chosen there.

    Args:
        kept: What was chosen at the last exit; see `kept`.
        verb: What the methods do with an image, for messages.
    """

    changed = pyqtSignal()  # another method or checkpoint

    def __init__(
        self, panel: TaskPanel, kept: Mapping[str, Any], background: Background, teller: Teller,
        parent: QObject, *, verb: str = "segments",
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._verb = verb
        self._panel, self._segmenters = panel, panel.segmenters()
        self._background, self._teller = background, teller
        self._forms = {
            name: dict(values) for name, values in _mapping(kept.get("forms")).items()
            if isinstance(values, dict)
        }  # fmt: skip
        self._files = [path for path in _list(kept.get("files")) if isinstance(path, str)]
        self._entries: dict[str, Entry] = {}
        panel.methodChosen.connect(self._method_chosen)
        panel.checkpointChosen.connect(lambda _: self._checkpoint_picked())
        panel.browseRequested.connect(self.browse)
        panel.lookAgainRequested.connect(self.reload)
        ids = [segmenter.method.id for segmenter in self._segmenters]
        wanted = kept.get("method")
        self._show(ids.index(wanted) if wanted in ids else 0)

    # --- what is chosen

    def entry(self) -> Entry | None:
        """The checkpoint that is chosen, if there is any."""
        return self._entries.get(self._panel.checkpointName())

    def findable(self) -> Findable | None:
        """What it says that it finds."""
        entry = self.entry()
        return None if entry is None else findable(entry.card)

    def named(self, entry: Entry) -> Entry:
        """A checkpoint under the title that it is offered by."""
        return entry

    def reload(self) -> None:
        """Look again which checkpoints there are; what is chosen stays if it is there."""
        self._fill(self._panel.values())

    def kept(self) -> dict[str, Any]:
        """What is chosen, for the settings."""
        self._keep()
        return {
            "method": self._panel.current().method.id, "forms": self._forms, "files": self._files,
        }  # fmt: skip

    # --- files

    def browse(self) -> None:
        """Let the user choose a checkpoint's file anywhere."""
        start = str(Path(self._files[0]).parent) if self._files else str(Path.home())
        path, _ = QFileDialog.getOpenFileName(
            self._panel, "Open a checkpoint", start, f"{FILTER};;All files (*)"
        )
        if path:
            self.open(Path(path))

    def open(self, path: Path) -> None:
        """Choose a checkpoint's file; one that no library lists is offered again at the next
        start."""

        def read() -> Opened:
            return opened(path, self._segmenters, self._verb)

        self._background.run(f"Opening {path.name}", read, self._take, self._teller.failure)

    def _take(self, found: Opened) -> None:
        name = found.entry.name
        if not library.is_shelved(found.entry.path):
            others = [other for other in self._files if other != name]
            self._files = [name, *others][:KEPT_FILES]
        if found.segmenter is not self._panel.current():
            self._keep()
            self._show(self._segmenters.index(found.segmenter))
        self._fill({**self._panel.values(), found.parameter: name})
        self._follow_card()

    # --- inside

    def _method_chosen(self, place: int) -> None:
        if self._segmenters[place] is not self._panel.current():
            self._keep()
            self._show(place)

    def _keep(self) -> None:
        """Remember what the form of the method in front says."""
        panel = self._panel
        values = {**panel.values(), "keep_seed": panel.isSeedKept()}
        if not values[CHECKPOINT]:
            # One that is away for a while is still the one that was chosen.
            values[CHECKPOINT] = self._forms.get(panel.current().method.id, {}).get(CHECKPOINT, "")
        self._forms[panel.current().method.id] = values

    def _show(self, place: int) -> None:
        panel = self._panel
        panel.showMethod(place)
        values = self._forms.get(panel.current().method.id, {})
        self._fill(values)
        panel.setValues({n: v for n, v in values.items() if n != CHECKPOINT})
        if not values:
            self._follow_card()
        panel.setSeedKept(values.get("keep_seed") is True)

    def _fill(self, chosen: Mapping[str, Any]) -> None:
        """Offer what there is, and show what of it is chosen."""
        panel, files = self._panel, self._opened()
        for parameter, role in panel.current().roles().items():
            found = [*panel.current().entries(role), *files.get(parameter, ())]
            entries = [self.named(entry) for entry in found]
            name = str(chosen.get(parameter) or "")
            if parameter == CHECKPOINT:
                self._entries = {entry.name: entry for entry in entries}
                panel.setCheckpoints(entries, name)
            else:
                panel.setOthers(parameter, entries, name)
        self._checkpoint_chosen()

    def _opened(self) -> dict[str, list[Entry]]:
        """The files that were opened before, for the method in front, by parameter."""
        found: dict[str, list[Entry]] = {}
        for name in self._files:
            if library.is_shelved(Path(name)):
                continue  # it is among those of the library
            try:
                file = opened(Path(name), self._segmenters)
            except CheckpointError:
                continue  # moved away since
            if file.segmenter is self._panel.current():
                found.setdefault(file.parameter, []).append(file.entry)
        return found

    def _checkpoint_picked(self) -> None:
        self._checkpoint_chosen()
        self._follow_card()

    def _follow_card(self) -> None:
        """Choose with a checkpoint what belongs to it, where nothing is chosen yet, and the preset
        that it was measured with."""
        entry, segmenter = self.entry(), self._panel.current()
        if entry is None:
            return
        chosen = self._panel.values()
        for parameter, role in segmenter.roles().items():
            if not chosen.get(parameter):
                others = segmenter.entries(role)
                self._panel.setValues({parameter: partner(entry, others)})
        self._panel.preset.advise(entry.card.preset)

    def _checkpoint_chosen(self) -> None:
        self._panel.showFindable(self.findable())
        self.changed.emit()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
