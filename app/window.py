"""The main window: workspaces, menus, status bar, and what they share."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QRect
from PyQt6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
)
from PyQt6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMenuBar,
    QStackedWidget,
    QWidget,
)

from app import remembering
from app.errors import Teller
from app.message_place import MessagePlace
from app.session import Session
from app.settings import Settings, save_settings
from app.status import StatusBar
from app.workspaces.synthesize import SynthesizeView
from engine.errors import EngineError
from widgets.dropped import dropped_paths
from widgets.grey import grey_image
from widgets.panels.rail import WORKSPACES, Rail
from widgets.theme import apply_theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.actions import Actions
    from app.autosave import Journal
    from app.background import Background
    from app.bridge import Bridge
    from app.controllers.files import FilesController
    from app.controllers.grow import GrowController
    from app.controllers.jobs import JobsController
    from app.controllers.mask_keeping import MaskKeeping
    from app.controllers.synthesize import SynthesizeController
    from app.spaces import Spaces
    from app.workspaces.models.view import ModelsView
    from app.workspaces.segment.view import SegmentView
    from app.workspaces.translate.view import TranslateView
    from engine.library import Entry
    from engine.worker import EngineLike
    from widgets.panels.palette import CommandPalette

MENUS = ("&File", "&Edit", "&View", "&Tools", "&Go", "&Labels", "&Run", "&Help")
HERE = ("synthesize", "segment", "translate", "train", "evaluate", "models")
_log = logging.getLogger(__name__)
SHUTDOWN_S = 20.0


class MainWindow(QMainWindow):
    """Made in two parts, so that drawing can begin before the rest is loaded.

    The constructor makes what is seen; `complete` adds engine, controllers, inspector and
    commands, which it says in `isComplete`. `close` ends engine, journal and background work.

    Args:
        settings, settings_file: What is remembered, and where it is written at the end.
        teller: What is to be told to the user.
    """

    engine: EngineLike
    bridge: Bridge
    journal: Journal
    background: Background
    spaces: Spaces
    models: ModelsView
    jobs: JobsController
    synthesis: SynthesizeController
    grow: GrowController
    files: FilesController
    masks: MaskKeeping
    palette_: CommandPalette
    actions_: Actions

    def __init__(self, settings: Settings, settings_file: Path, teller: Teller) -> None:
        super().__init__()
        application = QApplication.instance()
        assert isinstance(application, QApplication), "a window needs an application"
        # Kept alive by the window: PyQt ends an application that nothing refers to.
        self.application = application
        self.teller, self.settings, self._settings_file = teller, settings, settings_file
        self.session = Session(self)
        self.view = SynthesizeView()
        self.messages = MessagePlace(self, self._message_area)
        self.message = self.messages.bar
        self._complete = False
        self._space = HERE[0]
        self._current_job = 0
        self._build()
        teller.told.connect(self.messages.tell)
        teller.withdrawn.connect(self.messages.withdraw)
        remembering.place(self, settings)
        self._show_title()
        self.setAcceptDrops(True)

    def isComplete(self) -> bool:
        return self._complete

    def complete(self, engine: EngineLike, bridge: Bridge, journal: Journal) -> None:
        """Add what works behind the widgets.

        Args:
            engine, bridge: The engine and what tells its events here.
            journal: Keeps the mask against a crash.
        """
        from app.background import Background
        from app.commands import make_actions
        from app.controllers.files import FilesController
        from app.controllers.grow import GrowController
        from app.controllers.jobs import JobsController
        from app.controllers.mask_keeping import MaskKeeping
        from app.controllers.synthesize import SynthesizeController
        from app.spaces import MODELS, SYNTHESIZE, Spaces
        from app.workspaces.inspector import Inspector
        from app.workspaces.models.view import ModelsView
        from engine.methods import adaptdiff
        from widgets.panels.palette import CommandPalette

        self.engine, self.bridge, self.journal = engine, bridge, journal
        bridge.setParent(self)
        session, view, teller = self.session, self.view, self.teller
        method = adaptdiff.METHOD
        task = method.task("synthesize")
        self.background = Background(self)
        self.models = ModelsView()
        self.stack.addWidget(self.models)
        self.spaces = Spaces(
            self, self.rail, self.stack, {SYNTHESIZE: view, MODELS: self.models}, self.settings,
            self.background, teller, engine, bridge, session,
        )  # fmt: skip
        view.setInspector(Inspector(method, task))
        self.jobs = JobsController(engine, bridge, session, view.jobs, teller, self)
        self.spaces.setJobs(self.jobs)
        self.synthesis = SynthesizeController(
            engine, bridge, session, view, method, task, self.background, teller, self
        )
        self.grow = GrowController(engine, bridge, session, view, method, teller, self)
        self.files = FilesController(
            session, view, self.synthesis.display(), self.settings, self.background, teller, self
        )
        self.palette_ = CommandPalette(self)
        self.actions_ = make_actions(self)
        self.actions_.keymap.load(self.settings.key_preset, self.settings.keys)
        self.spaces.setActions(self.actions_)
        self.masks = MaskKeeping(session, view, journal, self.grow, self.actions_, teller, self)
        self._follow_spaces()
        self._connect()
        self._complete = True
        self.spaces.models.reload()
        remembering.fill(view.inspector, self.settings)
        self.masks.catchUp()

    def bar(self) -> QMenuBar:
        """The menu bar."""
        bar = self.menuBar()
        assert bar is not None, "a main window makes its menu bar"
        return bar

    # --- building

    def _build(self) -> None:
        self.rail = Rail([item for item in WORKSPACES if item.key in HERE])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.center = QWidget(self)
        row = QHBoxLayout(self.center)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self.stack, 1)
        self.setCentralWidget(self.center)
        self.status = StatusBar(self.session, self.view, self)
        self.setStatusBar(self.status)
        for title in MENUS:
            self.bar().addMenu(title)

    def _connect(self) -> None:
        view, session = self.view, self.session
        inspector = view.inspector
        inspector.run.clicked.connect(lambda: self.synthesis.run())
        inspector.cancel.clicked.connect(lambda: self.synthesis.cancel())
        inspector.live.toggled.connect(self._set_live)
        session.jobChanged.connect(self._job_changed)
        session.maskChanged.connect(self._show_title)
        self.synthesis.currentChanged.connect(self._current_changed)
        self.jobs.retried.connect(self.synthesis.adopt)
        self.jobs.retried.connect(self.spaces.adopt)
        self.files.saved.connect(lambda path: self.status.showMessage(f"Saved {path}", 8000))
        self.files.opened.connect(lambda path: self.status.showMessage(f"Opened {path}", 8000))
        view.tools.sizeRequested.connect(view.canvas.resizeMask)

    # --- starting

    def _show_models(self, found: Sequence[Entry]) -> None:
        """There are these checkpoints."""
        from app.model_uses import SYNTHESIZER

        kinds = [entry for entry in found if (entry.card.method, entry.card.role) == SYNTHESIZER]
        inspector, first = self.view.inspector, not self.session.looked_for
        self.session.set_checkpoints(kinds)
        inspector.setModels(kinds)
        if first:
            inspector.setValues({"checkpoint": self.settings.form.get("checkpoint", "")})
        self.actions_.enable(("run", "run_first", "live"), bool(kinds))
        self._set_live(inspector.live.isChecked())

    # --- following

    def _message_area(self) -> QRect:
        """What a message may cover: neither tools nor what runs and cancels."""
        area = self.stack.geometry().translated(self.center.pos())
        if self.stack.currentWidget() is self.view:
            area.setWidth(self.view.rows.width())
        own = self.spaces.messageArea() if self._complete else None
        return area if own is None else own.translated(area.topLeft())

    def _follow_spaces(self) -> None:
        spaces = self.spaces
        self._fill_menus()
        spaces.segmentMade.connect(lambda: self._made(spaces.segment().view))
        spaces.translateMade.connect(lambda: self._made(spaces.translate().view))
        spaces.trainMade.connect(self._fill_menus)
        spaces.evaluateMade.connect(self._fill_menus)
        spaces.modelsChanged.connect(spaces.models.reload)
        spaces.models.found.connect(self._show_models)
        spaces.modelTaken.connect(lambda name: self.view.inspector.setValues({"checkpoint": name}))
        spaces.shown.connect(self._space_shown)
        spaces.titleChanged.connect(self._show_title)
        spaces.statusChanged.connect(lambda text: self.status.showMessage(text, 8000))
        spaces.segmentMade.connect(lambda: self.status.follow(spaces.segment().figures))
        for work in (self.background, spaces.computing):
            self.status.watch(work)

    def _made(self, view: SegmentView | TranslateView) -> None:
        self._fill_menus()
        view.roomChanged.connect(self.messages.place)
        self.jobs.addPanel(view.jobs)

    def _space_shown(self, key: str) -> None:
        if key != self._space:
            self._space = key
            self.message.dismiss()  # it was about the other one
        self._show_title()
        self.messages.place()

    def _fill_menus(self) -> None:
        self.actions_.fill(self.bar())
        self.actions_.showSpace(self.spaces.current())
        self.palette_.setActions(self.actions_.specificFirst())

    def _set_live(self, live: bool) -> None:
        self.synthesis.setLive(live and bool(self.session.checkpoints))

    def _current_changed(self, job_id: int) -> None:
        self._current_job = job_id
        self.view.inspector.showJob(self.session.jobs.get(job_id))

    def _job_changed(self, job_id: int) -> None:
        if job_id == self._current_job:
            self.view.inspector.showJob(self.session.jobs[job_id])
        busy = len(self.session.busy_jobs())
        self.view.tabs.setTabText(2, f"Jobs ({busy})" if busy else "Jobs")

    def _show_title(self) -> None:
        title = self.spaces.title() if self._complete else ""
        self.setWindowTitle(f"{title or self.session.mask_name} — Reverie")
        self.setWindowModified("[*]" in title and not self.spaces.isSaved())

    # --- commands

    def escape(self) -> None:
        """Leave the palette, else cancel the run, else take the message away."""
        if self.palette_.isVisible():
            self.palette_.leave()
        elif self.spaces.escape():
            return
        elif not (self.spaces.cancelRun() or self._cancel_synthesis()):
            self.message.dismiss()

    def _cancel_synthesis(self) -> bool:
        return self.spaces.current() == "synthesize" and self.synthesis.cancel()

    def open(self, paths: list[Path]) -> None:
        """Open files where they belong: volumes in Segment, else the last picture as a mask."""
        for path in self.spaces.open(paths):
            self.files.open_mask(path)

    def fitViews(self) -> None:
        self.view.canvas.fit()
        self.view.image.fit()

    def toggleTheme(self) -> None:
        self.settings.theme = "light" if self.settings.theme == "dark" else "dark"
        apply_theme(self.application, self.settings.theme)

    def saveSettings(self) -> None:
        """Write what is remembered.

        Raises:
            DiskError: it cannot be written.
        """
        save_settings(self._settings_file, self.settings)

    def copyImage(self) -> None:
        """The selected image to the clipboard."""
        result, clipboard = self.session.result, QGuiApplication.clipboard()
        if result is not None and clipboard is not None:
            clipboard.setImage(grey_image(result.images[self.session.selected], 0.0, 1.0))
            self.status.showMessage("Image copied", 4000)

    def fillRecent(self, menu: QMenu) -> None:
        """List the recent masks."""
        menu.clear()
        for path in self.settings.recent:
            action = QAction(path, menu)
            action.triggered.connect(lambda _, p=path: self.files.open_mask(Path(p)))
            menu.addAction(action)
        if not self.settings.recent:
            none = QAction("No recent masks", menu)
            none.setEnabled(False)
            menu.addAction(none)

    # --- events

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.messages.place()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        paths = dropped_paths(event)
        if event is not None and paths and self._complete:
            event.acceptProposedAction()
            self.open(paths)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if self._complete:
            self._complete = False
            self.hide()  # a step of the engine may take a moment to end
            self._end()
        super().closeEvent(event)

    def _end(self) -> None:
        self.synthesis.live.setEnabled(False)
        self.bridge.close()
        self.masks.close()
        self.spaces.close()
        self.background.close()
        self.spaces.journal.close(clean=self.spaces.isKept())
        remembering.collect(self, self.settings)
        keymap = self.actions_.keymap
        self.settings.key_preset, self.settings.keys = keymap.preset(), keymap.changes()
        try:
            self.saveSettings()
        except EngineError as error:
            # The window is closing: there is nobody left to tell but the log.
            _log.warning("%s", error)
        self.engine.shutdown(SHUTDOWN_S)
