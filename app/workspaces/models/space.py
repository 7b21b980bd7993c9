"""The Models workspace as a whole: its view and what acts behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from app.background import Background
from app.bridge import Bridge
from app.controllers.models.exporting import Exporting
from app.controllers.models.importing import Importing
from app.controllers.models.keeping import Keeping
from app.controllers.models.library import Library, OpenImage, pictures_of
from app.errors import Teller
from app.model_uses import use_of
from app.session import Session
from app.workspaces.models.view import ModelsView
from engine import library
from engine.library import Entry
from engine.worker import EngineLike


class ModelsSpace(QObject):
    """Connects the parts.

    `useRequested` has a checkpoint and the key of the workspace that it is for; `modelsChanged`
    tells that there are others now; `found` has all that there are, after each look;
    `statusChanged` has a line for the status bar; `changed` tells that another one is shown.
    """

    useRequested = pyqtSignal(object, str)
    modelsChanged = pyqtSignal()
    found = pyqtSignal(object)  # Sequence[Entry]
    statusChanged = pyqtSignal(str)
    changed = pyqtSignal()

    def __init__(
        self, view: ModelsView, image: OpenImage, background: Background, teller: Teller,
        engine: EngineLike, bridge: Bridge, session: Session, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.view = view
        self._background, self._teller = background, teller
        self._new: Path | None = None  # to be shown when it is found
        self.library = Library(view, image, background, teller, self)
        self.keeping = Keeping(view, self.library, background, teller, self)
        self.keeping.changed.connect(self.modelsChanged)
        self.keeping.told.connect(self.statusChanged)
        self.library.chosen.connect(self.changed)
        self.importing = Importing(engine, bridge, session, view, self)
        self.importing.imported.connect(self._imported)
        self.exporting = Exporting(engine, bridge, session, view, self)
        view.bring.clicked.connect(self.importing.open)
        detail = view.detail
        detail.use.clicked.connect(self.use)
        detail.edit.clicked.connect(self.keeping.edit)
        detail.export.clicked.connect(self.export)
        for action, slot in (
            (detail.folder, self.keeping.showFolder), (detail.copy_path, self.keeping.copyPath),
            (detail.copy_hash, self.keeping.copyHash), (detail.trash, self.keeping.trash),
        ):  # fmt: skip
            action.triggered.connect(slot)
        view.list.opened.connect(lambda _: self.use())

    def reload(self) -> None:
        """Look again, in the background, what there is."""

        def look() -> tuple[Sequence[Entry], Mapping[str, QImage]]:
            entries = library.entries()
            return entries, pictures_of(entries)

        def done(found: tuple[Sequence[Entry], Mapping[str, QImage]]) -> None:
            self.library.setEntries(*found)
            self.found.emit(found[0])
            if self._new is not None:
                self.library.choose(self._new)
                self._new = None

        self._background.run("Looking for models", look, done, self._teller.failure)

    def shown(self) -> None:
        """It comes into sight: another image may be open."""
        self.library.lookAtImage()
        self.view.list.setFocus()

    def search(self) -> None:
        """Go to the field for words."""
        self.view.filters.text.setFocus()
        self.view.filters.text.selectAll()

    def use(self) -> None:
        """Open the workspace that the checkpoint is for, with it chosen."""
        entry = self.library.entry()
        if entry is not None and use_of(entry.card).workspace:
            self.useRequested.emit(entry, use_of(entry.card).workspace)

    def export(self) -> None:
        """Ask how the checkpoint is given to other programs."""
        entry = self.library.entry()
        if entry is not None:
            self.exporting.open(entry)

    def _imported(self, path: Path) -> None:
        self._new = path
        self.statusChanged.emit(f"Imported {path.name}")
        self.modelsChanged.emit()
