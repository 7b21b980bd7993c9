"""The Segment workspace as a whole: what it consists of, and what its commands do."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

from app.background import Background
from app.bridge import Bridge
from app.controllers.segment.asking import Asking
from app.controllers.segment.choosing import Choosing
from app.controllers.segment.exporting import Exporting
from app.controllers.segment.figures import Figures
from app.controllers.segment.files import StudyFiles
from app.controllers.segment.findings import Findings
from app.controllers.segment.foldering import Foldering
from app.controllers.segment.keeping import Keeping
from app.controllers.segment.landing import Landing
from app.controllers.segment.measuring import Measuring
from app.controllers.segment.mending import Mending
from app.controllers.segment.operations import OperationsController
from app.controllers.segment.placing import Placing
from app.controllers.segment.receiving import Receiving
from app.controllers.segment.review.comparing import Comparing
from app.controllers.segment.review.reviewing import Results, Reviewing
from app.controllers.segment.running import Running
from app.controllers.segment.scene import SceneController
from app.controllers.segment.sessions import SessionController
from app.controllers.segment.showing import Showing
from app.errors import Teller
from app.recent import RecentFiles
from app.session import Session
from app.session_file import ENDING, keep_earlier, last_session_path
from app.settings import Settings
from app.study import Study
from app.volume_journal import VolumeJournal
from app.workspaces.segment.view import SegmentView
from engine.failures import Failure
from engine.worker import EngineLike
from widgets.tab_order import follow_layout

READERS = (
    "engine.data.volumes.read", "engine.data.volumes.nifti", "engine.data.volumes.masks",
    "widgets.viewer.volume.window", "engine.data.labels.operations",
)  # fmt: skip
EARLIER_CARDS = 2
CHECKPOINT_ENDING = ".safetensors"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What the window lends to a workspace.

    Attributes:
        settings: What is remembered.
        background: For reading and writing, one after the other.
        computing: For figures and meshes, which must not wait for files.
        journal: Keeps labels against a crash.
        recent: What was open before.
        teller: Takes what is to be told to the user.
        engine, bridge, session: Where methods run, what tells of them, and what runs at all.
    """

    settings: Settings
    background: Background
    computing: Background
    journal: VolumeJournal
    recent: RecentFiles
    teller: Teller
    engine: EngineLike
    bridge: Bridge
    session: Session


