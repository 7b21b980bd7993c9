"""The Translate workspace as a whole: what it consists of, and what its commands do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from app.controllers.segment.files import StudyFiles
from app.controllers.translate.asking import Asking
from app.controllers.translate.choosing import Choosing
from app.controllers.translate.keeping import Keeping
from app.controllers.translate.running import Running
from app.controllers.translate.runs import Landed
from app.controllers.translate.showing import Showing
from app.controllers.translate.steps import Steps
from app.controllers.translate.telling import Telling
from app.study import Study, opening_look
from app.workspaces.segment.space import CHECKPOINT_ENDING, Surroundings
from app.workspaces.translate.view import TranslateView
from engine.data.volumes.volume import Volume
from widgets.tab_order import follow_layout


class TranslateSpace(QObject):
    """Study, view and controllers, by name."""

    titleChanged = pyqtSignal()
    statusChanged = pyqtSignal(str)
    segmentRequested = pyqtSignal(object)  # Landed, with its file

    def __init__(self, around: Surroundings, parent: QWidget) -> None:
        super().__init__(parent)
        self.around = around
        study = self.study = Study(self)
        view = self.view = TranslateView(parent)
        teller, background, settings = around.teller, around.background, around.settings
        self.files = StudyFiles(study, background, teller, self)
        self.choosing = Choosing(
            view.panel, settings.translate, background, teller, self, verb="translates"
        )
        self.running = Running(
            around.engine, around.bridge, around.session, study, view, self.choosing, teller, self
        )
        self.steps = Steps(study, view, self.running, background, teller, self)
        self.showing = Showing(study, view, self.running, self.steps, settings, self)
        self.telling = Telling(study, view, self.steps, self.showing, self)
        folder = Path(settings.autosave_folder) if settings.autosave_folder else None
        self.keeping = Keeping(folder, background, teller, self)
        self.asking = Asking(study, view, self.files, self.showing, background, teller, self)
        self._connect()

    # --- what every workspace can do

    def title(self) -> str:
        """For the window's title."""
        return self.study.name() or "Translate"

    def open(self, paths: Sequence[Path]) -> None:
        """Open files, folders and checkpoints, as if they were dropped."""
        for path in paths:
            if path.suffix.lower() == CHECKPOINT_ENDING:
                self.choosing.open(path)
            else:
                self.files.open(path)

    def focus(self) -> None:
        """Let keys go to the views."""
        self.view.focusFirst()

    def shown(self) -> None:
        """Checkpoints may have been trained or imported meanwhile."""
        self.choosing.reload()
        self.focus()

    def close(self) -> None:
        """Take over what is remembered; results are kept as they come."""
        self.showing.remember()
        self.around.settings.translate = self.choosing.kept()

    def segment(self) -> None:
        """Hand the result to Segment, with its source."""
        landed = self.showing.landed()
        if landed is None or landed.index is not None:
            self.around.teller.say(
                "info", "There is no translation of the whole image yet.", "Translate it first."
            )
        elif landed.file is None:
            self.around.teller.say("info", "The translation is still being written.", "Try again.")
        else:
            self.segmentRequested.emit(landed)

    # --- inside

    def _connect(self) -> None:
        study, view, files, recent = self.study, self.view, self.files, self.around.recent
        study.opened.connect(self.titleChanged)
        self.choosing.changed.connect(lambda: follow_layout(view))
        self.running.landed.connect(self._landed)
        self.keeping.kept.connect(self._kept)
        self.keeping.restored.connect(self._restored)
        self.keeping.changed.connect(self._show_recent)
        files.opened.connect(self._remember)
        self.asking.saved.connect(lambda path: self.statusChanged.emit(f"Saved {path}"))
        files.opened.connect(lambda path: self.statusChanged.emit(f"Opened {path}"))
        session = self.around.session
        session.jobChanged.connect(lambda _: view.dock.setJobCount(len(session.busy_jobs())))
        view.dock.result.segment.clicked.connect(lambda: self.segment())
        start = view.start
        start.fileRequested.connect(self.asking.askOpen)
        start.folderRequested.connect(self.asking.askFolder)
        start.phantomRequested.connect(lambda: files.openPhantom())
        start.dropped.connect(lambda paths: self.open([Path(p) for p in paths]))
        start.recentRequested.connect(self.openRecent)
        start.removeRequested.connect(self._remove_recent)
        recent.changed.connect(self._show_recent)
        self.keeping.refresh()
        recent.refresh()

    def _landed(self, landed: Landed) -> None:
        self.keeping.keep(landed)
        self.view.offerDock()
        self.statusChanged.emit(f"{landed.name}: {landed.result.summary}")

    def _kept(self, landed: Landed) -> None:
        now = self.showing.landed()
        if now is not None and now.result is landed.result:
            self.showing.setFile(landed)

    def _restored(self, volume: Volume, landed: Landed) -> None:
        self.study.open(volume, opening_look(volume))
        self.showing.take(landed)
        self.view.showDock(self.view.dock.result)
        self.focus()

    def _remember(self, path: Path) -> None:
        volume = self.study.volume
        if volume is not None:
            self.around.recent.add(path, "volume", volume.source.part, *self.showing.thumbnail())
        self.focus()

    def openRecent(self, key: str) -> None:
        """Open something from the list of what was open before."""
        if self.keeping.holds(key):
            self.keeping.open(key)
            return
        entry = self.around.recent.entry(key)
        if entry is not None:
            self.files.readPart(entry.path, entry.part)

    def _remove_recent(self, key: str) -> None:
        if self.keeping.holds(key):
            self.keeping.remove(key)
        else:
            self.around.recent.remove(key)

    def _show_recent(self) -> None:
        volumes = [item for item in self.around.recent.items() if item.kind == "volume"]
        self.view.start.setRecent([*self.keeping.items(), *volumes])