class SegmentSpace(QObject):
    """Study, view and controllers, by name."""

    titleChanged = pyqtSignal()
    statusChanged = pyqtSignal(str)

    def __init__(self, around: Surroundings, parent: QWidget) -> None:
        super().__init__(parent)
        self.around = around
        study = self.study = Study(self)
        view = self.view = SegmentView(study, parent)
        teller, background = around.teller, around.background
        self.files = StudyFiles(study, background, teller, self)
        self.operations = OperationsController(study, around.computing, teller, self)
        self.figures = Figures(study, view, around.computing, self)
        self.scene = SceneController(study, view, around.computing, teller, self)
        self.showing = Showing(study, view, around.settings, self)
        self.measuring = Measuring(study, view, self.showing, self)
        self.exporting = Exporting(study, view, self.operations, background, teller, self)
        self.sessions = SessionController(study, view, self.measuring, background, teller, self)
        self.asking = Asking(study, view, self.files, self.sessions, self.operations, self)
        self.keeping = Keeping(
            study, around.journal, background, teller, self.asking.whenSafe, self
        )
        self.mending = Mending(study, view, background, teller, self.asking.whenSafe, self)
        self.findings = Findings(study, self)
        self.placing = Placing(study, view, self.showing, around.computing, teller, self)
        self.choosing = Choosing(view.method, around.settings, background, teller, self)
        self.landing = Landing(
            study, view, self.findings, self.operations, around.computing, teller, self
        )
        self.files.setExpected(self.landing.expected)
        self.receiving = Receiving(study, view, self.asking, self)
        self.running = Running(
            around.engine, around.bridge, around.session, study, view, self.choosing,
            self.placing, self.receiving, self.findings, self.landing, teller, self,
        )  # fmt: skip
        self.foldering = Foldering(
            around.engine, around.bridge, around.session, view, self.choosing, self.asking,
            self.files, around.settings, background, teller, self,
        )  # fmt: skip
        self.reviewing = Reviewing(
            study, view, Results(self.findings, self.landing, self.operations, around.session),
            around.computing, background, teller, self,
        )  # fmt: skip
        self.comparing = Comparing(view, self.findings, self.reviewing.heat, self.running, self)
        # Those who only paint are not asked for checkpoints.
        view.showPanel(view.labels if self.choosing.entry() is None else view.method)
        self._connect()

    # --- what every workspace can do

    @property
    def widget(self) -> QWidget:
        """What the window shows."""
        return self.view

    def title(self) -> str:
        """For the window's title; [*] is where unsaved work is marked."""
        name = self.study.name()
        return f"{name}[*]" if name else "Segment"

    def isSaved(self) -> bool:
        return self.study.isSaved()

    def open(self, paths: Sequence[Path]) -> None:
        """Open files, folders, sessions and checkpoints, as if they were dropped."""
        for path in paths:
            if path.name.lower().endswith(ENDING):
                self.sessions.open(path)
            elif path.suffix.lower() == CHECKPOINT_ENDING:
                self.view.showPanel(self.view.method)
                self.choosing.open(path)
            else:
                self.files.open(path)

    def focus(self) -> None:
        """Let keys go to the views."""
        self.view.focusFirst()

    def escape(self) -> bool:
        """Abandon what the tool in hand has begun; False when that is nothing."""
        view = self.view.volume.currentView()
        tool, plain = view.tool(), Qt.KeyboardModifier.NoModifier
        if tool is not None and tool.key(view, Qt.Key.Key_Escape, plain):
            return True
        editor = self.study.editor
        busy = editor.busy()
        editor.cancel()
        return busy

    def isKept(self) -> bool:
        """Whether the labels are in their file, or in the session that `close` wrote."""
        volume = self.study.volume
        # A session is opened by its images, so one of no file leaves the labels to the journal.
        found_again = volume is not None and volume.source.path is not None
        written = self.sessions.isWritten(last_session_path())
        return self.study.isSaved() or (found_again and written)

    def close(self) -> None:
        """Keep the session of the exit."""
        self.showing.remember()
        self.choosing.remember()
        if self.study.volume is not None:
            path = last_session_path()
            # An earlier one may hold labels that are in no file.
            for earlier in reversed(keep_earlier(path)[:EARLIER_CARDS]):
                self.around.recent.add(earlier, "session")
            self.sessions.save(path, quietly=True)
            self.around.recent.add(path, "session", "", *self.showing.thumbnail())
        self.scene.close()

    # --- inside

    def _connect(self) -> None:
        study, view, files = self.study, self.view, self.files
        study.opened.connect(self.titleChanged)
        study.savedChanged.connect(lambda _: self.titleChanged.emit())
        study.editor.statusChanged.connect(self.statusChanged)
        study.display.statusChanged.connect(self.statusChanged)
        self.landing.told.connect(self.statusChanged)
        self.reviewing.told.connect(self.statusChanged)
        self.comparing.told.connect(self.statusChanged)
        # Another method has other fields.
        self.choosing.changed.connect(lambda: follow_layout(view))
        for signal, verb in (
            (files.opened, "Opened"), (files.added, "Added"), (files.labelsOpened, "Labels from"),
            (files.saved, "Saved"), (self.sessions.saved, "Saved"),
            (self.sessions.opened, "Opened"), (self.exporting.saved, "Saved"),
        ):  # fmt: skip
            signal.connect(lambda path, verb=verb: self.statusChanged.emit(f"{verb} {path}"))
        files.opened.connect(self._remember_image)
        files.saved.connect(lambda _: self.keeping.markSaved())
        files.labelsOpened.connect(lambda path: self.around.recent.add(path, "mask"))
        self.sessions.opened.connect(lambda path: self.around.recent.add(path, "session"))
        view.start.fileRequested.connect(self.asking.askOpen)
        view.start.folderRequested.connect(self.asking.askFolder)
        view.start.phantomRequested.connect(lambda: files.openPhantom())
        view.start.dropped.connect(lambda paths: self.open([Path(p) for p in paths]))
        view.start.recentRequested.connect(self.openRecent)
        view.start.removeRequested.connect(self.around.recent.remove)
        self.around.recent.changed.connect(self._show_recent)
        self.around.recent.refresh()
        # The first file should not wait for the libraries that read it.
        self.around.computing.run("Loading the readers", _warm_up, lambda _: None, _forget)

    def _show_recent(self) -> None:
        self.view.start.setRecent(self.around.recent.items())

    def openRecent(self, key: str) -> None:
        """Open something from the list of what was open before."""
        entry = self.around.recent.entry(key)
        if entry is None:
            return
        if entry.kind == "session":
            self.sessions.open(entry.path)
        elif entry.kind == "mask" and self.study.volume is not None:
            self.files.openLabels(entry.path)
        else:
            self.files.readPart(entry.path, entry.part)

    def _remember_image(self, path: Path) -> None:
        volume = self.study.volume
        if volume is None:
            return
        picture, aspect = self.showing.thumbnail()
        self.around.recent.add(path, "volume", volume.source.part, picture, aspect)


def _warm_up() -> None:
    for name in READERS:
        importlib.import_module(name)


def _forget(failure: Failure) -> None:
    """Whoever opens a file is told then."""
    _log.warning("%s", failure.message)
